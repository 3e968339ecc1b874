import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { STOP_REASON } from "../../../../src/controller/plan/types.ts";
import { deploymentId } from "../../../../src/mapping/nomad-ids.ts";
import type { LooseGroup, LooseJob } from "../../mapping/job/job-fixtures.ts";
import { configOf, sha256, taskOf } from "../../mapping/mapping-fixtures.ts";
import { apply, commandOf, emptyCluster, type JobCluster, kubelet, livePods, nodeOf, nowOf, podsIn, request, run, settle, statusOf, stop } from "./job-world.ts";

const SECOND = 1_000_000_000;
const UPDATE = { Stagger: 30 * SECOND, MaxParallel: 1, HealthCheck: "checks", MinHealthyTime: SECOND, HealthyDeadline: 60 * SECOND, ProgressDeadline: 120 * SECOND, Canary: 0, AutoRevert: false, AutoPromote: false };

const group = (command: string, fields: LooseGroup = {}): LooseGroup => ({ Count: 2, Update: UPDATE, Tasks: [{ Config: { command } }], ...fields });
const service = (command: string, fields: LooseGroup = {}): LooseJob => ({ TaskGroups: [group(command, fields)] });
const batch = (fields: LooseGroup = {}): LooseJob => ({ Type: "batch", TaskGroups: [group("work", { Update: null, ...fields })] });

const condition = (cluster: JobCluster, type: string) => statusOf(cluster).conditions?.find((each) => each.type === type);
const versions = ({ revisions }: JobCluster) => [...revisions.values()].map(({ revision }) => revision).sort((a, b) => a - b);

