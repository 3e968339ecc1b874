/** @module The job that an allocation is of, in the version that it was made with. Used wherever an allocation is shown, entered or counted. */
import { versionOfPod } from "../mapping/pod-group.ts";
import type { Job } from "../nomad/job.ts";
import type { Allocation, ClusterState } from "./bridge-deps.ts";

/** As it was when the allocation was made, or as it is now where that is not kept any more; undefined where neither can be read. */
export const jobOfAllocation = (cluster: Pick<ClusterState, "jobVersion" | "nomadJob">, { pod, job }: Allocation): Job | undefined =>
  cluster.jobVersion(job, versionOfPod(pod)) ?? cluster.nomadJob(job);
