/**
 * @module A cluster and its people as far as the plan of a job can tell: pods that come, become ready, fail and go, nodes that are drained or
 * do not answer, versions that are registered, requests for the deployment, and a controller that may crash half-way.
 */
import * as fc from "fast-check";
import { applyDeploymentRequest, type DeploymentRequest } from "../../../src/controller/plan/deployment-request.ts";
import type { DeploymentState } from "../../../src/controller/plan/deployment-state.ts";
import { planJob } from "../../../src/controller/plan/job.ts";
import type { AllocationNode, Completed, GroupPlan, GroupSpec, JobAllocation, JobPlan, JobPlanInput, Transition } from "../../../src/controller/plan/types.ts";

type Type = JobPlanInput["type"];

export type JobWorld = {
  readonly type: Type;
  readonly version: number;
  readonly stopped: boolean;
  readonly groups: readonly GroupSpec[];
  /** What each version said. */
  readonly versions: readonly (readonly GroupSpec[])[];
  readonly stable: readonly number[];
  readonly pods: readonly JobAllocation[];
  readonly nodes: readonly AllocationNode[];
  readonly deployment?: DeploymentState;
  readonly completed: Readonly<Record<string, Completed>>;
  readonly now: number;
  /** Pods ever made. */
  readonly made: number;
  /** Versions that were gone back from. */
  readonly reverted: readonly number[];
  /** "group/place/version" of what the controller has seen complete, and of each creation after that. */
  readonly done: readonly string[];
  readonly reruns: readonly string[];
};

export type Action = (world: JobWorld) => JobWorld;

export const newWorld = (type: Type, groups: readonly GroupSpec[], nodes = 4): JobWorld => ({
  type, version: 0, stopped: false, groups, versions: [groups], stable: [], pods: [], completed: {}, now: 1_000_000, made: 0, reverted: [], done: [], reruns: [],
  nodes: Array.from({ length: nodes }, (_, i) => ({ name: `n${i}` })),
});

export const isLive = ({ state }: JobAllocation): boolean => state === "pending" || state === "running";
export const isNodeJob = ({ type }: Pick<JobWorld, "type">): boolean => type === "system" || type === "sysbatch";

const sameSpec = (a: readonly GroupSpec[] | undefined, b: readonly GroupSpec[]) => JSON.stringify(a) === JSON.stringify(b);

export function inputOf(world: JobWorld): JobPlanInput {
  const { type, version, stopped, completed, now, nodes } = world;
  const eligibleNodes = nodes.filter(({ lostSince, drain }) => lostSince === undefined && drain === undefined).map(({ name }) => name);
  const stable = world.stable.findLast((each) => each < version);
  return {
    type, version, stopped, completed, now,
    groups: world.groups.map((group) => (isNodeJob(world) ? { ...group, eligibleNodes } : group)),
    allocations: world.pods.map((pod) => withNode(pod, nodes)),
    ...(world.deployment === undefined ? {} : { deployment: world.deployment }),
    ...(stable === undefined ? {} : { stable: { version: stable, sameSpec: sameSpec(world.versions[stable], world.groups) } }),
  };
}

const withNode = (pod: JobAllocation, nodes: readonly AllocationNode[]): JobAllocation => {
  const node = nodes.find(({ name }) => name === pod.node?.name);
  return node === undefined ? pod : { ...pod, node };
};

export const planOf = (world: JobWorld): JobPlan => planJob(inputOf(world));

const change = (world: JobWorld, uid: string, to: (pod: JobAllocation) => JobAllocation): JobWorld => ({ ...world, pods: world.pods.map((pod) => (pod.uid === uid ? to(pod) : pod)) });

