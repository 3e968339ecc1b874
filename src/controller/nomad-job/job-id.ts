/** @module Which object has a job ID, where several of one namespace claim it: the oldest. Pure. Asked by both kinds of job. */
import type { ExecTask } from "../../api/exec-task.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import type { Refusal } from "../../mapping/refusal.ts";

export type Claim = ExecTask | NomadJob;

/** Undefined: the object has the ID. Objects that are being deleted still have theirs, as their pods still run. */
export function takenBy(object: Claim, claims: readonly Claim[]): Refusal | undefined {
  const holder = [object, ...claims.filter(({ metadata }) => metadata.uid !== object.metadata.uid)].toSorted(byAge)[0];
  if (holder === undefined || holder.metadata.uid === object.metadata.uid) return undefined;
  const id = object.kind === "NomadJob" ? object.spec.id : object.metadata.name;
  return { reason: "JobIDTaken", message: `job ID "${id}" belongs to ${holder.kind} "${holder.metadata.name}" of this namespace, which is older; delete that, or choose another ID` };
}

function byAge({ metadata: a }: Claim, { metadata: b }: Claim): number {
  const [x, y] = [a.creationTimestamp ?? "", b.creationTimestamp ?? ""];
  if (x !== y) return x < y ? -1 : 1;
  return (a.uid ?? "") < (b.uid ?? "") ? -1 : 1;
}
