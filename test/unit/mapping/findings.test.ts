import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNodeLevel } from "../../../src/access/node-level.ts";
import { type ExecTask, execTaskSpec } from "../../../src/api/exec-task.ts";
import { groupTask } from "../../../src/api/task-fields.ts";
import { EXEC_TASK_RULES, findingsFor } from "../../../src/mapping/findings.ts";
import { GROUP_TASK_RULES } from "../../../src/mapping/group-rules.ts";
import { LINUX_CAPABILITIES, NOMAD_DEFAULT_CAPABILITIES } from "../../../src/nomad/driver/capabilities.ts";
import { configOf } from "./mapping-fixtures.ts";

type Spec = Partial<ExecTask["spec"]>;

const found = (spec: Spec, profile: object = {}) => findingsFor(execTaskSpec.parse({ command: "x", ...spec }), configOf(profile).profiles[0]!);
const ALWAYS = ["weaker chroot", "equivalent killSignal", "decision network", "weaker seccomp", "weaker secrets", "equivalent memory"];
/** What is announced beyond what every task is told, as "level path". */
const announced = (spec: Spec, profile: object = {}) => found(spec, profile).map(({ level, path }) => `${level} ${path}`).filter((each) => !ALWAYS.includes(each));
const messageAt = (path: string, spec: Spec, profile: object = {}) => found(spec, profile).find((each) => each.path === path)?.message ?? "";

const template = (data: string, more: object = {}) => ({ templates: [{ data, destination: "local/out", ...more }] });
const artifact = (source: string, more: object = {}) => ({ artifacts: [{ source, ...more }] });
const beside = (...tasks: readonly object[]) => ({ tasks: tasks.map((task, i) => ({ name: `t${i}`, command: "y", ...task })) }) as Spec;
const hook = (name: string, sidecar = false) => ({ lifecycle: { hook: name, sidecar } });