const without = ({ readySince: _since, readyFrom: _from, ...pod }: JobAllocation) => pod;
const ended = (state: "failed" | "complete", now: number) => (pod: JobAllocation): JobAllocation => ({ ...without(pod), state, endedAt: now });
const stopping = ({ endedAt: _endedAt, ...pod }: JobAllocation): JobAllocation => ({ ...without(pod), state: "stopping" });
const ready = (now: number) => (pod: JobAllocation): JobAllocation => ({ ...without(pod), state: "running", readySince: now, startedAt: pod.startedAt ?? now });

export function register(world: JobWorld, groups: readonly GroupSpec[]): JobWorld {
  const versions = [...world.versions, groups];
  return { ...world, groups, versions, version: versions.length - 1, stopped: false };
}

const placeOf = (world: JobWorld, each: { readonly index: number; readonly node?: string }) => (isNodeJob(world) ? each.node : each.index);

function createPod(world: JobWorld, group: string, made: GroupPlan["create"][number]): JobWorld {
  const name = `${group}-${made.index}-${made.serial}`;
  if (world.pods.some((pod) => pod.name === name)) return world;
  const free = world.nodes.filter(({ lostSince, drain }) => lostSince === undefined && drain === undefined);
  const node = made.node ?? free[(made.index + made.serial) % Math.max(1, free.length)]?.name;
  const pod: JobAllocation = {
    name, uid: `uid-${world.made}`, group, index: made.index, serial: made.serial, reschedules: made.reschedules, rescheduleTimes: made.rescheduleTimes,
    specHash: made.specHash, jobVersion: made.jobVersion, canary: made.canary, state: "pending", createdAt: world.now, restarts: 0,
    ...(node === undefined ? {} : { node: { name: node } }),
  };
  const place = `${group}/${placeOf(world, made)}/${made.jobVersion}`;
  const reruns = world.done.includes(place) ? [...world.reruns, place] : world.reruns;
  return { ...world, reruns, made: world.made + 1, pods: [...world.pods, pod] };
}

/** The plan as writes: what must be remembered first, then the pods in the order in which reconcile writes them. */
export function actionsOf(next: JobPlan): readonly Action[] {
  const groups = Object.values(next.groups);
  const each = <T>(of: (group: GroupPlan) => readonly T[], to: (item: T, group: string) => Action) => groups.flatMap((group) => of(group).map((item) => to(item, group.group)));
  return [
    (world) => remember(world, next),
    ...each((group) => group.updateInPlace, ({ uid }) => (world) => change(world, uid, (pod) => ({ ...pod, jobVersion: world.version, canary: false }))),
    ...each((group) => group.end, ({ uid }) => (world) => change(world, uid, (pod) => (isLive(pod) || pod.state === "spent" ? ended("failed", world.now)(pod) : pod))),
    ...each((group) => group.stop, ({ uid }) => (world) => change(world, uid, stopping)),
    ...each((group) => group.create, (made, group) => (world) => createPod(world, group, made)),
    ...each((group) => group.forget, ({ uid }) => (world) => ({ ...world, pods: world.pods.filter((pod) => pod.uid !== uid) })),
    (world) => goBack(world, next),
  ];
}

function remember(world: JobWorld, next: JobPlan): JobWorld {
  const completed = Object.fromEntries(Object.values(next.groups).flatMap((group) => (group.completed === undefined ? [] : [[group.group, group.completed]])));
  const { markStable, deployment } = next;
  const stable = markStable === undefined || world.stable.includes(markStable) ? world.stable : [...world.stable, markStable].sort((a, b) => a - b);
  const seen = world.pods.filter((pod) => pod.state === "complete" && pod.wasStopped !== true && pod.jobVersion === world.version && (world.type === "batch" || world.type === "sysbatch"));
  const done = [...new Set([...world.done, ...seen.map((pod) => `${pod.group}/${isNodeJob(world) ? pod.node?.name : pod.index}/${pod.jobVersion}`)])];
  return { ...world, done, stable, completed, ...(deployment === undefined ? {} : { deployment }) };
}