describe("a NomadJob", () => {
  it("becomes pods that it owns, a version, and a status in Nomad's words", async () => {
    const cluster = emptyCluster();
    const job = apply(cluster, service("one"));
    await settle(cluster);
    expect(podsIn(cluster)).toEqual(["0-1", "1-1"]);
    for (const pod of cluster.pods.values()) expect(pod.metadata.ownerReferences).toMatchObject([{ kind: "NomadJob", uid: job.metadata.uid, controller: true }]);
    expect(statusOf(cluster)).toMatchObject({ state: "running", summary: "2/2", jobModifyIndex: "1", observedGeneration: 1, stableVersion: 0, groups: { web: { running: 2, queued: 0 } }, deployment: { status: "successful" } });
    expect([...cluster.revisions.values()]).toMatchObject([{ revision: 0, data: { jobModifyIndex: "1" } }]);
  });

  it("leaves everything as it is when nothing has changed", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    const before = structuredClone([cluster.jobs, cluster.pods, cluster.revisions]);
    await run(cluster);
    expect([cluster.jobs, cluster.pods, cluster.revisions]).toEqual(before);
  });

  it("keeps the index of its deployment until that changes", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    const indexOf = () => statusOf(cluster).deployment?.["modifyIndex"];
    const [first] = [indexOf()];
    expect(first).toEqual(expect.any(Number));
    for (const [name, pod] of cluster.pods) cluster.pods.set(name, { ...pod, status: { ...pod.status, conditions: [] } });
    await run(cluster);
    expect(statusOf(cluster).summary).toBe("0/2");
    expect(indexOf()).toBe(first);
    apply(cluster, service("two"));
    await settle(cluster, { rounds: 12 });
    expect(Number(indexOf())).toBeGreaterThan(Number(first));
    expect(statusOf(cluster).deployment).toMatchObject({ superseded: { modifyIndex: first } });
  });

  it("replaces its pods by those of a new version, and keeps the old ones to be read", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    apply(cluster, service("two"));
    await settle(cluster, { rounds: 12 });
    expect(livePods(cluster).map(commandOf)).toEqual(["two", "two"]);
    const stopped = [...cluster.pods.values()].filter(({ metadata }) => metadata.annotations?.[ANNOTATION.stopped] !== undefined);
    expect(stopped.map(({ metadata }) => metadata.annotations?.[ANNOTATION.stopped])).toEqual([STOP_REASON.updating, STOP_REASON.updating]);
    expect(new Set(livePods(cluster).map(({ metadata }) => metadata.annotations?.[ANNOTATION.previousAllocation]))).toEqual(new Set(stopped.map(({ metadata }) => metadata.uid)));
    expect(statusOf(cluster)).toMatchObject({ groups: { web: { running: 2, complete: 2, failed: 0 } }, deployment: { jobVersion: 1, status: "successful", superseded: { jobVersion: 0 } } });
    expect(versions(cluster)).toEqual([0, 1]);
  });

  it("only says so on its pods when the new version runs the same", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    const uids = livePods(cluster).map(({ metadata }) => metadata.uid);
    apply(cluster, { ...service("one"), Priority: 70 });
    await settle(cluster);
    expect(livePods(cluster).map(({ metadata }) => metadata.uid)).toEqual(uids);
    expect(livePods(cluster).map(({ metadata }) => metadata.annotations?.[ANNOTATION.jobVersion])).toEqual(["1", "1"]);
  });

  it("is dead when it is stopped, with pods that can be read; one that had no node is gone", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one", { Count: 1 }));
    await settle(cluster);
    apply(cluster, service("one", { Count: 2 }));
    await run(cluster);
    stop(cluster);
    await run(cluster);
    kubelet(cluster);
    await run(cluster);
    expect(podsIn(cluster)).toEqual(["0-1"]);
    expect(statusOf(cluster)).toMatchObject({ state: "dead", allocations: [], groups: { web: { complete: 1, running: 0 } } });
  });

  it("keeps five ended allocations of a group, and six versions beside those that are needed", async () => {
    const cluster = emptyCluster();
    for (let version = 0; version < 12; version++) {
      apply(cluster, service(`v${version}`, { Count: 1, Update: { ...UPDATE, MaxParallel: 0 } }));
      await settle(cluster, { rounds: 3 });
    }
    expect(podsIn(cluster).length).toBe(6);
    expect(versions(cluster).length).toBeLessThanOrEqual(6 + 6);
    expect(versions(cluster).at(-1)).toBe(11);
    expect(versions(cluster)).not.toContain(0);
  });

  it("goes back to its stable version once when the deployment fails and wants that", async () => {
    const cluster = emptyCluster();
    const settings = { Count: 1, Update: { ...UPDATE, AutoRevert: true, ProgressDeadline: 0 }, ReschedulePolicy: null };
    apply(cluster, service("good", settings));
    await settle(cluster);
    apply(cluster, service("bad", settings));
    const fails = { program: (pod: Parameters<typeof commandOf>[0]) => (commandOf(pod) === "bad" ? 1 : ("runs" as const)) };
    await settle(cluster, { ...fails, rounds: 12 });
    expect(nowOf(cluster).metadata.generation).toBe(3);
    expect(livePods(cluster).map(commandOf)).toEqual(["good"]);
    expect(statusOf(cluster)).toMatchObject({ stableVersion: 2, deployment: { jobVersion: 2, status: "successful", superseded: { jobVersion: 1, status: "failed" } } });
    expect(versions(cluster)).toEqual([0, 1, 2]);
  });

  it("tries canaries beside the old version, and makes those that are missing of the old one, until they are promoted", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("old", { Update: { ...UPDATE, Canary: 1 } }));
    await settle(cluster);
    apply(cluster, service("new", { Update: { ...UPDATE, Canary: 1 } }));
    await settle(cluster);
    expect(livePods(cluster).map(commandOf).sort()).toEqual(["new", "old", "old"]);
    expect(livePods(cluster).filter(({ metadata }) => metadata.annotations?.[ANNOTATION.canary] === "true").map(commandOf)).toEqual(["new"]);
    const lost = livePods(cluster).find((pod) => commandOf(pod) === "old");
    if (lost !== undefined) cluster.pods.set(lost.metadata.name, { ...lost, metadata: { ...lost.metadata, deletionTimestamp: new Date(cluster.now).toISOString() } });
    await run(cluster);
    cluster.pods.delete(lost?.metadata.name ?? "");
    await settle(cluster);
    expect(livePods(cluster).map(commandOf).sort()).toEqual(["new", "old", "old"]);
    request(cluster, { deployment: { id: deploymentId(sha256, nowOf(cluster).metadata.uid ?? "", 1), promote: ["*"] } });
    await settle(cluster, { rounds: 12 });
    expect(livePods(cluster).map(commandOf)).toEqual(["new", "new"]);
  });

  it("hears nothing of a request for another deployment", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("old", { Update: { ...UPDATE, Canary: 1 } }));
    await settle(cluster);
    apply(cluster, service("new", { Update: { ...UPDATE, Canary: 1 } }));
    request(cluster, { deployment: { id: deploymentId(sha256, nowOf(cluster).metadata.uid ?? "", 0), promote: ["*"], failed: true } });
    await settle(cluster);
    expect(statusOf(cluster)).toMatchObject({ deployment: { status: "running", groups: { web: { promoted: false } } } });
  });

  it("writes nothing more once it has heard of the health of an allocation that is gone", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("old", { Update: { ...UPDATE, Canary: 1 } }));
    await settle(cluster);
    apply(cluster, service("new", { Update: { ...UPDATE, Canary: 1 } }));
    await settle(cluster);
    request(cluster, { deployment: { id: deploymentId(sha256, nowOf(cluster).metadata.uid ?? "", 1), healthy: ["gone"] } });
    await run(cluster);
    const before = statusOf(cluster);
    cluster.now += 1;
    await run(cluster);
    expect(statusOf(cluster)).toEqual(before);
  });

  it("replaces an allocation that somebody stops, and that one only once", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    const [first] = livePods(cluster);
    request(cluster, { stop: { [first?.metadata.uid ?? ""]: { at: cluster.now } } });
    await settle(cluster, { rounds: 12 });
    expect(podsIn(cluster)).toEqual(["0-1", "0-2", "1-1"]);
    expect(cluster.pods.get(first?.metadata.name ?? "")?.metadata.annotations?.[ANNOTATION.stopped]).toBe(STOP_REASON.migrating);
  });

  it("places what has failed again at once when somebody asks", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one", { Count: 1, Update: null, ReschedulePolicy: { Attempts: 0, Interval: 0, Delay: 3600 * SECOND, DelayFunction: "constant", MaxDelay: 0, Unlimited: true } }));
    await settle(cluster, { program: () => 1 });
    expect(podsIn(cluster)).toEqual(["0-1"]);
    request(cluster, { reschedule: cluster.now });
    await settle(cluster);
    expect(livePods(cluster).length).toBe(1);
    expect(podsIn(cluster)).toEqual(["0-1", "0-2"]);
  });

  it("does batch work once, remembers it, and is dead then", async () => {
    const cluster = emptyCluster();
    apply(cluster, batch());
    await settle(cluster, { program: () => 0 });
    expect(statusOf(cluster)).toMatchObject({ state: "dead", groups: { web: { complete: 2 } } });
    cluster.pods.clear();
    await settle(cluster, { program: () => 0 });
    expect(podsIn(cluster)).toEqual([]);
  });

  it("does not take for done what was moved off a drained node", async () => {
    const cluster = emptyCluster();
    apply(cluster, batch({ Count: 1 }));
    await settle(cluster);
    const drain = JSON.stringify({ startedAt: cluster.now, deadlineMs: -1, ignoreSystemJobs: false });
    cluster.nodes.set("n1", nodeOf("n1", { annotations: { "nomad-bridge.dev/drain": drain } }));
    cluster.nodes.set("n2", nodeOf("n2"));
    await run(cluster);
    for (const pod of livePods(cluster)) cluster.pods.set(pod.metadata.name, { ...pod, spec: { ...pod.spec, nodeName: "n2" } });
    await settle(cluster);
    expect(podsIn(cluster)).toEqual(["0-1", "0-2"]);
    expect(livePods(cluster).map(({ spec }) => spec.nodeName)).toEqual(["n2"]);
  });

  it("runs a system group on each node that takes it, by name, and on no other", async () => {
    const cluster = emptyCluster({ nodes: new Map([["n1", nodeOf("n1")], ["n2", nodeOf("n2")], ["down", nodeOf("down", {}, "Unknown")], ["shut", nodeOf("shut", { labels: { "nomad-bridge.dev/eligibility": "ineligible" } })]]) });
    apply(cluster, { Type: "system", TaskGroups: [group("agent", { Count: 1, Update: null })] });
    await settle(cluster);
    expect(new Set(livePods(cluster).map(({ spec }) => spec.nodeName))).toEqual(new Set(["n1", "n2"]));
    for (const pod of livePods(cluster)) expect(JSON.stringify((pod.spec as { readonly affinity?: object }).affinity)).toContain(`"values":["${pod.spec.nodeName}"]`);
    cluster.nodes.set("n1", nodeOf("n1", { labels: { "nomad-bridge.dev/eligibility": "ineligible" } }));
    await settle(cluster);
    expect(livePods(cluster).length).toBe(2);
  });

  it("has its Services applied, those of before pruned, and none when it is stopped", async () => {
    const cluster = emptyCluster();
    const found = (names: readonly string[]) => apply(cluster, service("one", { Services: names.map((Name) => ({ Name, Provider: "nomad" })) }));
    found(["api", "admin"]);
    await settle(cluster);
    const namesOf = () => [...cluster.services.values()].map(({ metadata }) => metadata.annotations?.[ANNOTATION.service]).sort((a = "", b = "") => (a < b ? -1 : 1));
    expect(namesOf()).toEqual(["admin", "api"]);
    found(["api"]);
    await settle(cluster);
    expect(namesOf()).toEqual(["api"]);
    stop(cluster);
    await settle(cluster);
    expect(namesOf()).toEqual([]);
  });

  it("makes a pod again that waits for nodes which are not those that there are now, and lets one wait that does not", async () => {
    const named = (name: string) => nodeOf(name, { labels: { "kubernetes.io/hostname": name } });
    const cluster = emptyCluster({ nodes: new Map([["n1", named("n1")]]) });
    apply(cluster, service("one", { Count: 1, Constraints: [{ LTarget: "${attr.unique.hostname}", RTarget: "n2", Operand: "=" }] }));
    await run(cluster);
    await run(cluster);
    expect(podsIn(cluster)).toEqual(["0-1"]);
    cluster.nodes.set("n2", named("n2"));
    await run(cluster);
    await run(cluster);
    expect(podsIn(cluster)).toEqual(["0-2"]);
    expect(JSON.stringify([...cluster.pods.values()][0]?.spec.affinity)).toContain('"values":["n2"]');
  });

  it("finds a name for its pods although those of the job before it are still there", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    cluster.jobs.clear();
    apply(cluster, service("one"));
    await settle(cluster);
    expect(podsIn(cluster)).toEqual(["0-1", "0-2", "1-1", "1-2"]);
    expect(statusOf(cluster)).toMatchObject({ summary: "2/2" });
  });
});

