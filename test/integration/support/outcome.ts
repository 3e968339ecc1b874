/** @module How an allocation ended, as Nomad's API tells it. Used by the integration tests of the driver. */
import { eventually } from "../kubernetes/real-cluster.ts";
import { type Allocation, allocationsOf } from "./nomad.ts";
import type { World } from "./world.ts";

export type TaskEnd = { readonly alloc: Allocation; readonly state: Allocation["TaskStates"][string] };

/** Waits until an allocation of the job has failed or completed. `task` is the job's own, if it is not said. */
export async function endedTask({ namespace }: World, job: string, task = job): Promise<TaskEnd> {
  return await eventually(async () => {
    const alloc = (await allocationsOf(namespace, job)).find(({ ClientStatus }) => ClientStatus === "failed" || ClientStatus === "complete");
    const state = alloc?.TaskStates[task];
    return alloc === undefined || state === undefined ? undefined : { alloc, state };
  });
}
