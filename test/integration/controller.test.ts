/** @module What the controller makes of an ExecTask, seen on the cluster: pods, their order of coming and going, and how they fail. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { API_VERSION } from "../../src/api/exec-task.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { kubectl, kubectlOk } from "./support/kubectl.ts";
import { allocation, allocationsOf, inTask, nomad } from "./support/nomad.ts";
import { BEGUN, hasBegun } from "./support/seen.ts";
import {
  applyTask,
  conditionBecomes,
  conditionOf,
  enterWorld,
  execTask,
  followLog,
  indexOf,
  isLive,
  isReady,
  livePods,
  podsOf,
  readyPod,
  readyTask,
  removeTask,
  shell,
  taskNow,
  uidOf,
  unique,
  watchPods,
  type PodHistory,
  type Spec,
  type World,
} from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("controller");
});
afterAll(async () => await world.leave());

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

/** The pods as they were after each event that was seen. */
function states({ seen }: PodHistory, begin: readonly Pod[]): readonly (readonly Pod[])[] {
  const now = new Map(begin.map((pod) => [uidOf(pod), pod]));
  return seen.map(({ pod, removed }) => {
    if (removed) now.delete(uidOf(pod));
    else now.set(uidOf(pod), pod);
    return [...now.values()];
  });
}

describe.concurrent("a task that is applied", () => {
  it("becomes Ready as one allocation, whose ID is its pod's UID", async () => {
    const pod = await readyPod(world, "smallest", {});
    expect(await allocationsOf(world.namespace, "smallest")).toMatchObject([{ ID: uidOf(pod), Name: "smallest.smallest[0]", ClientStatus: "running", DesiredStatus: "run" }]);
    expect(await inTask(uidOf(pod), "smallest", 'echo "$NOMAD_ALLOC_ID $NOMAD_ALLOC_NAME"')).toBe(`${uidOf(pod)} smallest.smallest[0]\n`);
    const { status } = await taskNow(world, "smallest");
    expect(status).toMatchObject({ summary: "1/1", desired: 1, ready: 1, running: 1, failed: 0, allocations: [uidOf(pod)] });
    expect(conditionOf(status, "Accepted")).toMatchObject({ status: "True", message: 'runs under profile "default"' });
  });

  it("is scaled up and down by kubectl without an index being taken twice or a survivor being touched", async () => {
    const first = await readyPod(world, "scaled", {});
    const history = await watchPods(world, "scaled");
    const scale = async (count: number) => await kubectlOk(["scale", "exectask", "scaled", `--replicas=${count}`, "-n", world.namespace]);
    const settledAt = async (count: number): Promise<readonly Pod[]> => {
      await eventually(async () => ((await taskNow(world, "scaled")).status?.summary === `${count}/${count}` ? true : undefined));
      return await eventually(async () => {
        const pods = await podsOf(world, "scaled");
        return pods.length === count ? pods : undefined;
      });
    };
    await scale(3);
    const three = await settledAt(3);
    expect(sorted(three.map(indexOf))).toEqual([0, 1, 2]);
    const said = await Promise.all(three.map(async (pod) => await inTask(uidOf(pod), "scaled", "echo $NOMAD_ALLOC_INDEX")));
    expect(said.map(Number)).toEqual(three.map(indexOf));
    await scale(1);
    expect((await settledAt(1)).map(uidOf)).toEqual([uidOf(first)]);
    history.stop();
    const twice = states(history, [first]).filter((pods) => new Set(pods.filter(isLive).map(indexOf)).size < pods.filter(isLive).length);
    expect(twice).toEqual([]);
    expect(new Set(history.seen.map(({ pod }) => uidOf(pod))).size).toBe(3);
  });

  it("is updated one allocation at a time, and never misses more than one", async () => {
    const begin = await readyTask(world, "rolled", { count: 3, env: { VERSION: "old" } });
    const history = await watchPods(world, "rolled");
    await applyTask(world, "rolled", { count: 3, env: { VERSION: "new" } });
    const end = await eventually(async () => {
      const pods = await podsOf(world, "rolled");
      const isNew = (pod: Pod) => begin.every((old) => uidOf(old) !== uidOf(pod));
      return pods.length === 3 && pods.every((pod) => isReady(pod) && isNew(pod)) ? pods : undefined;
    });
    history.stop();
    expect(sorted(end.map(indexOf))).toEqual([0, 1, 2]);
    const said = await Promise.all(end.map(async (pod) => await inTask(uidOf(pod), "rolled", "echo $VERSION")));
    expect(said).toEqual(["new\n", "new\n", "new\n"]);
    const serving = states(history, begin).map((pods) => pods.filter((pod) => isLive(pod) && isReady(pod)).length);
    expect(Math.min(...serving)).toBe(2);
    const live = states(history, begin).map((pods) => pods.filter(isLive).length);
    expect(Math.max(...live)).toBeLessThanOrEqual(3);
    expect((await conditionBecomes(world, "rolled", { type: "Progressing", status: "False" })).reason).toBe("Settled");
  });

  it("takes its pods with it when it is deleted", async () => {
    const [pod] = await readyTask(world, "deleted", { count: 2 });
    await removeTask(world, "deleted");
    await eventually(async () => ((await podsOf(world, "deleted")).length === 0 ? true : undefined));
    expect(await nomad(`/v1/allocation/${pod === undefined ? "" : uidOf(pod)}`)).toMatchObject({ status: 404 });
    expect(await nomad(`/v1/job/deleted?namespace=${world.namespace}`)).toMatchObject({ status: 404 });
  });

  it("gets a new pod for one that was taken away, and no second one for any index", async () => {
    const [zero, one] = await readyTask(world, "robbed", { count: 2 });
    if (zero === undefined || one === undefined) throw new Error("the task has not its two pods");
    await must(world.client.remove({ resource: RESOURCES.pods, namespace: world.namespace, name: zero.metadata.name }));
    const after = await eventually(async () => {
      const pods = await podsOf(world, "robbed");
      return pods.length === 2 && pods.every((pod) => isReady(pod) && uidOf(pod) !== uidOf(zero)) ? pods : undefined;
    });
    expect(after.map(indexOf)).toEqual([0, 1]);
    expect(uidOf(after[1] as Pod)).toBe(uidOf(one));
  });
});

