/** @module A cluster as far as `plan` can tell: pods that come, become ready, fail and go, and a controller that may crash half-way. */
import * as fc from "fast-check";
import { type DesiredGroup, NOMAD_SERVICE_POLICY, plan, type Plan } from "../../../src/controller/plan/exec-task.ts";
import type { AllocationView } from "../../../src/controller/plan/types.ts";

export type World = {
  readonly pods: readonly AllocationView[];
  readonly desired: DesiredGroup;
  readonly now: number;
  /** Pods ever made: gives each its uid. */
  readonly made: number;
};

export const EMPTY_WORLD: World = { pods: [], desired: { count: 3, specHash: "v1" }, now: 1_000_000, made: 0 };

export const planOf = ({ pods, desired, now }: World): Plan => plan({ allocations: pods, desired, now, policy: NOMAD_SERVICE_POLICY });

const isLive = (pod: AllocationView): boolean => pod.state === "pending" || pod.state === "running";
export const live = (world: World): readonly AllocationView[] => world.pods.filter(isLive);

export type Action = (world: World) => World;

const change = (world: World, uid: string, to: (pod: AllocationView) => AllocationView): World => ({
  ...world,
  pods: world.pods.map((pod) => (pod.uid === uid ? to(pod) : pod)),
});

const without = ({ readySince: _since, readyFrom: _from, ...pod }: AllocationView) => pod;
const ended = (state: "failed" | "complete", now: number) => (pod: AllocationView): AllocationView => ({ ...without(pod), state, endedAt: now });
const stopping = ({ endedAt: _endedAt, ...pod }: AllocationView): AllocationView => ({ ...without(pod), state: "stopping" });

/** What the API server does: one pod of a name, others are refused, and deletion is graceful for what still runs. */
function createPod(world: World, { index, serial, reschedules }: Plan["create"][number]): World {
  const name = `g-${index}-${serial}`;
  if (world.pods.some((pod) => pod.name === name)) return world;
  const uid = `uid-${world.made}`;
  const pod: AllocationView = { name, uid, index, serial, reschedules, specHash: world.desired.specHash, state: "pending", createdAt: world.now, restarts: 0 };
  return { ...world, made: world.made + 1, pods: [...world.pods, pod] };
}

/** The plan as writes, in the order that reconcile makes them. */
export function actionsOf(next: Plan): readonly Action[] {
  return [
    ...next.end.map(({ uid }): Action => (world) => change(world, uid, (pod) => (pod.state === "spent" ? ended("failed", world.now)(pod) : pod))),
    ...next.stop.map(({ uid }): Action => (world) => change(world, uid, stopping)),
    ...next.create.map((place): Action => (world) => createPod(world, place)),
    ...next.forget.map(({ uid }): Action => (world) => ({ ...world, pods: world.pods.filter((pod) => pod.uid !== uid) })),
  ];
}

export const act = (world: World, next = planOf(world), steps = Number.POSITIVE_INFINITY): World =>
  actionsOf(next).slice(0, steps).reduce((before, action) => action(before), world);

/** Changes after which every pod still has its name, and every index is still wanted. */
export const changeInPlace: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9).map((n) => onOne(n, isLive, (world, pod) => ({ ...pod, state: "running", readySince: world.now }))) },
  { weight: 2, arbitrary: fc.nat(9).map((n) => onOne(n, isLive, (_world, pod) => ({ ...without(pod), state: "pending" }))) },
  { weight: 2, arbitrary: fc.nat(9).map((n) => onOne(n, isLive, (world, pod) => ({ ...without(pod), state: "pending", readyFrom: world.now + 5_000 }))) },
  { weight: 3, arbitrary: fc.nat(9).map((n) => onOne(n, isLive, (world, pod) => ended("failed", world.now)(pod))) },
  fc.nat(9).map((n) => onOne(n, isLive, (world, pod) => ended("complete", world.now)(pod))),
  { weight: 2, arbitrary: fc.nat(9).map((n) => onOne(n, isLive, (_world, pod) => ({ ...without(pod), state: "spent" }))) },
  fc.nat(9).map((n) => onOne(n, () => true, (_world, pod) => stopping(pod))),
  { weight: 2, arbitrary: fc.constantFrom("v1", "v2", "v3").map((specHash): Action => (world) => ({ ...world, desired: { ...world.desired, specHash } })) },
  { weight: 4, arbitrary: fc.constantFrom(1_000, 10_000, 31_000, 3_600_000).map((ms): Action => (world) => ({ ...world, now: world.now + ms })) },
);

/** What the cluster and its people do between two reconciles. */
export const anyChange: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: changeInPlace },
  { weight: 2, arbitrary: fc.nat(4).map((count): Action => (world) => ({ ...world, desired: { ...world.desired, count } })) },
  fc.constant<Action>((world) => ({ ...world, pods: world.pods.filter((pod) => pod.state !== "stopping") })),
);

function onOne(n: number, which: (pod: AllocationView) => boolean, to: (world: World, pod: AllocationView) => AllocationView): Action {
  return (world) => {
    const candidates = world.pods.filter(which);
    const chosen = candidates[n % Math.max(1, candidates.length)];
    return chosen === undefined ? world : change(world, chosen.uid, (pod) => to(world, pod));
  };
}

/** One friendly round: what stops is gone, what waits becomes ready, time goes on to when the plan wants to look again. */
export function friendlyRound(world: World): World {
  const next = planOf(world);
  const acted = act(world, next);
  const now = acted.now + (next.wakeInMs ?? 1_000);
  const pods = acted.pods.filter((pod) => pod.state !== "stopping").map((pod) => (pod.state === "pending" ? { ...without(pod), state: "running" as const, readySince: acted.now } : pod));
  return { ...acted, now, pods };
}
