import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { decideLease, DEFAULT_LEASE_TIMING, holdsLease, leaseWritten, microTime, NO_LEASE, releasedSpec, type LeaseSpec } from "../../../src/kubernetes/lease-state.ts";
import { electLeader, type LeaseClient } from "../../../src/kubernetes/lease.ts";
import { err, ok } from "../../../src/lib/result.ts";
import { manualClock, turns, WALL_START, type ManualClock } from "./manual-clock.ts";

const moment = (monotonicMs: number, identity = "me") => ({ identity, monotonicMs, wallMs: WALL_START + monotonicMs, timing: DEFAULT_LEASE_TIMING });
const held = (holderIdentity: string, renewTime: string): LeaseSpec => ({ holderIdentity, renewTime, leaseDurationSeconds: 15, leaseTransitions: 3 });

describe("decideLease", () => {
  it.each([
    { name: "there is none", current: undefined, transitions: 0 },
    { name: "it was released", current: held("", "x"), transitions: 4 },
  ])("takes the lease at once when $name", ({ current, transitions }) => {
    const [, action] = decideLease(NO_LEASE, current, moment(0));
    expect(action).toMatchObject({ kind: "write", spec: { holderIdentity: "me", leaseDurationSeconds: 15, leaseTransitions: transitions, renewTime: microTime(WALL_START) } });
  });

  it("waits for a holder whose renewal we saw less than its lease duration ago, whatever its clock says", () => {
    const ancient = held("other", "1970-01-01T00:00:00.000000Z");
    const [seen, first] = decideLease(NO_LEASE, ancient, moment(0));
    const [, second] = decideLease(seen, ancient, moment(15_000));
    expect([first.kind, second.kind]).toEqual(["wait", "wait"]);
    const [, third] = decideLease(seen, ancient, moment(15_001));
    expect(third).toMatchObject({ kind: "write", spec: { leaseTransitions: 4 } });
  });

  it("counts anew from each renewal it sees", () => {
    const [seen] = decideLease(NO_LEASE, held("other", "1"), moment(0));
    const [renewed] = decideLease(seen, held("other", "2"), moment(14_000));
    expect(decideLease(renewed, held("other", "2"), moment(28_000))[1].kind).toBe("wait");
    expect(decideLease(renewed, held("other", "2"), moment(29_001))[1].kind).toBe("write");
  });

  it("renews its own lease without a transition", () => {
    const [, action] = decideLease(NO_LEASE, { ...held("me", "1"), acquireTime: "then" }, moment(1000));
    expect(action).toMatchObject({ kind: "write", spec: { leaseTransitions: 3, acquireTime: "then", renewTime: microTime(WALL_START + 1000) } });
  });

  it("gives up what another holder has taken", () => {
    const [state] = decideLease(leaseWritten(NO_LEASE, 0), held("other", "1"), moment(2000));
    expect(holdsLease(state, 2000, DEFAULT_LEASE_TIMING)).toBe(false);
  });
});

describe("holdsLease", () => {
  it.each([
    { at: 9999, holds: true },
    { at: 10_000, holds: false },
    { at: 60_000, holds: false },
  ])("is $holds $at ms after the last renewal was begun", ({ at, holds }) => {
    expect(holdsLease(leaseWritten(NO_LEASE, 0), at, DEFAULT_LEASE_TIMING)).toBe(holds);
  });
});

describe("times of a lease", () => {
  it("have six digits after the point", () => {
    expect(microTime(WALL_START + 7)).toBe("2026-01-02T03:04:05.007000Z");
  });

  it("leave a released lease free for everyone", () => {
    expect(releasedSpec(held("me", "1"), WALL_START)).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
  });
});

type Lease = KubeObject & { readonly spec?: LeaseSpec };