describe("findingsFor, of one task", () => {
  it.each<[string, Spec, object, readonly string[]]>([
    ["nothing special", {}, {}, []],
    ["what is the same as on Nomad", { args: ["${node.unique.name}", "${attr.kernel.name}", "${meta.rack}"], env: { A: "${NOMAD_ALLOC_ID}" }, capDrop: ["all"], workDir: "/tmp", meta: { a: "b" }, logs: { disabled: true }, count: 3 }, {}, []],
    ["a shell's own variable", { args: ["$HOME $(x) ${", "${HOME}"] }, {}, []],
    ["a port in args", { args: ["-p", "${NOMAD_PORT_http}"] }, {}, ["lost args"]],
    ["a port that the task's own env sets", { args: ["${NOMAD_PORT_http}"], env: { NOMAD_PORT_http: "80" } }, {}, []],
    ["what only Consul and Vault know", { command: '${attr.consul.version}', workDir: "/${secret.a.b}", env: { A: '${env["VAULT_TOKEN"]}' } }, {}, ["lost command", "lost env", "lost workDir"]],
    ["root", { user: "root" }, { allowRoot: true }, ["weaker user"]],
    ["root by number", { user: "0" }, { allowRoot: true }, ["weaker user"]],
    ["a user of a name", { user: "www-data" }, {}, []],
    ["a capability that stays inside", { capAdd: ["net_raw"] }, { allowCaps: ["all"] }, []],
    ["a capability that leads out", { capAdd: ["CAP_SYS_ADMIN"] }, { allowCaps: ["all"] }, ["equivalent capAdd"]],
    ["Nomad 0.2's own artifact", { artifactSource: "https://h/x", checksum: "md5:00" }, {}, []],
    ["host namespaces of the task", { pidMode: "host", ipcMode: "host" }, {}, ["equivalent pidMode", "equivalent ipcMode"]],
    ["host namespaces of the profile", {}, { defaultPidMode: "host", defaultIpcMode: "host" }, ["equivalent pidMode", "equivalent ipcMode"]],
    ["private ones against the profile", { pidMode: "private", ipcMode: "private" }, { defaultPidMode: "host", defaultIpcMode: "host" }, []],
    ["reserved cores", { resources: { cores: 2 } }, {}, ["weaker resources.cores"]],
    ["more room for secrets", { resources: { secrets: 2 } }, {}, ["equivalent resources.secrets"]],
    ["more time than a profile gives", { killTimeout: "31s" }, {}, ["same killTimeout"]],
    ["as much time as a profile gives", { killTimeout: "30s" }, {}, []],
    ["claims for several allocations", { count: 2, volumes: [{ name: "a", type: "host", source: "a" }, { name: "b", type: "csi", source: "b" }] }, {}, ["decision volumes[1]"]],
    ["a claim for one allocation", { volumes: [{ name: "b", type: "csi", source: "b" }] }, {}, []],
  ])("announces for %s what it can see", (_name, spec, profile, expected) => {
    expect(announced(spec, profile).sort()).toEqual([...expected].sort());
  });

  it.each<[string, Spec, object, readonly string[]]>([
    ["the node's directories", {}, {}, ["weaker chroot"]],
    ["a copy", {}, { chroot: { type: "hostCopy" } }, ["equivalent chroot"]],
    ["an image", {}, { chroot: { type: "image", image: "debian:13" } }, ["equivalent chroot"]],
    ["raw_exec, which has none", { driver: "raw_exec" }, {}, ["decision driver", "weaker driver", "equivalent driver"]],
  ])("tells of a root that is %s", (_name, spec, profile, expected) => {
    expect(found(spec, profile).filter(({ path }) => path === "chroot" || path === "driver").map(({ level, path }) => `${level} ${path}`)).toEqual(expected);
  });

  it("tells raw_exec nothing of a container's network and seccomp profile", () => {
    const paths = found({ driver: "raw_exec" }, { defaultPidMode: "host", defaultIpcMode: "host" }).map(({ path }) => path);
    expect(paths).toEqual(["driver", "driver", "secrets", "driver", "memory"]);
  });

  it("says of a profile's seccomp and allowPrivilegeEscalation what a task can see", () => {
    const paths = (profile: object, spec: Spec = {}) => found(spec, profile).map(({ path }) => path).filter((path) => path === "seccomp" || path === "allowPrivilegeEscalation");
    expect(paths({})).toEqual(["seccomp"]);
    expect(paths({ seccomp: "Unconfined" })).toEqual([]);
    expect(paths({ seccomp: "Unconfined", allowPrivilegeEscalation: false })).toEqual(["allowPrivilegeEscalation"]);
    expect(paths({ allowPrivilegeEscalation: false }, { driver: "raw_exec" })).toEqual(["allowPrivilegeEscalation"]);
  });

  it("names the signal that has no process 1 to be ignored by, where the task would be process 1 on Nomad", () => {
    expect(messageAt("killSignal", { killSignal: "SIGHUP" })).toMatch(/SIGHUP ends it at once/);
    expect(messageAt("killSignal", { pidMode: "host" })).toBe("");
    expect(messageAt("killSignal", { driver: "raw_exec" })).toBe("");
    expect(messageAt("killSignal", { killSignal: "SIGKILL" })).toBe("");
  });

  it("says how many capabilities root is left with", () => {
    expect(messageAt("user", { user: "root", capDrop: ["chown"] }, { allowRoot: true })).toMatch(/^root keeps 12 of its 41 capabilities here, on Nomad all:/);
  });

  it.each<[string, object, string]>([
    ["the defaults of a service", {}, ""],
    ["no restart", { attempts: 0, delay: "0s" }, ""],
    ["one restart at once", { attempts: 1, delay: "0s" }, "kubelet waits up to 0.8 s between restarts of a task that ends quickly: longer than the delay of 0s from restart 1 on"],
    ["two restarts after a second", { attempts: 2, delay: "1s" }, "kubelet waits up to 14 s between restarts of a task that ends quickly: longer than the delay of 1s from restart 2 on"],
    ["six after fifteen seconds", { attempts: 6 }, "kubelet waits up to 161 s between restarts of a task that ends quickly: longer than the delay of 15s from restart 3 on"],
    ["many", { attempts: 7, delay: "200s" }, "kubelet waits up to 300 s between restarts of a task that ends quickly: longer than the delay of 200s from restart 7 on"],
    ["many with more patience than kubelet", { attempts: 100, delay: "5m" }, ""],
    ["a wait for the next half hour", { attempts: 2, mode: "delay" }, ""],
    ["a wait for the next minute", { attempts: 2, mode: "delay", interval: "1m" }, "kubelet waits up to 300 s between restarts of a task that ends quickly: longer than the delay of 15s from restart 3 on"],
  ])("counts kubelet's own back-off for %s", (_name, restart, message) => {
    expect(messageAt("restart", { restart })).toBe(message);
  });

  it("announces exactly the capabilities for which the bridge asks for alloc-node-exec", () => {
    for (const name of LINUX_CAPABILITIES) {
      const asked = isNodeLevel({ containers: [{ securityContext: { capabilities: { add: [name.toUpperCase()] } } }] });
      expect([name, announced({ capAdd: [name] }, { allowCaps: ["all"] })]).toEqual([name, asked ? ["equivalent capAdd"] : []]);
    }
    expect(NOMAD_DEFAULT_CAPABILITIES.length).toBe(13);
  });
});

