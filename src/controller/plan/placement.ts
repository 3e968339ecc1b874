/** @module What is made for each place that has no allocation: now, after a delay, or not at all. */
import { type GroupInput, hasFailed, isCurrent, isOpen, isOutdated } from "./group-input.ts";
import { priorAttempts } from "../../nomad/rescheduling.ts";
import { rescheduleIn, timesAfter } from "./reschedule.ts";
import type { JobAllocation, JobNewAllocation } from "./types.ts";

/** A place to fill. */
export type Vacancy = {
  readonly index: number;
  /** What last held the place. */
  readonly before?: JobAllocation;
  /** The highest serial of the index. */
  readonly lastSerial: number;
  /** `before` lives and is being replaced on purpose. */
  readonly isReplaced: boolean;
  readonly canary: boolean;
  readonly node?: string;
};

export type Decision =
  | { readonly kind: "create"; readonly allocation: JobNewAllocation; readonly isReschedule: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  /** `over`: it completed, or its attempts are used. `held`: the deployment lets nothing new in. `ending`: its pod must end first. */
  | { readonly kind: "over" | "held" | "ending" };

/** At once if it was never filled or is being replaced, by the reschedule policy if the last one failed. */
export function decide(input: GroupInput, vacancy: Vacancy): Decision {
  const { before } = vacancy;
  if (before === undefined) return isOpen(input) || vacancy.canary ? create(input, vacancy) : { kind: "held" };
  if (before.state === "spent") return { kind: "ending" };
  if (vacancy.isReplaced || !hasFailed(before)) return create(input, vacancy);
  if (!isSameVersion(before, targetOf(input, vacancy))) return create(input, vacancy);
  if (input.rollout.hold === "failed" && isCurrent(input, before)) return { kind: "over" };
  const wait = rescheduleIn(before, input.group.reschedule, input.now);
  if (wait === "never") return { kind: "over" };
  return wait > 0 ? { kind: "wait", ms: wait } : create(input, vacancy, before);
}

type Version = Pick<JobAllocation, "specHash" | "jobVersion">;

const isSameVersion = (a: Version, b: Version) => a.specHash === b.specHash && a.jobVersion === b.jobVersion;

/** Nomad's own rule while canaries are tried: what takes the place of an old allocation is an old one. Here also while an update is held. */
function targetOf(input: GroupInput, { before, canary }: Vacancy): Version {
  if (before !== undefined && !canary && !isOpen(input) && isOutdated(input, before)) return before;
  return { specHash: input.group.specHash, jobVersion: input.version };
}

/** @param failed the allocation whose failure this makes up for; a new version starts counting anew, as its failures would be its own */
function create(input: GroupInput, vacancy: Vacancy, failed?: JobAllocation): Decision {
  const { index, before, lastSerial, canary, node } = vacancy;
  const { specHash, jobVersion } = targetOf(input, vacancy);
  const carried = before !== undefined && isSameVersion(before, { specHash, jobVersion }) ? (before.rescheduleTimes ?? []) : [];
  const allocation: JobNewAllocation = {
    index,
    serial: lastSerial + 1,
    reschedules: failed === undefined ? 0 : priorAttempts(failed, input.group.reschedule) + 1,
    jobVersion,
    specHash,
    canary,
    rescheduleTimes: failed === undefined ? carried : timesAfter(failed, input.group.reschedule, input.now),
    ...(node === undefined ? {} : { node }),
    ...(before === undefined ? {} : { previous: { uid: before.uid, ...(before.node === undefined ? {} : { node: before.node.name }) } }),
  };
  return { kind: "create", allocation, isReschedule: failed !== undefined };
}
