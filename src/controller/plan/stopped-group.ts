/** @module The plan of a group that is wanted no longer: its job is stopped, or the job has no such group any more. */
import { assemble } from "./assemble.ts";
import { type GroupInput, isLive } from "./group-input.ts";
import { lostIn } from "./live.ts";
import type { GroupPlan } from "./types.ts";

export function planStoppedGroup(input: GroupInput): GroupPlan {
  const live = input.allocations.filter(isLive);
  const isUnknown = (each: (typeof live)[number]) => (lostIn(input, each) ?? 0) > 0;
  return assemble(input, {
    keep: [], trials: [], unknown: live.filter(isUnknown), stop: [], notNeeded: live, move: [], placed: [],
    step: { replace: [], pending: false },
    isWanted: () => false,
    desired: 0,
    waits: [],
    ...(input.completed === undefined ? {} : { completed: input.completed }),
  });
}