describe("findingsFor, of texts made to be slow", () => {
  // Longer than the schema lets through: a search that is quadratic in this would run into the test's time limit, many times over.
  const SIZE = 2_000_000;
  const ofText = (text: string) => {
    const { templates, ...spec } = execTaskSpec.parse({ command: "x", ...template("x") });
    return findingsFor({ ...spec, args: [text], env: { A_TOKEN: text }, templates: templates.map((each) => ({ ...each, data: text })) }, configOf().profiles[0]!);
  };

  it.each<[string, string]>([
    ["comments without an end", `{{${"/*a".repeat(SIZE / 2)}`],
    ["a string without an end", `{{"${'\\"'.repeat(SIZE)}`],
    ["a character without an end", `{{'${"\\'".repeat(SIZE)}`],
    ["a string that ends in half an escape", `{{"${"\\".repeat(2 * SIZE + 1)}`],
    ["raw strings", `{{${"`a".repeat(SIZE)}`],
    ["actions in actions", "{{".repeat(SIZE)],
    ["variables without an end", "${".repeat(SIZE)],
    ["names without an end", "${a".repeat(SIZE / 2)],
    ["indexes without an end", '${env["'.repeat(SIZE / 4)],
    ["blanks without an end", `\${a${" ".repeat(SIZE)}`],
  ])("come to an end for %s", (_, text) => expect(ofText(text).length).toBeGreaterThan(0));

  it("come to an end for URLs of colons", () => {
    expect(found({ artifacts: Array.from({ length: 32 }, () => ({ source: `://${":".repeat(4090)}` })) }).length).toBeGreaterThan(0);
  });
});

describe("findingsFor, of secrets", () => {
  const VALUE = "hunter2-and-more";

  it.each(["GITHUB_TOKEN", "token", "DB_PASSWORD", "PGPASSWORD", "REDIS_PASSWD", "CLIENT_SECRET", "client_secret_id", "AWS_SECRET_ACCESS_KEY", "API_KEY", "APIKEY", "SSH_PRIVATE_KEY", "KEY_PASSPHRASE"])(
    "announces a literal %s, and never its value",
    (name) => {
      expect(announced({ env: { [name]: VALUE } })).toEqual([`weaker env.${name}`]);
      expect(JSON.stringify(found({ env: { [name]: VALUE } }))).not.toContain(VALUE);
    },
  );

  it.each([
    ["DB_PASSWORD_FILE", "/secrets/db"], ["TOKEN_TTL", VALUE], ["PASSWORD_MIN_LENGTH", "12"], ["USE_TOKEN", "true"], ["DB_PASSWORD", "${NOMAD_META_password}"], ["DB_PASSWORD", ""], ["KEYBOARD", VALUE],
    ["TOKENIZER", VALUE], ["PATH", VALUE],
  ])("takes %s=%s for none", (name, value) => expect(announced({ env: { [name]: value } })).toEqual([]));

  it.each<[string, Spec]>([
    ["a password in a URL", artifact(`https://user:${VALUE}@h/x`)],
    ["a key in a query", artifact(`git::ssh://h/x?sshkey=${VALUE}`)],
    ["a header", artifact("https://h/x", { headers: { Authorization: `Bearer ${VALUE}` } })],
    ["an option", artifact("s3::https://h/x", { options: { aws_access_key_secret: VALUE } })],
  ])("announces %s of an artifact, and never its value", (_name, spec) => {
    expect(announced(spec)).toContain("weaker artifacts[0]");
    expect(JSON.stringify(found(spec))).not.toContain(VALUE);
  });

  it("announces a password in artifact_source", () => expect(announced({ artifactSource: `https://u:${VALUE}@h/x` })).toEqual(["weaker artifactSource"]));
});

describe("findingsFor, of artifacts and templates", () => {
  it.each<[string, Spec, readonly string[]]>([
    ["an artifact", artifact("https://h/x"), ["equivalent artifacts"]],
    ["one that cannot be fetched", artifact("hg::https://h/x"), ["equivalent artifacts", "lost artifacts[0].source"]],
    ["another that cannot", artifact("gcs::https://h/x"), ["equivalent artifacts", "lost artifacts[0].source"]],
    ["a variable that stays", artifact("https://${NOMAD_ADDR_files}/x"), ["equivalent artifacts", "lost artifacts"]],
    ["places that can be written", artifact("https://h/x", { destination: "${NOMAD_ALLOC_DIR}/data" }), ["equivalent artifacts"]],
    ["a place that cannot", artifact("https://h/x", { destination: "usr/local/bin" }), ["equivalent artifacts", "lost artifacts[0].destination"]],
    ["a template", template('{{ env "X" }}{{ range $k, $v := . }}{{ end }}'), []],
    ["one that reads Vault", template('{{ with secret "kv/x" }}{{ .Data.key }}{{ end }}'), ["lost templates[0]"]],
    ["one that reads much", template('{{ keyOrDefault "a" "b" | nomadVar }} {{ service "db" }}'), ["lost templates[0]", "lost templates[0]", "lost templates[0]"]],
    ["functions outside actions", template("service key secret nomadVar"), []],
    ["functions in strings and comments", template("{{ env \"secret\" }}{{ `service` }}{{/* key */}}"), []],
    ["fields and variables of such names", template("{{ .key }}{{ $node }}{{ $s.service }}"), []],
    ["delimiters of its own", template('{{ secret "a" }}<< key "b" >>', { leftDelimiter: "<<", rightDelimiter: ">>" }), ["lost templates[0]"]],
    ["an action without an end", template('{{ secret "a'), ["lost templates[0]"]],
    ["a destination at the root", template("x", { destination: "etc/app.conf" }), ["lost templates[0].destination"]],
    ["a destination out and back", template("x", { destination: "../alloc/a/../b" }), []],
    ["an absolute one", template("x", { destination: "/secrets/x" }), []],
    ["one beside local", template("x", { destination: "local/../localhost" }), ["lost templates[0].destination"]],
  ])("announces for %s what it can see", (_name, spec, expected) => {
    expect(announced(spec).sort()).toEqual([...expected].sort());
  });

  it("names the function and what it reads", () => {
    expect(messageAt("templates[0]", template('{{ secret "kv/x" }}'))).toBe("the function secret does not exist here, and the task fails at its start: it reads Vault");
    expect(messageAt("templates[0]", template("{{ toYAML . }}"))).toMatch(/: write JSON, which is YAML too$/);
  });

  it.each<[object, string, readonly string[]]>([
    [{ type: "hostCopy" }, "usr/share/x", []],
    [{ type: "hostCopy" }, "srv/x", ["lost templates[0].destination"]],
    [{ type: "image", image: "debian:13" }, "srv/x", []],
  ])("knows what can be written under %j: %s", (chroot, destination, expected) => {
    expect(announced(template("x", { destination }), { chroot }).filter((each) => each !== "equivalent chroot")).toEqual(expected);
  });
});

describe("findingsFor, of a group", () => {
  it("looks at each of its tasks, and names it", () => {
    const tasks = beside({ env: { A_TOKEN: "x-y-z" } }, { user: "root", args: ["${NOMAD_PORT_a}"] });
    expect(announced(tasks, { allowRoot: true })).toEqual(["lost tasks[1].args", "weaker ipcMode", "weaker tasks[0].env.A_TOKEN", "weaker tasks[1].user", "equivalent tasks[0].killSignal", "equivalent tasks[1].killSignal"]);
  });

  it.each<[string, Spec, readonly string[]]>([
    ["two prestart tasks", beside(hook("prestart"), hook("prestart")), ["equivalent tasks[1].lifecycle"]],
    ["a prestart task and a sidecar", beside(hook("prestart", true), hook("prestart")), []],
    ["a poststop task", beside(hook("poststop")), ["weaker tasks[0].lifecycle"]],
    ["a poststart task", beside(hook("poststart")), []],
  ])("tells of %s", (_name, spec, expected) => {
    expect(announced(spec).filter((each) => each.includes("lifecycle"))).toEqual(expected);
  });

  it("says whom a prestart task waits for", () => {
    expect(messageAt("tasks[2].lifecycle", beside(hook("prestart"), {}, hook("prestart")))).toBe('starts when "t0" has ended; on Nomad prestart tasks run at the same time');
  });

  it("says how long a poststop task may take", () => {
    expect(messageAt("tasks[0].lifecycle", beside(hook("poststop")), { maxKillTimeout: "45s" })).toMatch(/^is killed when it has not ended 45s after/);
  });

  it("says that artifacts come before the tasks of the group", () => {
    expect(messageAt("tasks[0].artifacts", beside({ artifacts: [{ source: "https://h/x" }] }))).toMatch(/together with what the group's other tasks fetch/);
  });

  it("keeps one IPC namespace a finding even where it is private", () => {
    expect(announced({ ...beside({}), ipcMode: "private" })).toContain("weaker ipcMode");
    expect(announced({ ...beside({}), ipcMode: "host" })).toContain("equivalent ipcMode");
    expect(announced({ ...beside({}), driver: "raw_exec" }).filter((each) => each.endsWith("ipcMode"))).toEqual([]);
  });
});

describe("findingsFor", () => {
  it("has a rule for every field of the spec and of a task beside it", () => {
    expect(Object.keys(EXEC_TASK_RULES).sort()).toEqual(Object.keys(execTaskSpec.shape).sort());
    expect(Object.keys({ ...EXEC_TASK_RULES, ...GROUP_TASK_RULES })).toEqual(expect.arrayContaining(Object.keys(groupTask.shape)));
  });

  it("puts the most serious first, and fits a status whatever a task says", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("${NOMAD_PORT_a}", '{{ secret "x" }}', "hg::https://u:p@h/x", `\${env["NOMAD_PORT_${"😀".repeat(900)}"]}`), fc.stringMatching(/^\$\{NOMAD_PORT_[a-z]{1,900}\}$/));
    const spec = fc.record({ args: fc.array(text, { maxLength: 3 }), env: fc.dictionary(fc.constantFrom("A", "A_TOKEN", `PASSWORD${"😀".repeat(122)}`), text), destination: text.filter((each) => each !== "") });
    fc.assert(
      fc.property(spec, ({ args, env, destination }) => {
        const findings = found({ args, env, ...template(destination, { destination: destination.slice(0, 1000) }), ...artifact("x", { destination: destination.slice(0, 1000) }) });
        for (const { path, message } of findings) {
          expect(path.length).toBeLessThanOrEqual(253);
          expect(message.length).toBeLessThanOrEqual(1024);
          expect((path + message).isWellFormed()).toBe(true);
        }
        const order = ["lost", "decision", "weaker", "equivalent", "same"];
        const ranks = findings.map(({ level }) => order.indexOf(level));
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      }),
    );
  });
});