describe.concurrent("an allocation that fails", () => {
  it.each<{ readonly name: string; readonly spec: Spec; readonly says: RegExp }>([
    { name: "unknown-user", spec: { user: "no-such-user" }, says: /no-such-user/ },
    { name: "missing-command", spec: { command: "/no/such/program", args: [] }, says: /file \/no\/such\/program not found under path/ },
    { name: "missing-bare-command", spec: { command: "no-such-program", args: [] }, says: /file no-such-program not found under path/ },
    { name: "work-dir-in-a-file", spec: { workDir: "/etc/passwd/there" }, says: /\/etc\/passwd\/there/ },
  ])("by $name keeps Nomad's text to be read, and is replaced after 30 s", async ({ name, spec, says }) => {
    await applyTask(world, name, spec);
    const failed = await eventually(async () => (await podsOf(world, name)).find((pod) => pod.status?.phase === "Failed"));
    const record = await allocation(uidOf(failed));
    expect(record).toMatchObject({ ClientStatus: "failed", TaskStates: { [name]: { State: "dead", Failed: true } } });
    expect(record.TaskStates[name]?.Events.find(({ Type }) => Type === "Driver Failure")?.DisplayMessage).toMatch(says);
    const next = await eventually(async () => (await podsOf(world, name)).find((pod) => uidOf(pod) !== uidOf(failed)));
    expect(indexOf(next)).toBe(0);
    const end = failed.status?.containerStatuses?.[0];
    // Where its launcher came up once more to hold the place, the end before is the task's.
    const finishedAt = Date.parse((end?.lastState?.terminated ?? end?.state?.terminated)?.finishedAt ?? "");
    expect(Date.parse(next.metadata.creationTimestamp ?? "") - finishedAt).toBeGreaterThanOrEqual(29_000);
    expect((await podsOf(world, name)).map(uidOf)).toContain(uidOf(failed));
    expect((await allocation(uidOf(failed))).ClientStatus).toBe("failed");
    await removeTask(world, name);
  });

  it("by its own exit is restarted in place, and fails when its attempts are spent", async () => {
    await applyTask(world, "exits", { ...shell("exit 7"), restart: { attempts: 1, delay: "1s", interval: "10m" } });
    const failed = await eventually(async () => (await podsOf(world, "exits")).find((pod) => pod.status?.phase === "Failed"));
    expect(failed.status?.containerStatuses?.[0]?.restartCount).toBe(1);
    const record = await allocation(uidOf(failed));
    expect(record).toMatchObject({ ClientStatus: "failed", TaskStates: { exits: { State: "dead", Failed: true, Restarts: 1 } } });
    expect(record.TaskStates["exits"]?.Events.map(({ DisplayMessage }) => DisplayMessage)).toContain("Exit Code: 7");
    await removeTask(world, "exits");
  });

  it("for a moment is the same allocation afterwards, with its files and its index", async () => {
    const script = 'echo run >> /alloc/data/runs; if [ "$(wc -l < /alloc/data/runs)" = 1 ]; then exit 1; fi; trap "exit 0" INT; while :; do sleep 60 & wait $!; done';
    await applyTask(world, "recovers", { ...shell(script), restart: { attempts: 2, delay: "1s", interval: "10m" } });
    const pod = await eventually(async () => (await livePods(world, "recovers")).find((each) => isReady(each) && each.status?.containerStatuses?.[0]?.restartCount === 1));
    // The end's time has whole seconds, so the task may count as running up to a second before its delay is over: wait for the second run.
    const runs = await eventually(async () => {
      const text = await inTask(uidOf(pod), "recovers", "cat /alloc/data/runs").catch(() => undefined);
      return text === "run\n" ? undefined : text;
    });
    expect(runs).toBe("run\nrun\n");
    expect(await podsOf(world, "recovers")).toHaveLength(1);
  });
});

