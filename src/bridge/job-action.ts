/** @module The command of a job's action, as the job was when its allocation was made. Used by the exec route. */
import { groupOf } from "../mapping/pod-group.ts";
import type { Allocation, ClusterState } from "./bridge-deps.ts";
import { jobOfAllocation } from "./job-of-allocation.ts";

/** Undefined where the task has no action of that name, or what the allocation was made of is kept no more and the job has none now. */
export function actionOf(cluster: Pick<ClusterState, "jobVersion" | "nomadJob">, allocation: Allocation, asked: { readonly task: string; readonly name: string }): readonly string[] | undefined {
  const whole = jobOfAllocation(cluster, allocation);
  const group = whole === undefined ? undefined : groupOf(whole, allocation.pod);
  const action = group?.Tasks.find(({ Name }) => Name === asked.task)?.Actions.find(({ Name }) => Name === asked.name);
  return action === undefined ? undefined : [action.Command, ...action.Args];
}