describe("a NomadJob that is refused", () => {
  const cases: readonly (readonly [string, string, (cluster: JobCluster) => void])[] = [
    ["of which the cluster has no config", "BridgeConfigMissing", (cluster) => (cluster.config = undefined)],
    ["in a namespace that is not managed", "NamespaceNotManaged", (cluster) => (cluster.managed = false)],
    ["with a job that is none", "InvalidJob", (cluster) => apply(cluster, service("two"), { job: { ID: 5 } })],
    ["with faults that Nomad names", "InvalidJob", (cluster) => apply(cluster, { ...service("two"), Datacenters: [] , TaskGroups: [] })],
    ["with an ID beside the job that is another", "JobMismatch", (cluster) => apply(cluster, { ...service("two"), ID: "web" }, { id: "other" })],
    ["with a type beside the job that is another", "JobMismatch", (cluster) => apply(cluster, service("two"), { type: "batch" })],
    ["for a namespace that is another", "JobMismatch", (cluster) => apply(cluster, { ...service("two"), Namespace: "default" })],
    ["as one group may not be what it is", "CapabilityRefused", (cluster) => apply(cluster, { TaskGroups: [group("two"), group("two", { Name: "other", Tasks: [{ Config: { command: "x", cap_add: ["sys_admin"] } }] })] })],
    ["as an ExecTask of before has its ID", "JobIDTaken", (cluster) => (cluster.tasks = [{ ...taskOf(), metadata: { name: "web", namespace: "team", uid: "old", creationTimestamp: "2020-01-01T00:00:00Z" } }])],
  ];
  it("ends what runs of it when it is stopped, and is dead then: no profile has a say in that", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    apply(cluster, { TaskGroups: [group("two", { Tasks: [{ Config: { command: "x", cap_add: ["sys_admin"] } }] })] });
    await settle(cluster);
    expect(livePods(cluster).map(commandOf)).toEqual(["one", "one"]);
    stop(cluster);
    await settle(cluster);
    expect(livePods(cluster)).toEqual([]);
    expect(statusOf(cluster)).toMatchObject({ state: "dead", allocations: [] });
  });

  it("has the index of the version that is refused, and keeps it when that version is accepted", async () => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    cluster.config = undefined;
    const { resourceVersion } = apply(cluster, service("two")).metadata;
    await run(cluster);
    expect(statusOf(cluster)).toMatchObject({ observedGeneration: 2, jobModifyIndex: resourceVersion });
    cluster.jobs.set("web", { ...nowOf(cluster), metadata: { ...nowOf(cluster).metadata, resourceVersion: "999" } });
    cluster.config = configOf();
    await settle(cluster);
    expect(statusOf(cluster)).toMatchObject({ summary: "2/2", jobModifyIndex: resourceVersion });
  });

  it.each(cases)("%s says so, and leaves what runs", async (_name, reason, change) => {
    const cluster = emptyCluster();
    apply(cluster, service("one"));
    await settle(cluster);
    change(cluster);
    expect(await run(cluster)).toMatchObject({ kind: "stalled", reason });
    expect(condition(cluster, "Accepted")).toMatchObject({ status: "False", reason });
    expect(livePods(cluster).map(commandOf)).toEqual(["one", "one"]);
    expect(statusOf(cluster)).toMatchObject({ state: "running", stableVersion: 0, deployment: { status: "successful" } });
  });

  it("is dead once it is stopped, and can be collected, where it never was accepted", async () => {
    const cluster = emptyCluster();
    apply(cluster, { TaskGroups: [group("one", { Tasks: [{ Config: { command: "x", cap_add: ["sys_admin"] } }] })] });
    await run(cluster);
    expect(statusOf(cluster)).toMatchObject({ state: "pending", observedGeneration: 1 });
    stop(cluster);
    await run(cluster);
    expect(statusOf(cluster)).toMatchObject({ state: "dead", observedGeneration: 2 });
    expect(podsIn(cluster)).toEqual([]);
  });

  it("says what the API server said of a pod, and tries again where that may help", async () => {
    const cluster = emptyCluster({ refuse: (write) => (write === "createPod" ? { retry: true, reason: "Forbidden", message: "no quota left" } : undefined) });
    apply(cluster, service("one"));
    await expect(run(cluster)).rejects.toThrow("no quota left");
    expect(condition(cluster, "Accepted")).toMatchObject({ status: "False", reason: "Forbidden", message: "no quota left" });
  });
});

