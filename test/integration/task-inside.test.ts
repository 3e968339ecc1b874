/** @module What a task finds inside its pod, and what it does not: its user, capabilities, environment, files and working directory, seen by exec sessions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exec, inTask, tokenWith } from "./support/nomad.ts";
import { seenBy, seeing } from "./support/seen.ts";
import { enterWorld, grantProfiles, readyPod, uidOf, type Spec, type World } from "./support/world.ts";

let world: World;
let takeProfilesBack: () => Promise<void>;
beforeAll(async () => {
  world = await enterWorld("inside");
  takeProfilesBack = await grantProfiles(world, [
    { name: `${world.namespace}-host`, allowHostPid: true },
    { name: `${world.namespace}-root`, allowRoot: true },
    { name: `${world.namespace}-users`, users: { deploy: { uid: 4321, gid: 8765, home: "/local" } }, deniedHostUids: "5000-5999" },
    { name: `${world.namespace}-shut`, disableRemoteExec: true },
  ]);
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

const profile = (kind: string): string => `${world.namespace}-${kind}`;

/** The five masks of a process, as they are in its status file. */
const masks = (pid: string) => `grep -E '^Cap' /proc/${pid}/status | tr -d '\\t'`;
const allFive = (mask: string) => ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => `${name}:${mask}\n`).join("");
const NOMAD_DEFAULT = "00000000a80405fb";

/** What the task itself saw, as its own process and not as a session's; `alloc` is still running. */
async function seenByTask(name: string, spec: Spec, look: string): Promise<{ readonly alloc: string; readonly seen: string }> {
  const script = `${seeing(look)}; trap "exit 0" INT; while :; do sleep 60 & wait $!; done`;
  const pod = await readyPod(world, name, { ...spec, command: "/bin/sh", args: ["-c", script] });
  return { alloc: uidOf(pod), seen: await seenBy(uidOf(pod), name) };
}

describe.concurrent("the user and capabilities of a task", () => {
  it.each<{ readonly name: string; readonly spec: Spec; readonly id: string; readonly mask: string }>([
    { name: "default-user", spec: {}, id: "65534 0 nobody", mask: NOMAD_DEFAULT },
    { name: "numeric-user", spec: { user: "1234" }, id: "1234 0 1234", mask: NOMAD_DEFAULT },
    { name: "named-user", spec: { user: "daemon" }, id: "1 0 daemon", mask: NOMAD_DEFAULT },
    { name: "drop-one", spec: { capDrop: ["net_bind_service"] }, id: "65534 0 nobody", mask: "00000000a80401fb" },
    { name: "drop-all", spec: { capDrop: ["all"] }, id: "65534 0 nobody", mask: "0000000000000000" },
    { name: "drop-all-add-one", spec: { capDrop: ["all"], capAdd: ["CAP_NET_BIND_SERVICE"] }, id: "65534 0 nobody", mask: "0000000000000400" },
  ])("with $name are what Nomad gives, in the task and in a session", async ({ name, spec, id, mask }) => {
    const look = `echo $(id -u) $(id -g) $(id -un 2>/dev/null); ${masks("self")}`;
    const { alloc, seen } = await seenByTask(name, spec, look);
    expect(seen).toBe(`${id}\n${allFive(mask)}`);
    expect(await inTask(alloc, name, look)).toBe(seen);
  });

  it("come from the profile's table where it has the name", async () => {
    const look = "echo $(id -u) $(id -g) $HOME $USER $LOGNAME";
    expect((await seenByTask("table-user", { user: "deploy", profile: profile("users") }, look)).seen).toBe("4321 8765 /local deploy deploy\n");
  });

  it("are root's only where the profile says so", async () => {
    expect((await seenByTask("root-user", { user: "root", profile: profile("root") }, "id -u")).seen).toBe("0\n");
  });
});

describe.concurrent("the environment of a task", () => {
  const spec: Spec = { env: { GREETING: "hello $HOME ${x} $(id)", EMPTY: "" }, meta: { "my-key": "some value" }, resources: { cpu: 150, memory: 64, memoryMax: 96 }, workDir: "/local" };
  const look = "env | grep -E '^(NOMAD_|GREETING|EMPTY|HOME|USER|LOGNAME|PATH|KUBERNETES|SHLVL_)' | sort; pwd";

  it("has Nomad's variables, its own, and nothing of Kubernetes, in the task and in a session", async () => {
    const { alloc, seen } = await seenByTask("environment", spec, look);
    expect(seen.split("\n")).toEqual([
      "EMPTY=",
      "GREETING=hello $HOME ${x} $(id)",
      "HOME=/nonexistent",
      "LOGNAME=nobody",
      "NOMAD_ALLOC_DIR=/alloc",
      `NOMAD_ALLOC_ID=${alloc}`,
      "NOMAD_ALLOC_INDEX=0",
      "NOMAD_ALLOC_NAME=environment.environment[0]",
      "NOMAD_CPU_CORES=",
      "NOMAD_CPU_LIMIT=150",
      "NOMAD_DC=dc1",
      "NOMAD_GROUP_NAME=environment",
      "NOMAD_JOB_ID=environment",
      "NOMAD_JOB_NAME=environment",
      "NOMAD_MEMORY_LIMIT=64",
      "NOMAD_MEMORY_MAX_LIMIT=96",
      "NOMAD_META_MY_KEY=some value",
      "NOMAD_META_my_key=some value",
      `NOMAD_NAMESPACE=${world.namespace}`,
      expect.stringMatching(/^NOMAD_PARENT_CGROUP=.*pod/) as string,
      "NOMAD_REGION=global",
      "NOMAD_SECRETS_DIR=/secrets",
      `NOMAD_SHORT_ALLOC_ID=${alloc.slice(0, 8)}`,
      "NOMAD_TASK_DIR=/local",
      "NOMAD_TASK_NAME=environment",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "USER=nobody",
      "/local",
      "",
    ]);
    expect(await inTask(alloc, "environment", look)).toBe(seen);
  });
});