function goBack(world: JobWorld, { revertTo }: JobPlan): JobWorld {
  const groups = revertTo === undefined ? undefined : world.versions[revertTo];
  return groups === undefined ? world : { ...register(world, groups), reverted: [...world.reverted, world.version] };
}

export const act = (world: JobWorld, next = planOf(world), steps = Number.POSITIVE_INFINITY): JobWorld => actionsOf(next).slice(0, steps).reduce((before, action) => action(before), world);

export function onPod(n: number, which: (pod: JobAllocation) => boolean, to: (world: JobWorld, pod: JobAllocation) => JobAllocation): Action {
  return (world) => {
    const candidates = world.pods.filter(which);
    const chosen = candidates[n % Math.max(1, candidates.length)];
    return chosen === undefined ? world : change(world, chosen.uid, (pod) => to(world, pod));
  };
}

export const podChange = (which: (pod: JobAllocation, world?: JobWorld) => boolean = () => true): fc.Arbitrary<Action> => {
  const one = (to: (world: JobWorld, pod: JobAllocation) => JobAllocation) => fc.nat(9).map((n) => onPod(n, (pod) => isLive(pod) && which(pod), to));
  return fc.oneof(
    { weight: 8, arbitrary: one((world, pod) => ready(world.now)(pod)) },
    { weight: 2, arbitrary: one((_world, pod) => ({ ...without(pod), state: "pending" })) },
    { weight: 3, arbitrary: one((world, pod) => ended("failed", world.now)(pod)) },
    { weight: 3, arbitrary: one((world, pod) => ended("complete", world.now)(pod)) },
    { weight: 1, arbitrary: one((_world, pod) => ({ ...without(pod), state: "spent" })) },
  );
};

const onNode = (to: (node: AllocationNode, now: number) => AllocationNode): fc.Arbitrary<Action> =>
  fc.nat(3).map((n) => (world) => ({ ...world, nodes: world.nodes.map((node, i) => (i === n ? to(node, world.now) : node)) }));

const asked = (transition: Transition) => fc.nat(9).map((n) => onPod(n, isLive, (_world, pod) => ({ ...pod, transition })));

/** A second pod in one place, as a cache that lags behind may lead to. */
const twin = (n: number): Action => (world) => {
  const pod = world.pods.filter(isLive)[n % Math.max(1, world.pods.filter(isLive).length)];
  if (pod === undefined) return world;
  const index = isNodeJob(world) ? 100 + world.made : pod.index;
  const serial = Math.max(0, ...world.pods.filter((each) => each.index === index && each.group === pod.group).map((each) => each.serial)) + 1;
  return { ...world, made: world.made + 1, pods: [...world.pods, { ...pod, index, serial, name: `${pod.group}-${index}-${serial}`, uid: `uid-${world.made}` }] };
};

/** What people and machines do to nodes and single pods. */
const disturbance: fc.Arbitrary<Action> = fc.oneof(
  ...(["stop", "migrate", "reschedule", "force-reschedule"] as const).map(asked),
  onNode(({ name }, now) => ({ name, lostSince: now })),
  onNode(({ name }, now) => ({ name, drain: { deadlineAt: now + 20_000 } })),
  onNode(({ name }) => ({ name, drain: {} })),
  { weight: 3, arbitrary: onNode(({ name }) => ({ name })) },
  fc.nat(9).map((n) => onPod(n, () => true, (_world, pod) => stopping(pod))),
  { weight: 2, arbitrary: fc.nat(9).map((n) => twin(n)) },
  fc.constant<Action>((world) => ({ ...world, pods: world.pods.filter((pod) => pod.state !== "stopping") })),
  /** A pod that we stopped stays to be read, whichever way it ended. */
  fc.constantFrom("complete", "failed").map((state) => (world: JobWorld) => ({ ...world, pods: world.pods.map((pod) => (pod.state === "stopping" ? { ...pod, state, wasStopped: true, endedAt: world.now } : pod)) })),
  /** The cluster's own garbage collector takes ended pods, after the controller has seen them. */
  fc.constant<Action>((world) => {
    const seen = remember(world, planOf(world));
    return { ...seen, pods: seen.pods.filter((pod) => pod.state !== "complete") };
  }),
);