/** One Lease behind optimistic locking, which can be cut off for one candidate. */
function leaseServer() {
  let lease: Lease | undefined;
  let version = 0;
  const cut = new Set<string>();
  const down = err({ kind: "network", message: "ECONNREFUSED" } as const);
  const conflict = err({ kind: "status", code: 409, reason: "Conflict", message: "changed" } as const);
  const store = (object: Lease): Lease => {
    version += 1;
    lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    return lease;
  };
  const steal = (thief: string): void => void store({ ...lease!, spec: { ...lease?.spec, holderIdentity: thief } });
  const hooks: { onGet?: () => void } = {};
  const client = (name: string): LeaseClient => ({
    get: (async () => (hooks.onGet?.(), await Promise.resolve(cut.has(name) ? down : lease === undefined ? err({ kind: "status", code: 404, reason: "NotFound", message: "none" }) : ok(lease)))) as LeaseClient["get"],
    create: (async (_resource: unknown, object: Lease) => await Promise.resolve(cut.has(name) ? down : lease === undefined ? ok(store(object)) : conflict)) as unknown as LeaseClient["create"],
    replace: (async (_resource: unknown, object: Lease) =>
      await Promise.resolve(cut.has(name) ? down : object.metadata.resourceVersion === lease?.metadata.resourceVersion ? ok(store(object)) : conflict)) as unknown as LeaseClient["replace"],
  });
  return { client, cut, steal, hooks, holder: () => lease?.spec?.holderIdentity };
}

function candidate(server: ReturnType<typeof leaseServer>, name: string, clock: ManualClock) {
  const heard: string[] = [];
  const stop = new AbortController();
  let term: AbortSignal | undefined;
  const leadership = electLeader(server.client(name), {
    namespace: "kube-system",
    name: "nomad-bridge",
    identity: name,
    onLeading: (signal) => {
      heard.push("leading");
      term = signal;
    },
    onLost: () => heard.push("lost"),
    clock,
    signal: stop.signal,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return { ...leadership, heard, stop, term: () => term };
}

describe("electLeader", () => {
  it("lets one of two lead, and the other follow within seconds after a graceful end", async () => {
    const clock = manualClock();
    const server = leaseServer();
    const first = candidate(server, "first", clock);
    await turns();
    const second = candidate(server, "second", clock);
    await clock.advance(60_000);
    expect([first.isLeader(), second.isLeader(), first.heard, second.heard]).toEqual([true, false, ["leading"], []]);
    first.stop.abort();
    await first.over;
    expect([first.heard, first.term()?.aborted, first.isLeader()]).toEqual([["leading"], true, false]);
    await clock.advance(2000);
    expect([server.holder(), second.isLeader()]).toEqual(["second", true]);
  });

  it("tells a leader that is cut off before another one leads", async () => {
    const clock = manualClock();
    const server = leaseServer();
    const first = candidate(server, "first", clock);
    await turns();
    const second = candidate(server, "second", clock);
    await clock.advance(10_000);
    server.cut.add("first");
    while (!second.isLeader()) {
      expect(clock.monotonic()).toBeLessThan(40_000);
      await clock.advance(500);
      expect(first.isLeader() && second.isLeader()).toBe(false);
    }
    expect([first.heard, first.term()?.aborted]).toEqual([["leading", "lost"], true]);
    await first.over;
  });

  it("does not believe itself the leader after its event loop hung, even before anything else ran", async () => {
    const clock = manualClock();
    const only = candidate(leaseServer(), "only", clock);
    await clock.advance(4000);
    expect(only.isLeader()).toBe(true);
    clock.stall(11_000);
    expect(only.isLeader()).toBe(false);
    await clock.advance(2000);
    expect(only.heard).toEqual(["leading", "lost"]);
  });

  it("does not touch the lease of another when it is stopped", async () => {
    const clock = manualClock();
    const server = leaseServer();
    const first = candidate(server, "first", clock);
    await turns();
    const second = candidate(server, "second", clock);
    await clock.advance(3000);
    second.stop.abort();
    await second.over;
    expect([server.holder(), first.isLeader()]).toEqual(["first", true]);
  });

  it("leaves the lease to a thief it discovers while it is being stopped", async () => {
    const clock = manualClock();
    const server = leaseServer();
    const first = candidate(server, "first", clock);
    await turns();
    server.steal("thief");
    // The optimistic write fails, the next look finds the thief, and in that moment the stop arrives.
    server.hooks.onGet = () => first.stop.abort();
    await clock.advance(10_000);
    await first.over;
    expect(server.holder()).toBe("thief");
  });

  it("goes on asking while the API server cannot be reached", async () => {
    const clock = manualClock();
    const server = leaseServer();
    server.cut.add("only");
    const only = candidate(server, "only", clock);
    await clock.advance(30_000);
    expect(only.heard).toEqual([]);
    server.cut.clear();
    await clock.advance(3000);
    expect(only.isLeader()).toBe(true);
  });
});