describe.concurrent("the files of a task", () => {
  let alloc: string;
  beforeAll(async () => {
    alloc = uidOf(await readyPod(world, "files", {}));
  });

  it.each(["/alloc", "/alloc/data", "/alloc/logs", "/alloc/tmp", "/local", "/secrets", "/tmp"])("can be written in %s", async (folder) => {
    expect(await inTask(alloc, "files", `echo text > ${folder}/probe && cat ${folder}/probe && rm ${folder}/probe`)).toBe("text\n");
  });

  it.each(["/", "/usr", "/usr/bin", "/bin", "/etc", "/etc/ssl", "/nomad-bridge"])("cannot be written in %s", async (folder) => {
    const { exitCode, stderr } = await exec({ allocId: alloc, task: "files", command: ["/bin/sh", "-c", `echo text > ${folder}/probe`] });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(/Read-only file system|Permission denied/) as string });
  });

  it("are mounted read-only wherever they are the node's", async () => {
    const mounts = (await inTask(alloc, "files", "cat /proc/self/mountinfo")).trim().split("\n").map((line) => line.split(" "));
    const optionsOf = new Map(mounts.map((fields) => [fields[4] ?? "", (fields[5] ?? "").split(",")]));
    for (const folder of ["/usr", "/bin", "/etc/passwd", "/etc/ssl/certs", "/"]) expect([folder, optionsOf.get(folder)]).toEqual([folder, expect.arrayContaining(["ro"])]);
    for (const folder of ["/alloc", "/local", "/secrets", "/tmp"]) expect([folder, optionsOf.get(folder)]).toEqual([folder, expect.arrayContaining(["rw"])]);
    const secrets = mounts.find((fields) => fields[4] === "/secrets") ?? [];
    expect(secrets[secrets.indexOf("-") + 1]).toBe("tmpfs");
  });

  it.each([
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssh",
    "/etc/kubernetes",
    "/root",
    "/home",
    "/var/lib/kubelet",
    "/var/run/secrets/kubernetes.io",
    "/run/containerd",
  ])("do not hold what is nobody's business in %s", async (path) => {
    const script = `if [ -d ${path} ]; then ls -A ${path} | head -3; else head -c 20 ${path}; fi`;
    const { stdout } = await exec({ allocId: alloc, task: "files", command: ["/bin/sh", "-c", script] });
    expect(stdout).toBe("");
  });

  it.each(["/nomad-bridge/task.json", "/nomad-bridge/state/restart.json"])("do not give %s to a task without dac_override", async (path) => {
    const pod = await readyPod(world, "powerless", { capDrop: ["all"] });
    const { exitCode, stdout, stderr } = await exec({ allocId: uidOf(pod), task: "powerless", command: ["/bin/sh", "-c", `cat ${path}; echo x > ${path}`] });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: "", stderr: expect.stringMatching(/Permission denied/) as string });
  });

  it("do not hold the node's devices or memory", async () => {
    const { stdout } = await exec({ allocId: alloc, task: "files", command: ["/bin/sh", "-c", "ls /dev/mem /dev/kmsg /dev/sda /dev/vda 2>/dev/null; head -c 10 /proc/kcore"] });
    expect(stdout).toBe("");
  });
});

describe.concurrent("a task with the node's processes", () => {
  const READ_AND_EXEC = 'capabilities = ["read-job", "list-jobs", "alloc-exec"]';
  const NODE_TOO = 'capabilities = ["read-job", "list-jobs", "alloc-exec", "alloc-node-exec"]';

  it("sees them, and is entered only with alloc-node-exec", async () => {
    const pod = await readyPod(world, "host-pid", { pidMode: "host", profile: profile("host") });
    const tokens = await Promise.all([READ_AND_EXEC, NODE_TOO].map((rules) => tokenWith(`namespace "${world.namespace}" { ${rules} }`)));
    const target = { allocId: uidOf(pod), task: "host-pid", command: ["/bin/sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline"] };
    const [without, with_] = await Promise.all(tokens.map(async ({ secret }) => await exec({ ...target, token: secret })));
    expect(without).toMatchObject({ closeCode: 1011, reason: "Permission denied", stdout: "" });
    expect(with_).toMatchObject({ exitCode: 0 });
    expect(with_?.stdout).not.toContain("launcher");
    await Promise.all(tokens.map(({ remove }) => remove()));
  });

  it("is the exception: others see their own alone", async () => {
    const pod = await readyPod(world, "own-pid", {});
    expect(await inTask(uidOf(pod), "own-pid", "tr '\\0' ' ' < /proc/1/cmdline; ls -d /proc/[0-9]* | wc -l")).toMatch(/^\/nomad-bridge\/launcher run \d\n$/);
  });

  it("is closed to everyone where its profile says disableRemoteExec", async () => {
    const pod = await readyPod(world, "shut", { profile: profile("shut") });
    expect(await exec({ allocId: uidOf(pod), task: "shut", command: ["/bin/true"] })).toMatchObject({ closeCode: 1011, reason: "Permission denied" });
  });
});