describe.concurrent("a task that is told to stop", () => {
  it("gets its kill_signal, and its last words are heard", async () => {
    const script = `trap "echo heard USR1; exit 0" USR1; trap "echo heard INT; exit 1" INT; echo up; ${BEGUN}; while :; do sleep 60 & wait $!; done`;
    const pod = await readyPod(world, "signalled", { ...shell(script), killSignal: "SIGUSR1" });
    const log = await followLog(world, pod);
    await hasBegun(uidOf(pod), "signalled");
    await removeTask(world, "signalled");
    expect(await log.whole).toBe("up\nheard USR1\n");
  });

  it("is killed when its kill_timeout is over", async () => {
    const pod = await readyPod(world, "deaf", { ...shell(`trap "" INT TERM; ${BEGUN}; while :; do sleep 1; done`), killTimeout: "1s" });
    const history = await watchPods(world, "deaf");
    await hasBegun(uidOf(pod), "deaf");
    await removeTask(world, "deaf");
    await eventually(() => history.seen.find(({ removed }) => removed));
    history.stop();
    const end = history.seen.flatMap((event) => event.pod.status?.containerStatuses?.[0]?.state?.terminated ?? []).at(-1);
    expect(JSON.parse(end?.message ?? "{}")).toMatchObject({ reason: "stopped", signal: "SIGKILL", exitCode: 137 });
    expect(await nomad(`/v1/allocation/${uidOf(pod)}`)).toMatchObject({ status: 404 });
  });
});

