import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { createEventRecorder, EVENTS } from "../../../src/kubernetes/events.ts";
import { electLeader, LEASES } from "../../../src/kubernetes/lease.ts";
import { CONFIG_MAPS, eventually, must, realCluster, type RealCluster } from "./real-cluster.ts";

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await realCluster();
});
afterAll(async () => await cluster.leave());

function candidate(identity: string) {
  const stop = new AbortController();
  const heard: string[] = [];
  const leadership = electLeader(cluster.client, {
    namespace: cluster.namespace,
    name: "leader",
    identity,
    onLeading: () => heard.push("leading"),
    onLost: () => heard.push("lost"),
    timing: { durationMs: 6000, renewDeadlineMs: 4000, retryMs: 300 },
    log: cluster.quiet,
    clock: systemClock,
    signal: stop.signal,
  });
  return { ...leadership, heard, stop };
}

describe("a leader election on a real API server", () => {
  it("has one leader, who keeps renewing and hands over when it stops", async () => {
    const first = candidate("first");
    await eventually(() => (first.isLeader() ? true : undefined));
    const second = candidate("second");
    type Lease = KubeObject & { readonly spec: { readonly holderIdentity: string; readonly renewTime: string; readonly leaseTransitions: number } };
    const read = async () => (await must(cluster.client.get<Lease>({ resource: LEASES, namespace: cluster.namespace, name: "leader" }))).spec;
    const before = await read();
    await eventually(async () => ((await read()).renewTime === before.renewTime ? undefined : true));
    expect([first.isLeader(), second.isLeader(), (await read()).holderIdentity]).toEqual([true, false, "first"]);
    first.stop.abort();
    await first.over;
    await eventually(() => (second.isLeader() ? true : undefined));
    expect([first.heard, second.heard]).toEqual([["leading"], ["leading"]]);
    expect(await read()).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
    second.stop.abort();
    await second.over;
  });
});

describe("an event recorder on a real API server", () => {
  it("writes an Event that can be found at its object, and counts the next ones in it", async () => {
    const { client, namespace, quiet } = cluster;
    const stop = new AbortController();
    const recorder = createEventRecorder(client, { controller: "nomad-bridge.dev/test", instance: "test", log: quiet, clock: systemClock, signal: stop.signal });
    const regarding = await must(client.create<KubeObject>(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "subject", namespace } }));
    const notice = { regarding, type: "Warning", reason: "TaskFailed", action: "Restarting", note: `exit 1 ${"é".repeat(2000)}` } as const;
    recorder.record(notice);
    recorder.record(notice);
    await recorder.flushed();
    expect(recorder.dropped()).toBe(0);
    const events = await must(client.list<KubeObject & { readonly series?: { readonly count: number } }>({ resource: EVENTS, namespace, fieldSelector: "regarding.name=subject" }));
    expect(events.items).toMatchObject([{ reason: "TaskFailed", type: "Warning", regarding: { uid: regarding.metadata.uid }, series: { count: 2 } }]);
    stop.abort();
  });
});
