import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { NomadJob } from "../../../src/api/nomad-job.ts";
import type { Pod } from "../../../src/api/pod.ts";
import type { LauncherDocument } from "../../../src/contract/launcher-document.ts";
import { ANNOTATION, documentAnnotation } from "../../../src/contract/pod-metadata.ts";
import { NOMAD_SERVICE_POLICY } from "../../../src/controller/plan/exec-task.ts";
import { allocationView, reconcile, type ReconcileDeps, type WriteError } from "../../../src/controller/reconcile.ts";
import type { StatusIntent } from "../../../src/controller/status.ts";
import { configOf, sha256, taskOf } from "../mapping/mapping-fixtures.ts";
import { at, CREATED, lastWords, ms, podOf, running, terminated } from "../mapping/pod-fixtures.ts";

/** One namespace of a cluster: what is in it, what it refuses, and what was said about it. */
type Cluster = {
  task: ExecTask | undefined;
  config: BridgeConfigSpec | undefined;
  managed: boolean;
  now: number;
  pods: Map<string, Pod>;
  status: StatusIntent | undefined;
  events: string[];
  missing: ReadonlySet<string>;
  /** Those that claim the task's name as their ID. */
  jobs: readonly NomadJob[];
  apiServer: readonly string[];
  /** Undefined: the write is done. Thrown: the controller died just before it. */
  refuse: (write: string) => WriteError | undefined;
};

const clusterOf = (fields: Partial<Cluster> = {}): Cluster => ({
  task: taskOf({ count: 2 }), config: configOf(), managed: true, now: CREATED, pods: new Map(), status: undefined, events: [], missing: new Set(), jobs: [], apiServer: [], refuse: () => undefined, ...fields,
});

const ended = (pod: Pod, now: number): Pod => ({ ...pod, status: { phase: "Failed", containerStatuses: [{ name: "web", lastState: terminated(1, (now - CREATED) / 1000) }] } });

function depsOf(cluster: Cluster): ReconcileDeps {
  const write = (name: string, perform: () => void): Promise<{ ok: true; value: undefined } | { ok: false; error: WriteError }> => {
    const error = cluster.refuse(name);
    if (error === undefined) perform();
    return Promise.resolve(error === undefined ? { ok: true, value: undefined } : { ok: false, error });
  };
  const change = (name: string, uid: string, to: (pod: Pod) => Pod) => {
    const pod = cluster.pods.get(name);
    if (pod?.metadata.uid === uid) cluster.pods.set(name, to(pod));
  };
  return {
    task: (namespace, name) => (namespace === "team" && name === "web" ? cluster.task : undefined),
    jobsOfId: () => cluster.jobs,
    podsOf: (uid) => [...cluster.pods.values()].filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    isManaged: () => cluster.managed,
    config: () => cluster.config,
    missingPaths: () => cluster.missing,
    denyNetworks: () => cluster.apiServer,
    createPod: (object) => write("create", () => {
      const pod = object as Pod;
      if (cluster.pods.has(pod.metadata.name)) return;
      cluster.pods.set(pod.metadata.name, { ...pod, metadata: { ...pod.metadata, uid: `uid-${cluster.pods.size}`, creationTimestamp: new Date(cluster.now).toISOString() }, status: { phase: "Pending" } });
    }),
    deletePod: (_namespace, { name, uid }) => write("delete", () => {
      if (cluster.pods.get(name)?.status?.phase === "Failed") cluster.pods.delete(name);
      else change(name, uid, (pod) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date(cluster.now).toISOString() } }));
    }),
    endPod: (_namespace, { name, uid }) => write("end", () => change(name, uid, (pod) => ended(pod, cluster.now))),
    writeStatus: (_task, intent) => write("status", () => void (cluster.status = intent)),
    event: (_task, { type, reason, note }) => void cluster.events.push(`${type} ${reason} ${note}`),
    sha256,
    images: { launcher: "launcher:1", fetch: "fetch:1" },
    policy: NOMAD_SERVICE_POLICY,
    now: () => cluster.now,
  };
}

const run = (cluster: Cluster) => reconcile(depsOf(cluster), { namespace: "team", name: "web" });
const namesOf = ({ pods }: Cluster) => [...pods.keys()].map((name) => name.replace(/^nb-web-[0-9a-f]{8}-/, "")).sort();
const accepted = ({ status }: Cluster) => status?.conditions.find(({ type }) => type === "Accepted");