describe.concurrent("a task that this cluster does not take", () => {
  it.each<{ readonly name: string; readonly spec: Spec; readonly reason: string; readonly says: RegExp }>([
    { name: "unknown-cap", spec: { capAdd: ["no_such_capability"] }, reason: "CapabilityRefused", says: /no_such_capability/ },
    { name: "forbidden-cap", spec: { capAdd: ["sys_admin"] }, reason: "CapabilityRefused", says: /not allowed|sys_admin/ },
    { name: "all-caps", spec: { capAdd: ["all"] }, reason: "CapabilityRefused", says: /allow/ },
    { name: "host-pid", spec: { pidMode: "host" }, reason: "HostNamespaceRefused", says: /pid_mode "host" is not allowed/ },
    { name: "host-ipc", spec: { ipcMode: "host" }, reason: "HostNamespaceRefused", says: /ipc_mode "host" is not allowed/ },
    { name: "unknown-profile", spec: { profile: "no-such-profile" }, reason: "ProfileNotGranted", says: /no profile named "no-such-profile"/ },
    { name: "root", spec: { user: "root" }, reason: "UserRefused", says: /running as user "root" is disallowed/ },
    { name: "root-by-number", spec: { user: "0" }, reason: "UserRefused", says: /disallowed/ },
  ])("because of $name says why, and has no pod", async ({ name, spec, reason, says }) => {
    await applyTask(world, name, spec);
    const accepted = await conditionBecomes(world, name, { type: "Accepted", status: "False" });
    expect(accepted).toMatchObject({ reason, message: expect.stringMatching(says) as string });
    expect(await podsOf(world, name)).toEqual([]);
  });

  it("in a new version keeps the old one running", async () => {
    const pod = await readyPod(world, "worse", {});
    await applyTask(world, "worse", { user: "root" });
    expect((await conditionBecomes(world, "worse", { type: "Accepted", status: "False" })).reason).toBe("UserRefused");
    expect((await livePods(world, "worse")).map(uidOf)).toEqual([uidOf(pod)]);
  });

  it("because its namespace is not managed says how to manage it, and runs when that is done", async () => {
    const namespace = unique("unmanaged");
    await kubectlOk(["create", "namespace", namespace]);
    try {
      const elsewhere = { ...world, namespace };
      await applyTask(elsewhere, "stranger", {});
      const accepted = await conditionBecomes(elsewhere, "stranger", { type: "Accepted", status: "False" });
      expect(accepted).toMatchObject({ reason: "NamespaceNotManaged", message: expect.stringContaining(`kubectl label namespace ${namespace} nomad-bridge.dev/managed=true`) as string });
      expect(await nomad(`/v1/job/stranger?namespace=${namespace}`)).toMatchObject({ status: 404 });
      await kubectlOk(["label", "namespace", namespace, "nomad-bridge.dev/managed=true"]);
      await kubectlOk(["apply", "-n", namespace, "-f", "manifests/managed-namespace.yaml"]);
      await conditionBecomes(elsewhere, "stranger", { type: "Ready", status: "True" });
      expect(await livePods(elsewhere, "stranger")).toHaveLength(1);
      await removeTask(elsewhere, "stranger");
    } finally {
      await kubectlOk(["delete", "namespace", namespace, "--wait=false"]);
    }
  });
});

describe.concurrent("kubectl apply of what can never be right", () => {
  it.each([
    { name: "a relative workDir", spec: { workDir: "local" }, says: 'work_dir must be absolute but got relative path "local"' },
    { name: 'a workDir with ".."', spec: { workDir: "/local/../etc" }, says: 'work_dir "/local/../etc" contains ".."' },
    { name: 'a command with ".."', spec: { command: "../bin/sh" }, says: 'command "../bin/sh" contains ".."' },
    { name: "no command", spec: { command: undefined }, says: "spec.command: Required value" },
    { name: "an empty command", spec: { command: "" }, says: "spec.command" },
    { name: "a negative cpu", spec: { resources: { cpu: -1 } }, says: "spec.resources.cpu" },
    { name: "a memory of 0", spec: { resources: { memory: 0 } }, says: "spec.resources.memory" },
    { name: "less memoryMax than memory", spec: { resources: { memory: 64, memoryMax: 32 } }, says: "memoryMax must be at least memory" },
    { name: "a negative count", spec: { count: -1 }, says: "spec.count" },
    { name: "a kill signal that is none", spec: { killSignal: "TERM" }, says: "spec.killSignal" },
    { name: "a kill signal that Linux has not", spec: { killSignal: "SIGNOPE" }, says: "spec.killSignal" },
    { name: "a kill timeout without a unit", spec: { killTimeout: "5" }, says: "spec.killTimeout" },
    { name: "a pid mode that Nomad has not", spec: { pidMode: "container" }, says: "spec.pidMode" },
  ])("with $name is refused at once", async ({ spec, says }) => {
    const object = { ...execTask(world.namespace, "refused", {}), spec: { command: "/bin/sh", ...spec } };
    const { code, stderr } = await kubectl(["apply", "-f", "-"], object);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) as string });
  });

  it("with a field that does not exist is refused, not dropped", async () => {
    const object = { apiVersion: API_VERSION, kind: "ExecTask", metadata: { name: "refused", namespace: world.namespace }, spec: { command: "/bin/sh", capadd: ["all"] } };
    const { code, stderr } = await kubectl(["apply", "-f", "-"], object);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('unknown field "spec.capadd"') as string });
  });
});
