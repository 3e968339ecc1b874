import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import { type ClusterReader, explain, type ExplainDeps } from "../../../src/cli/explain.ts";
import { EXPLAIN_HELP } from "../../../src/cli/explain-options.ts";
import { err, ok } from "../../../src/lib/result.ts";

const FOLDER = join(import.meta.dirname, "../../golden/explain");
const NO_FILES: ReturnType<ExplainDeps["filesBeside"]> = { readFile: () => err("none"), kindOf: () => undefined, filesBelow: () => err("none"), absolutePath: (path) => path, home: "/" };
const TASK = "apiVersion: nomad-bridge.dev/v1alpha1\nkind: ExecTask\nmetadata: { name: a }\nspec: { command: x }\n";
const config = (profile: string) => `kind: BridgeConfig\nspec: { profiles: [{ name: ${profile}, namespaces: ["*"] }] }\n`;

type World = { readonly files?: Readonly<Record<string, string>>; readonly cluster?: Partial<ClusterReader> | string };

/** What a run of the command leaves behind. */
async function run(argv: readonly string[], { files = {}, cluster = "no cluster here" }: World = {}) {
  const seen = { out: "", complaints: "", opened: [] as (string | undefined)[], closed: 0 };
  const reader: ClusterReader = {
    namespace: undefined,
    task: async (_namespace, name) => await Promise.resolve(err(`no ${name}`)),
    config: async () => await Promise.resolve(ok(undefined)),
    close: async () => {
      seen.closed += 1;
      await Promise.resolve();
    },
    ...(typeof cluster === "string" ? {} : cluster),
  };
  const deps: ExplainDeps = {
    out: (text) => void (seen.out += text),
    complain: (text) => void (seen.complaints += text),
    readText: async (path) => await Promise.resolve(files[path] === undefined ? err(`cannot read ${path}: there is no such file`) : ok(files[path])),
    openCluster: async (kubeconfig) => {
      seen.opened.push(kubeconfig);
      return await Promise.resolve(typeof cluster === "string" ? err(cluster) : ok(reader));
    },
    filesBeside: () => NO_FILES,
    env: { NOMAD_VAR_tag: "from-env" },
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
  };
  return { code: await explain(deps, argv), ...seen };
}

const json = (out: string) => JSON.parse(out) as { config: string; tasks: { name: string; namespace: string; accepted: boolean; profile?: string; refusal?: { reason: string; message: string } }[] };

describe("explain, beside its golden files", () => {
  const input = readFileSync(join(FOLDER, "in.yaml"), "utf8");

  it.each([["text", "out.txt"], ["json", "out.json"], ["markdown", "out.md"]])("as %s", async (format, file) => {
    const { code, out, complaints } = await run(["in.yaml", "--format", format], { files: { "in.yaml": input } });
    const path = join(FOLDER, file);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, out);
    expect(out).toBe(readFileSync(path, "utf8"));
    expect({ code, complaints }).toEqual({ code: 1, complaints: "" });
    expect(out).not.toContain("hunter2");
  });
});

