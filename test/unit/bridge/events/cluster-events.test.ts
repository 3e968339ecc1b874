import { describe, expect, it } from "vitest";
import type { JobObject, JobRecord } from "../../../../src/mapping/job-record.ts";
import { allocationEvents, type EventContext, jobEvents, nodeEvents } from "../../../../src/bridge/events/cluster-events.ts";
import type { Node, Pod } from "../../../../src/api/pod.ts";
import type { Allocation, ClusterState } from "../../../../src/bridge/bridge-deps.ts";

const cluster = {
  isManaged: (namespace: string) => namespace === "default",
  nomadJob: ({ jobId, object }: JobRecord) => ({ ID: jobId, Namespace: "default", Meta: {}, Constraints: [], TaskGroups: [], Stop: object.metadata.labels?.["stop"] === "true", Status: object.metadata.labels?.["status"] ?? "running" }),
  config: () => undefined,
  osOf: () => undefined,
} as unknown as ClusterState;
const context: EventContext = { cluster, now: () => 0, index: 9 };

const task = (generation: number, namespace = "default", labels = {}) => ({ kind: "ExecTask", metadata: { name: "web", namespace, generation, uid: "u", labels } }) as unknown as JobObject;
const node = (spec: object, ready = "True") => ({ kind: "Node", metadata: { name: "n", uid: "n1" }, spec, status: { conditions: [{ type: "Ready", status: ready }] } }) as unknown as Node;

describe("a change of a job", () => {
  it.each([
    { title: "a new one", change: { type: "added", object: task(1) }, type: ["JobRegistered"] },
    { title: "a new version", change: { type: "updated", object: task(2), previous: task(1) }, type: ["JobRegistered"] },
    { title: "a stop", change: { type: "updated", object: task(2, "default", { stop: "true" }), previous: task(1) }, type: ["JobDeregistered"] },
    { title: "its end by itself", change: { type: "updated", object: task(1, "default", { status: "dead" }), previous: task(1) }, type: ["AllocationUpdated"] },
    { title: "its end after a stop", change: { type: "updated", object: task(1, "default", { status: "dead", stop: "true" }), previous: task(1, "default", { stop: "true" }) }, type: ["EvaluationUpdated"] },
    { title: "its first allocation", change: { type: "updated", object: task(1), previous: task(1, "default", { status: "pending" }) }, type: ["PlanResult"] },
    { title: "what only the controller cares for", change: { type: "updated", object: task(1), previous: task(1) }, type: [] },
    { title: "its purge", change: { type: "deleted", object: task(1), previous: task(1) }, type: ["JobDeregistered"] },
    { title: "one that is not ours to show", change: { type: "added", object: task(1, "kube-system") }, type: [] },
  ] as const)("is, for $title, $type", ({ change, type }) => {
    expect(jobEvents(context, change).map((event) => event.type)).toEqual(type);
  });

  it("says what Nomad says, with the job as whoever reads it gets it", () => {
    const [event] = jobEvents(context, { type: "deleted", object: task(1) });
    expect(event).toMatchObject({ topic: "Job", key: "web", namespace: "default", index: 9 });
    expect(event?.payload()).toEqual({ Job: { ID: "web", Namespace: "default", Meta: null, Constraints: null, TaskGroups: null, Stop: false, Status: "running" } });
  });
});

describe("a change of a pod", () => {
  const pod = (phase: string, more: object = {}) =>
    ({ kind: "Pod", metadata: { name: "p", namespace: "default", uid: "a1", annotations: {}, ...more }, spec: { containers: [{ name: "web" }], nodeName: "n" }, status: { phase } }) as unknown as Pod;
  const unplaced = { ...pod("Pending"), spec: { containers: [] } } as unknown as Pod;
  const allocation = { pod: pod("Running"), job: { jobId: "web", namespace: "default", object: task(1) } } as Allocation;

  it.each([
    { title: "a new one", change: { type: "added", object: pod("Pending") }, type: ["PlanResult"] },
    { title: "one without a node", change: { type: "added", object: unplaced }, type: [] },
    { title: "another look at one without a node", change: { type: "updated", object: { ...unplaced, status: { phase: "Pending", conditions: [] } }, previous: unplaced }, type: [] },
    { title: "its node", change: { type: "updated", object: pod("Pending"), previous: unplaced }, type: ["PlanResult"] },
    { title: "its end by itself", change: { type: "updated", object: pod("Failed"), previous: pod("Running") }, type: ["AllocationUpdated"] },
    { title: "what only the kubelet cares for", change: { type: "updated", object: pod("Running", { resourceVersion: "2" }), previous: pod("Running") }, type: [] },
    { title: "a stop", change: { type: "updated", object: pod("Running", { deletionTimestamp: "2026-01-01T00:00:00Z" }), previous: pod("Running") }, type: ["PlanResult"] },
    { title: "a stop that leaves it to be read", change: { type: "updated", object: pod("Running", { annotations: { "nomad-bridge.dev/stopped": "x" } }), previous: pod("Running") }, type: ["PlanResult"] },
  ] as const)("is, for $title, $type", ({ change, type }) => {
    expect(allocationEvents(context, change, allocation).map((event) => event.type)).toEqual(type);
  });

  it("can be asked for by its job, and is nothing when the job is gone", () => {
    const change = { type: "added", object: pod("Pending") } as const;
    expect(allocationEvents(context, change, allocation)).toMatchObject([{ topic: "Allocation", key: "a1", namespace: "default", filterKeys: ["web", ""], index: 9 }]);
    expect(allocationEvents(context, change, undefined)).toEqual([]);
  });
});

describe("a change of a node", () => {
  it.each([
    { title: "a new one", change: { type: "added", object: node({}) }, type: ["NodeRegistration"] },
    { title: "its purge", change: { type: "deleted", object: node({}) }, type: ["NodeDeregistration"] },
    { title: "a heartbeat", change: { type: "updated", object: node({}), previous: node({}) }, type: [] },
    { title: "what takes it away from scheduling", change: { type: "updated", object: node({ unschedulable: true }), previous: node({}) }, type: ["NodeEligibility"] },
    { title: "its silence", change: { type: "updated", object: node({}, "Unknown"), previous: node({}) }, type: ["NodeEvent"] },
  ] as const)("is, for $title, $type", ({ change, type }) => {
    expect(nodeEvents(context, change).map((event) => event.type)).toEqual(type);
  });
});