export const request = (world: JobWorld, asked: DeploymentRequest): JobWorld => {
  if (world.deployment === undefined) return world;
  const stable = inputOf(world).stable;
  const done = applyDeploymentRequest(world.deployment, asked, { now: world.now, ...(stable === undefined ? {} : { stable }) });
  return done.ok ? { ...world, deployment: done.value } : world;
};

export const requests: fc.Arbitrary<Action> = fc
  .constantFrom<DeploymentRequest>({ kind: "promote" }, { kind: "promote", groups: ["g"] }, { kind: "pause", pause: true }, { kind: "pause", pause: false }, { kind: "fail" })
  .map((each) => (world) => request(world, each));

export const clock: fc.Arbitrary<Action> = fc.constantFrom(1_000, 5_000, 10_000, 31_000, 60_000, 600_000).map((ms) => (world) => ({ ...world, now: world.now + ms }));

const registration = (specs: fc.Arbitrary<readonly GroupSpec[]>): fc.Arbitrary<Action> => specs.map((groups) => (world) => (sameSpec(groups, world.groups) ? world : register(world, groups)));

const stop: Action = (world) => ({ ...register(world, world.groups), stopped: true });

export const anyChange = (specs: fc.Arbitrary<readonly GroupSpec[]>): fc.Arbitrary<Action> =>
  fc.oneof(
    { weight: 14, arbitrary: podChange() },
    { weight: 6, arbitrary: clock },
    { weight: 3, arbitrary: disturbance },
    { weight: 2, arbitrary: requests },
    { weight: 2, arbitrary: registration(specs) },
    { weight: 4, arbitrary: fc.constantFrom(1, 4).map((rounds) => (world: JobWorld) => Array.from({ length: rounds }).reduce<JobWorld>(friendlyRound, world)) },
    { weight: 1, arbitrary: fc.constantFrom<Action>(stop, (world) => (world.stopped ? register(world, world.groups) : world)) },
  );

export type Turn = { readonly change: Action; readonly act: boolean; readonly steps: number };
export const turns = (change: fc.Arbitrary<Action>, maxLength = 60): fc.Arbitrary<readonly Turn[]> =>
  fc.array(fc.record({ change, act: fc.constantFrom(true, true, false), steps: fc.constantFrom(0, 1, 2, 3, 99, 99, 99) }), { maxLength, size: "max" });

/** A life of changes and reconciles, some of which crash after a few writes. */
export const lifeOf = (start: JobWorld, life: readonly Turn[], each: (before: JobWorld, after: JobWorld) => void = () => undefined): JobWorld =>
  life.reduce((world, turn) => {
    const changed = turn.change(world);
    if (!turn.act) return changed;
    const after = act(changed, planOf(changed), turn.steps);
    each(changed, after);
    return after;
  }, start);

/** One friendly round: what stops is gone, nodes answer and are not drained, what waits becomes ready (or completes, of a batch), time goes on. */
export function friendlyRound(world: JobWorld): JobWorld {
  const well = { ...world, nodes: world.nodes.map(({ name }) => ({ name })) };
  const next = planOf(well);
  const acted = act(well, next);
  const isBatch = world.type === "batch" || world.type === "sysbatch";
  const pods = acted.pods
    .filter((pod) => pod.state !== "stopping")
    .map((pod) => {
      if (pod.state === "running" && isBatch) return ended("complete", acted.now)(pod);
      return pod.state === "pending" ? ready(acted.now)(pod) : pod;
    });
  return { ...acted, pods, now: acted.now + (next.wakeInMs ?? 1_000) };
}