describe("explain, by its exit code", () => {
  it("is 0 where every task is accepted", async () => expect(await run(["f"], { files: { f: TASK } })).toMatchObject({ code: 0, complaints: "" }));

  it("is 1 where one is refused, and says of each what there is to say", async () => {
    const { code, out } = await run(["f", "--format=json"], { files: { f: `${TASK}---\n${TASK.replace("command: x", "command: x, user: root").replace("name: a", "name: b")}` } });
    expect(code).toBe(1);
    expect(json(out).tasks.map(({ name, accepted, refusal }) => [name, accepted, refusal?.message])).toEqual([["a", true, undefined], ["b", false, 'running as user "root" is disallowed']]);
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ["no words", [], {}, /what is to be explained/],
    ["an empty word", [""], {}, /what is to be explained/],
    ["two files", ["a", "b"], {}, /one file or task at a time, and not "b"/],
    ["an unknown option", ["--loud", "a"], {}, /Unknown option '--loud'/],
    ["an option without its value", ["a", "-n"], {}, /argument missing/],
    ["an empty option", ["a", "--config="], {}, /--config is empty/],
    ["an unknown format", ["a", "--format=xml"], {}, /--format is "xml"; it must be one of text, json, markdown/],
    ["another kind", ["deploy/web"], {}, /of a cluster's objects only ExecTasks can be explained; write exectask\/<name>/],
    ["a kind without a name", ["exectask/"], {}, /names no task/],
    ["a file that is not there", ["a"], {}, /cannot read a: there is no such file/],
    ["what is not YAML", ["a"], { a: "x: [1\ny: 2" }, /^nomad-bridge explain: a is not YAML: .+ at line 2, column 1\n$/],
    ["a bomb of aliases", ["a"], { a: `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g"].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdef"[i]}`).join()}]`).join("\n")}` }, /alias/],
    ["text without an object", ["a"], { a: "hello" }, /a holds no object/],
    ["a job file that is wrong", ["a.hcl"], { "a.hcl": 'job "x" {\n colour = 1\n}' }, /a\.hcl:2,2-8: Unsupported argument/],
    ["a job of the cluster", ["nomadjob/web"], {}, /run: kubectl get nomadjob\/web -o yaml \| nomad-bridge explain -/],
    ["a variable without a value", ["a.hcl", "--var", "tag"], {}, /--var "tag" has no value; write --var tag=value/],
    ["an empty file", ["a"], { a: "---\n" }, /a holds no ExecTask and no job: it is empty/],
    ["other kinds alone", ["a"], { a: "kind: Deployment\n---\nkind: BridgeConfig\n" }, /a holds no ExecTask and no job, but Deployment, BridgeConfig/],
    ["two configurations", ["a"], { a: `${TASK}---\n${config("a")}---\n${config("b")}` }, /a holds 2 BridgeConfigs/],
    ["a configuration that is not valid", ["a"], { a: `${TASK}---\nkind: BridgeConfig\nspec: { profiles: [{}] }` }, /BridgeConfig of a is not valid: profiles\.0\.name: /],
    ["a configuration that is none", ["a", "--config=b"], { a: TASK, b: TASK }, /b holds no BridgeConfig; --config needs exactly one/],
    ["another version", ["a"], { a: TASK.replace("v1alpha1", "v9") }, /a: apiVersion is "nomad-bridge.dev\/v9"; write nomad-bridge.dev\/v1alpha1/],
    ["no name", ["a"], { a: TASK.replace("{ name: a }", "{}") }, /a: metadata.name is missing/],
    ["a name in the second document", ["a"], { a: `${TASK}---\n${TASK.replace("{ name: a }", "5")}` }, /document 2 of a: metadata.name is missing/],
    ["no spec", ["a"], { a: TASK.replace(/spec: .*/, "") }, /ExecTask "a" has no spec/],
    ["no cluster", ["a", "--kubeconfig=k"], { a: TASK }, /no cluster here/],
  ])("is 2 for %s, with nothing on standard output", async (_name, argv, files, complaint) => {
    const { code, out, complaints } = await run(argv, { files });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(complaints).toMatch(complaint);
    expect(complaints).toMatch(/^nomad-bridge explain: .*\n/);
  });

  it.each([["--help"], ["-h"], ["-help"]])("is 0 for %s, with the help", async (word) => expect(await run([word, "a"])).toMatchObject({ code: 0, out: EXPLAIN_HELP, complaints: "" }));
});