describe("a life with crashes", () => {
  const killed = new Error("killed");
  const step = fc.oneof(
    fc.constantFrom("one", "two", "three").map((command) => (cluster: JobCluster) => void apply(cluster, service(command))),
    fc.integer({ min: 0, max: 4 }).map((Count) => (cluster: JobCluster) => void apply(cluster, service("one", { Count }))),
    fc.constant((cluster: JobCluster) => stop(cluster)),
    fc.constant((cluster: JobCluster) => void apply(cluster, { TaskGroups: [group("one"), group("side", { Name: "side", Count: 1 })] })),
  );

  it("ends where one without them ends: the pods of the last version, each index once, and its version on record", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(6)), { minLength: 1, maxLength: 6 }), async (life) => {
        const cluster = emptyCluster();
        apply(cluster, service("one"));
        for (const [change, writes] of life) {
          change(cluster);
          let left = writes;
          cluster.refuse = () => {
            if (left-- <= 0) throw killed;
            return undefined;
          };
          await run(cluster).catch((thrown: unknown) => expect(thrown).toBe(killed));
          kubelet(cluster);
          cluster.now += 500;
        }
        cluster.refuse = () => undefined;
        await settle(cluster, { rounds: 25 });
        const job = nowOf(cluster);
        const wanted = job.spec.stop === true ? [] : (job.spec.job["TaskGroups"] as readonly { readonly Name: string; readonly Count: number }[]).flatMap(({ Name, Count }) => Array.from({ length: Count }, (_, i) => `${Name}[${i}]`));
        expect(livePods(cluster).map(({ metadata }) => `${metadata.annotations?.[ANNOTATION.group]}[${/-(\d+)-\d+$/.exec(metadata.name)?.[1]}]`).sort()).toEqual(wanted.sort());
        expect(livePods(cluster).every(({ metadata }) => metadata.annotations?.[ANNOTATION.jobVersion] === String((job.metadata.generation ?? 0) - 1))).toBe(true);
        expect(versions(cluster)).toContain((job.metadata.generation ?? 0) - 1);
      }),
      { numRuns: 60 },
    );
  });
});