/** The kubelet's part: what stops is gone, and everything else runs and is ready. */
function kubelet(cluster: Cluster): void {
  for (const [name, pod] of cluster.pods) {
    if (pod.metadata.deletionTimestamp !== undefined) cluster.pods.delete(name);
    else if (pod.status?.phase === "Pending") {
      const now = (cluster.now - CREATED) / 1000;
      cluster.pods.set(name, { ...pod, status: { ...podOf({ readyAt: now, container: { state: running(now) } }).status! } });
    }
  }
}

const edit = (cluster: Cluster, spec: Partial<ExecTask["spec"]>) => {
  cluster.task = taskOf({ ...cluster.task?.spec, ...spec }, { generation: (cluster.task?.metadata.generation ?? 0) + 1 });
};

describe("reconcile", () => {
  it("makes the pods of a new task, says so, and is settled", async () => {
    const cluster = clusterOf();
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect(namesOf(cluster)).toEqual(["0-1", "1-1"]);
    expect(cluster.events).toEqual([0, 1].map((index) => expect.stringMatching(new RegExp(`^Normal AllocationPlaced allocation ${index} placed as pod nb-web-[0-9a-f]{8}-${index}-1$`)) as string));
    kubelet(cluster);
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect(cluster.status).toMatchObject({ summary: "2/2", desired: 2, ready: 2 });
  });

  it("owns each pod as its controller", async () => {
    const cluster = clusterOf();
    await run(cluster);
    for (const pod of cluster.pods.values()) expect(pod.metadata.ownerReferences).toMatchObject([{ kind: "ExecTask", name: "web", uid: "task-uid", controller: true }]);
  });

  it("makes nothing while an older NomadJob has its name as job ID, and goes on when that is the younger one", async () => {
    const claim = (creationTimestamp: string): NomadJob => ({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", metadata: { name: "nb-web", namespace: "team", uid: "job", creationTimestamp }, spec: { id: "web", job: {} } });
    const task = { ...taskOf({ count: 2 }), metadata: { ...taskOf().metadata, creationTimestamp: "2026-01-01T00:00:00Z" } };
    const cluster = clusterOf({ task, jobs: [claim("2025-01-01T00:00:00Z")] });
    expect(await run(cluster)).toMatchObject({ kind: "stalled", reason: "JobIDTaken", message: expect.stringContaining('"web" belongs to NomadJob "nb-web"') as string });
    expect(namesOf(cluster)).toEqual([]);
    cluster.jobs = [claim("2027-01-01T00:00:00Z")];
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-1", "1-1"]);
  });

  it("replaces an allocation that somebody asked to be stopped", async () => {
    const cluster = clusterOf();
    await run(cluster);
    kubelet(cluster);
    const [first] = cluster.pods.values();
    const requests = JSON.stringify({ stop: { [first?.metadata.uid ?? ""]: { at: cluster.now } } });
    cluster.task = { ...taskOf({ count: 2 }), metadata: { ...taskOf().metadata, annotations: { [ANNOTATION.requests]: requests } } };
    await run(cluster);
    kubelet(cluster);
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-2", "1-1"]);
  });

  it("rolls a new version out one by one, waiting for each to be healthy", async () => {
    const cluster = clusterOf();
    await run(cluster);
    kubelet(cluster);
    edit(cluster, { args: ["2"] });
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-1", "0-2", "1-1"]);
    kubelet(cluster);
    expect(await run(cluster)).toEqual({ kind: "wait", ms: 10_000, reason: "an allocation becomes due" });
    expect(namesOf(cluster)).toEqual(["0-2", "1-1"]);
    // It is known in whole seconds since when it is ready.
    cluster.now += 10_999;
    await run(cluster);
    kubelet(cluster);
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect(namesOf(cluster)).toEqual(["0-2", "1-2"]);
    expect([...cluster.pods.values()].map((pod) => pod.metadata.annotations?.[ANNOTATION.jobVersion])).toEqual(["1", "1"]);
  });

  it("ends what its launcher gave up, keeps it, and replaces it after the delay", async () => {
    const cluster = clusterOf({ task: taskOf({ count: 1 }) });
    await run(cluster);
    const [name, pod] = [...cluster.pods][0]!;
    cluster.pods.set(name, { ...pod, status: { phase: "Running", containerStatuses: [{ name: "web", state: terminated(213, 0, lastWords({ reason: "attempts-spent" })) }] } });
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect(cluster.pods.get(name)?.status?.phase).toBe("Failed");
    expect(await run(cluster)).toEqual({ kind: "wait", ms: 30_000, reason: "an allocation becomes due" });
    cluster.now += 30_000;
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-1", "0-2"]);
    expect([...cluster.pods.values()].at(-1)?.metadata.annotations?.[ANNOTATION.reschedules]).toBe("1");
  });

  it("replaces at once a pod that waits for a path which its node turns out to lack, and no other", async () => {
    const cluster = clusterOf();
    await run(cluster);
    const [first] = [...cluster.pods.keys()];
    cluster.pods.set(first!, { ...cluster.pods.get(first!)!, status: podOf({ readyAt: 1, container: { state: running(1) } }).status! });
    cluster.missing = new Set(["/lib64"]);
    await run(cluster);
    await run(cluster);
    const hostPathsOf = (name: string) => [...cluster.pods].find(([each]) => each.endsWith(name))?.[1].spec.volumes?.map(({ hostPath }) => hostPath?.path) ?? [];
    expect(namesOf(cluster)).toEqual(["0-1", "1-1", "1-2"]);
    expect([...cluster.pods.values()].filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name.slice(-3))).toEqual(["1-1"]);
    expect([hostPathsOf("1-1").includes("/lib64"), hostPathsOf("1-2").includes("/lib64"), hostPathsOf("1-2").includes("/usr")]).toEqual([true, false, true]);
    expect(cluster.status?.findings).toContainEqual(expect.objectContaining({ path: "chroot", message: expect.stringMatching(/: \/lib64$/) as string }));
  });

  it("keeps artifacts from the API server as it is now, and leaves pods alone when it moves", async () => {
    const cluster = clusterOf({ apiServer: ["10.96.0.1", "192.0.2.5:6443"] });
    const denied = () => [...cluster.pods.values()].map(({ metadata }) => (JSON.parse(metadata.annotations?.[documentAnnotation("web", 0)] ?? "") as LauncherDocument).fetch.denyNetworks);
    await run(cluster);
    kubelet(cluster);
    cluster.apiServer = ["10.96.0.1", "192.0.2.6:6443"];
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-1", "1-1"]);
    edit(cluster, { count: 3 });
    await run(cluster);
    expect(denied()).toEqual([["10.96.0.1", "192.0.2.5:6443"], ["10.96.0.1", "192.0.2.5:6443"], ["10.96.0.1", "192.0.2.6:6443"]]);
  });

  it("looks again when a task that waits for its restart will be ready, as no event will say so", async () => {
    const cluster = clusterOf({ task: taskOf({ count: 1 }) });
    await run(cluster);
    const [name, pod] = [...cluster.pods][0]!;
    const container = { state: running(1), lastState: terminated(1, 0, lastWords({ restartInMs: 15_000 })) };
    cluster.pods.set(name, { ...pod, status: podOf({ readyAt: 1, container }).status! });
    expect(await run(cluster)).toEqual({ kind: "wait", ms: 15_000, reason: "an allocation becomes due" });
    expect(cluster.status?.summary).toBe("0/1");
    cluster.now += 15_000;
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect(cluster.status?.summary).toBe("1/1");
  });

  it.each<[string, Partial<Cluster>]>([
    ["that is gone", { task: undefined }],
    ["that is being deleted", { task: taskOf({ count: 2 }, { deletionTimestamp: at(0) }) }],
  ])("leaves a task %s alone", async (_name, fields) => {
    const cluster = clusterOf(fields);
    expect(await run(cluster)).toEqual({ kind: "settled" });
    expect([cluster.pods.size, cluster.status, cluster.events]).toEqual([0, undefined, []]);
  });

  it.each<[string, string, (cluster: Cluster) => void]>([
    ["in a namespace that is not managed", "NamespaceNotManaged", (cluster) => void (cluster.managed = false)],
    ["without a BridgeConfig", "BridgeConfigMissing", (cluster) => void (cluster.config = undefined)],
    ["with no profile", "ProfileNotGranted", (cluster) => void (cluster.config = { ...configOf(), profiles: [] })],
    ["with a capability that is not allowed", "CapabilityRefused", (cluster) => edit(cluster, { capAdd: ["bpf"] })],
    ["as root", "UserRefused", (cluster) => edit(cluster, { user: "root" })],
  ])("refuses a task %s, and leaves the pods it has as they are", async (_name, reason, spoil) => {
    const cluster = clusterOf();
    await run(cluster);
    kubelet(cluster);
    const before = new Map(cluster.pods);
    spoil(cluster);
    const outcome = await run(cluster);
    expect(outcome).toMatchObject({ kind: "stalled", reason });
    expect(accepted(cluster)).toMatchObject({ status: "False", reason });
    expect([cluster.pods, cluster.status?.summary]).toEqual([before, "2/2"]);
  });

  it("stalls on a pod that the API server will never take, and tells why in an event and the status", async () => {
    const cluster = clusterOf({ refuse: (write) => (write === "create" ? { retry: false, reason: "Invalid", message: "hostPID is not allowed" } : undefined) });
    expect(await run(cluster)).toEqual({ kind: "stalled", reason: "Invalid", message: "hostPID is not allowed" });
    expect(accepted(cluster)).toMatchObject({ status: "False", reason: "Invalid", message: "hostPID is not allowed" });
    expect(cluster.events).toEqual([expect.stringMatching(/^Warning FailedCreate nb-web-[0-9a-f]{8}-0-1: hostPID is not allowed$/)]);
  });

  it("stalls on a task that is too large, without a pod", async () => {
    const cluster = clusterOf({ task: taskOf({ args: Array.from({ length: 4 }, () => "x".repeat(60_000)) }) });
    expect(await run(cluster)).toMatchObject({ kind: "stalled", reason: "TaskTooLarge" });
    expect(cluster.pods.size).toBe(0);
  });

  it.each(["create", "status"])("throws for its queue to try again when %s may work later", async (which) => {
    const cluster = clusterOf({ refuse: (write) => (write === which ? { retry: true, reason: "ServerTimeout", message: "busy" } : undefined) });
    await expect(run(cluster)).rejects.toThrow("ServerTimeout: busy");
    cluster.refuse = () => undefined;
    await run(cluster);
    expect(namesOf(cluster)).toEqual(["0-1", "1-1"]);
  });

  it("makes no second pod when its cache has not seen the first", async () => {
    const cluster = clusterOf();
    await run(cluster);
    const pods = new Map(cluster.pods);
    const blind: ReconcileDeps = { ...depsOf(cluster), podsOf: () => [] };
    await reconcile(blind, { namespace: "team", name: "web" });
    expect(cluster.pods).toEqual(pods);
  });

  it("reaches the same end however often it dies between two writes", async () => {
    const edits = fc.array(fc.record({ count: fc.nat(4), args: fc.constantFrom("1", "2").map((arg) => [arg]) }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, fc.array(fc.nat(3), { maxLength: 20 }), async (specs, deaths) => {
        const cluster = clusterOf();
        const lives = [...deaths];
        for (const spec of specs) {
          edit(cluster, spec);
          let left = lives.shift() ?? 99;
          cluster.refuse = () => (left-- > 0 ? undefined : { retry: true, reason: "Died", message: "here" });
          await run(cluster).catch((error: unknown) => expect(String(error)).toBe("Error: Died: here"));
          if (left % 2 === 0) kubelet(cluster);
        }
        cluster.refuse = () => undefined;
        for (let round = 0; round < 20; round++) {
          kubelet(cluster);
          const outcome = await run(cluster);
          cluster.now += outcome.kind === "wait" ? outcome.ms : 1_000;
        }
        const { count = 1 } = specs.at(-1) ?? {};
        const views = [...cluster.pods.values()].map((pod) => allocationView(pod, cluster.now));
        expect(views.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(new Set(views.map(({ specHash }) => specHash)).size).toBeLessThanOrEqual(1);
        expect(cluster.status?.summary).toBe(`${count}/${count}`);
      }),
      { numRuns: 60 },
    );
  });
});

describe("allocationView", () => {
  it.each([
    ["nb-web-12345678-3-14", 3, 14], ["nb-12345678-0-1", 0, 1], ["nb-a-1-2-12345678-10-200", 10, 200], ["something", 0, 0],
  ])("reads off the name %s index %i and serial %i, whatever the labels say", (name, index, serial) => {
    expect(allocationView(podOf({ metadata: { name, labels: { "nomad-bridge.dev/alloc-index": "9" } } }), CREATED)).toMatchObject({ name, index, serial });
  });

  it.each([[undefined, 0], ["3", 3], ["many", 0], ["", 0]])("takes %j for %i reschedules", (text, reschedules) => {
    const annotations: Record<string, string> = text === undefined ? {} : { [ANNOTATION.reschedules]: text };
    expect(allocationView(podOf({ metadata: { annotations } }), CREATED).reschedules).toBe(reschedules);
  });

  it("carries the pod's times", () => {
    expect(allocationView(podOf({ readyAt: 4, container: { state: running(1) } }), ms(9))).toMatchObject({ state: "running", readySince: ms(4) + 999, createdAt: ms(0) });
    expect(allocationView(podOf({ phase: "Failed", container: { state: terminated(1, 7) } }), ms(9))).toMatchObject({ state: "failed", endedAt: ms(7) });
  });
});