describe("explain, by where things are", () => {
  const stored = (profile: string) => async () => await Promise.resolve(ok(parse(config(profile)).spec as unknown));
  const task: ClusterReader["task"] = async (namespace, name) => await Promise.resolve(ok({ ...(parse(TASK) as ExecTask), metadata: { name, namespace, uid: "u" } }));

  it.each<[string, readonly string[], World, string, string]>([
    ["its own profile where there is none", ["f"], { files: { f: TASK } }, "default", "built in, as none is given"],
    ["the file's", ["f"], { files: { f: `${TASK}---\n${config("inner")}` } }, "inner", "f"],
    ["that of --config before the file's", ["f", "--config", "c"], { files: { f: `${TASK}---\n${config("inner")}`, c: config("outer") } }, "outer", "c"],
    ["the cluster's", ["f", "--kubeconfig=k"], { files: { f: TASK }, cluster: { config: stored("stored") } }, "stored", "the cluster"],
    ["the file's before the cluster's", ["f", "--kubeconfig=k"], { files: { f: `${TASK}---\n${config("inner")}` }, cluster: { config: stored("stored") } }, "inner", "f"],
    ["its own where the cluster has none", ["f", "--kubeconfig=k"], { files: { f: TASK }, cluster: {} }, "default", "built in, as the cluster has none"],
    ["the cluster's for a task of it", ["exectask/a"], { cluster: { config: stored("stored"), task } }, "stored", "the cluster"],
  ])("judges by %s", async (_name, argv, world, ...[profile, words]) => {
    const { out, closed, opened } = await run([...argv, "--format=json"], world);
    expect(json(out).tasks[0]?.profile).toBe(profile);
    expect(json(out).config).toMatch(new RegExp(`^${words}`));
    expect(closed).toBe(opened.length);
  });

  it.each<[string, readonly string[], string]>([
    ["the kubeconfig's", ["ExecTask/a"], "theirs"], ["that of -n", ["nbtask/a", "-n", "mine"], "mine"],
  ])("reads a task from the namespace that is %s", async (_name, argv, namespace) => {
    const { out, opened } = await run([...argv, "--format=json"], { cluster: { namespace: "theirs", task } });
    expect(json(out).tasks).toMatchObject([{ name: "a", namespace }]);
    expect(opened).toEqual([undefined]);
  });

  it("leaves a namespace that the file names", async () => {
    const { out } = await run(["f", "-n", "mine", "--format=json"], { files: { f: `${TASK.replace("name: a", "name: a, namespace: own")}---\n${TASK}` } });
    expect(json(out).tasks.map(({ namespace }) => namespace)).toEqual(["own", "mine"]);
  });

  it("passes on what the cluster says, and closes it", async () => {
    expect(await run(["exectask/a"], { cluster: {} })).toMatchObject({ code: 2, complaints: "nomad-bridge explain: no a\n", closed: 1 });
    expect(await run(["f", "--kubeconfig=k"], { files: { f: TASK }, cluster: { config: async () => await Promise.resolve(err("forbidden")) } })).toMatchObject({ code: 2, complaints: "nomad-bridge explain: forbidden\n", closed: 1 });
  });

  it.each([["jobs/web.yaml"], ["./pod/web"], ["a/b/c"], ["web/exectask"], ["-"]])("takes %s for a file", async (path) => {
    expect(await run([path], { files: { [path]: TASK } })).toMatchObject({ code: 0, opened: [] });
  });

  it("reads the items of a list, and says which kinds it passes over", async () => {
    const list = JSON.stringify({ kind: "List", items: [parse(TASK), { kind: "Pod" }, parse(TASK)] });
    const { out, complaints } = await run(["f", "--format=json"], { files: { f: list } });
    expect(json(out).tasks.length).toBe(2);
    expect(complaints).toBe("nomad-bridge explain: nothing is said of Pod in f\n");
  });
});

const JOB = `variable "tag" {}
job "web" {
  group "app" {
    network {
      port "http" {}
    }
    task "server" {
      driver = "exec"
      config {
        command = "/bin/\${var.tag}"
        cap_drop = ["all"]
      }
      env {
        DB_PASSWORD = "hunter2"
      }
    }
  }
  group "helper" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "x"
      }
    }
  }
}
`;

