import { describe, expect, it } from "vitest";
import type { JobObject } from "../../../../src/mapping/job-record.ts";
import { type EventContext, jobEvents, nodeEvents } from "../../../../src/bridge/events/cluster-events.ts";
import type { Node } from "../../../../src/api/pod.ts";
import type { ClusterState } from "../../../../src/bridge/bridge-deps.ts";

const cluster = {
  isManaged: (namespace: string) => namespace === "default",
  nomadJob: ({ jobId }: { readonly jobId: string }) => ({ ID: jobId }),
  config: () => undefined,
  osOf: () => undefined,
} as unknown as ClusterState;
const context: EventContext = { cluster, now: () => 0, index: 9 };

const task = (generation: number, namespace = "default") => ({ kind: "ExecTask", metadata: { name: "web", namespace, generation, uid: "u" } }) as unknown as JobObject;
const node = (spec: object, ready = "True") => ({ kind: "Node", metadata: { name: "n", uid: "n1" }, spec, status: { conditions: [{ type: "Ready", status: ready }] } }) as unknown as Node;

describe("a change of a job", () => {
  it.each([
    { title: "a new one", change: { type: "added", object: task(1) }, type: ["JobRegistered"] },
    { title: "a new version", change: { type: "updated", object: task(2), previous: task(1) }, type: ["JobRegistered"] },
    { title: "only its status", change: { type: "updated", object: task(1), previous: task(1) }, type: [] },
    { title: "its end", change: { type: "deleted", object: task(1), previous: task(1) }, type: ["JobDeregistered"] },
    { title: "one that is not ours to show", change: { type: "added", object: task(1, "kube-system") }, type: [] },
  ] as const)("is, for $title, $type", ({ change, type }) => {
    expect(jobEvents(context, change).map((event) => event.type)).toEqual(type);
  });

  it("says what Nomad says", () => {
    const [event] = jobEvents(context, { type: "deleted", object: task(1) });
    expect([event, event?.payload()]).toMatchObject([{ topic: "Job", key: "web", namespace: "default", index: 9 }, { Job: { ID: "web" }, Deleted: true }]);
  });
});

describe("a change of a node", () => {
  it.each([
    { title: "a new one", change: { type: "added", object: node({}) }, type: ["NodeRegistration"] },
    { title: "its end", change: { type: "deleted", object: node({}) }, type: ["NodeDeregistration"] },
    { title: "a heartbeat", change: { type: "updated", object: node({}), previous: node({}) }, type: [] },
    { title: "what takes it away from scheduling", change: { type: "updated", object: node({ unschedulable: true }), previous: node({}) }, type: ["NodeEligibility"] },
    { title: "its silence", change: { type: "updated", object: node({}, "Unknown"), previous: node({}) }, type: ["NodeEvent"] },
  ] as const)("is, for $title, $type", ({ change, type }) => {
    expect(nodeEvents(context, change).map((event) => event.type)).toEqual(type);
  });
});