describe("explain, of a Nomad job", () => {
  type JobReports = { readonly tasks: readonly { readonly name: string; readonly group?: string; readonly accepted: boolean; readonly namespace: string; readonly capabilities?: readonly { readonly task: string; readonly here: readonly string[] }[]; readonly findings?: readonly { readonly path: string }[]; readonly refusal?: { readonly message: string }; readonly hidden?: readonly string[] }[] };
  const reports = (out: string) => (JSON.parse(out) as JobReports).tasks;

  it("says of each group what becomes of it, and hides its secrets", async () => {
    const { code, out } = await run(["web.hcl", "-n", "team", "--format=json"], { files: { "web.hcl": JOB } });
    expect(reports(out).map(({ name, group, namespace, accepted, refusal }) => [namespace, name, group, accepted, refusal?.message])).toEqual([
      ["team", "web", "app", true, undefined],
      ["team", "web", "helper", false, 'TaskGroups[1]: driver "raw_exec" is not enabled in profile "default"; set allowRawExec there or use the driver exec'],
    ]);
    expect(reports(out)[0]).toMatchObject({ capabilities: [{ task: "server", here: [] }], hidden: ["env.DB_PASSWORD"] });
    expect(reports(out)[0]?.findings?.map(({ path }) => path)).toContain("TaskGroups[0].Networks[0].Mode");
    expect({ code, tag: out.includes("/bin/from-env"), secret: out.includes("hunter2") }).toEqual({ code: 1, tag: true, secret: false });
  });

  it("takes variables, as nomad job run does", async () => {
    const { out } = await run(["web.hcl", "--var", "tag=given", "--var-file=v"], { files: { "web.hcl": JOB, v: 'tag = "of-file"' } });
    expect(out).toContain("/bin/given");
  });

  it("reads Nomad's JSON and NomadJobs beside ExecTasks", async () => {
    const job = { ID: "j", TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "exec", Config: { command: "x" } }] }] };
    for (const text of [JSON.stringify({ Job: job }), JSON.stringify(job), JSON.stringify({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", metadata: { name: "nb-j" }, spec: { id: "j", job } })])
      expect(reports((await run(["f", "--format=json"], { files: { f: text } })).out)).toMatchObject([{ name: "j", group: "g", accepted: true }]);
    const { out } = await run(["f"], { files: { f: `${TASK}---\n${JSON.stringify({ kind: "NomadJob", metadata: { name: "nb-j", namespace: "own" }, spec: { job } })}` } });
    expect(out).toMatch(/ExecTask default\/a: accepted[^]*Job "j" in namespace own, group "g": accepted, under profile "default"/);
  });

  it("says once of a job that is refused as a whole why", async () => {
    const { code, out } = await run(["f.hcl"], { files: { "f.hcl": JOB.replace('driver = "raw_exec"', 'driver = "qemu"') } });
    expect({ code, titles: out.match(/^Job .*/gm) }).toEqual({ code: 1, titles: ['Job "web" in namespace default: refused'] });
    expect(out).toContain('no node here has the driver "qemu"');
  });
});

describe("explain, of a spec that is written wrong", () => {
  const SECRET = "9988776655";
  it.each<[string, string, string]>([
    ["args of Nomad 0.1", `args: "-c 'echo hi'"`, `args must be a list: write args: ["-c","echo hi"] if it is for Nomad 0.1, which split it into words, or args: ["-c 'echo hi'"] if it is one argument`],
    ["args of Nomad 0.2", "args: 1", 'args must be a list: write args: ["1"]'],
    ["args that cannot be split", `args: "it's"`, `args must be a list: write args: ["it's"]`],
    ["args of another task", "tasks: [{ name: b, command: y, args: 5 }]", 'tasks[0].args must be a list: write args: ["5"]'],
    ["a number among args", "args: [-n, 5]", "args[1] is a number, and must be text: put it in quotes"],
    ["a number in env, whose value stays unsaid", `env: { PIN: ${SECRET} }`, "env.PIN is a number, and must be text: put it in quotes"],
    ["a time of Nomad 0.1", "restart: { delay: 5 }, killTimeout: 5", 'killTimeout is a number, and must be a duration: write "5s" for seconds; restart.delay is a number, and must be a duration: write "5s" for seconds'],
    ["a resource that Nomad has moved", "resources: { disk: 300 }", "resources.disk is not a field of ExecTask"],
    ["Nomad's spelling", "cap_add: [chown]", "cap_add is not a field of ExecTask; write capAdd"],
    ["Nomad's spelling beside another mistake", "cap_add: [chown], count: x", "cap_add is not a field of ExecTask; write capAdd; count: Invalid input: expected number, received string"],
    ["Nomad's singular", "artifact: {}", "artifact is not a field of ExecTask; write artifacts"],
    ["Nomad's spelling further in", "resources: { memory_max: 400 }", "resources.memory_max is not a field of ExecTask; did you mean memoryMax?"],
    ["Nomad's spelling in a list", "tasks: [{ name: b, command: y, work_dir: / }]", "tasks[0].work_dir is not a field of ExecTask; did you mean workDir?"],
    ["a config block", "config: { command: x }", "config is not a field of ExecTask: what Nomad has in config stands directly in spec, such as spec.command"],
    ["a word of no meaning", "colour: red", "colour is not a field of ExecTask"],
    ["a name of every object", "constructor: red", "constructor is not a field of ExecTask"],
  ])("says what to write for %s", async (_name, field, message) => {
    const { code, out } = await run(["f", "--format=json"], { files: { f: TASK.replace("command: x", `command: x, ${field}`) } });
    expect(json(out).tasks[0]?.refusal).toEqual({ reason: "InvalidSpec", message });
    expect(code).toBe(1);
    expect(out).not.toContain(SECRET);
  });

  it("says that the command is missing", async () => {
    const { out } = await run(["f", "--format=json"], { files: { f: TASK.replace("command: x", "") } });
    expect(json(out).tasks[0]?.refusal?.message).toBe("command is missing");
  });
});

describe("explain, of a BridgeConfig that is written wrong", () => {
  it.each([
    ["no_pivot_root: true", "profiles[0].no_pivot_root is not a field of BridgeConfig; did you mean noPivotRoot?"],
    ["allow_caps: [all]", "profiles[0].allow_caps is not a field of BridgeConfig; did you mean allowCaps?"],
    ["chroot: { type: host, env: {} }", "profiles[0].chroot.env is not a field of BridgeConfig"],
    ["artifacts: { set_environment_variables: x }", "profiles[0].artifacts.set_environment_variables is not a field of BridgeConfig; did you mean setEnvironmentVariables?"],
    ["cgroup_parent: x", "profiles[0].cgroup_parent is not a field of BridgeConfig; did you mean cgroupParent?"],
  ])("refuses a setting that a profile does not have: %s", async (setting, message) => {
    const { code, complaints } = await run(["f"], { files: { f: `${TASK}---\nkind: BridgeConfig\nspec: { profiles: [{ name: a, namespaces: ["*"], ${setting} }] }` } });
    expect({ code, complaints }).toEqual({ code: 2, complaints: `nomad-bridge explain: the BridgeConfig of f is not valid: ${message}\n` });
  });
});

describe("explain, of a hostile task", () => {
  it.each([["text"], ["markdown"], ["json"]])("lets no control character through as %s, of a task that is accepted or refused", async (format) => {
    const hostile = "\\e[2J\\u009b2J\\u007f\\0";
    const task = (fields: string) => TASK.replace("command: x", `command: x, ${fields}: "${hostile}"`);
    const { out } = await run(["f", "--format", format], { files: { f: `${task("user")}---\n${task("profile")}` } });
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(out).toMatch(/refus(ed|al)/i);
  });
});
