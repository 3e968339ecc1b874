/** @module The command of a job's action, as the job was when its allocation was made. Used by the exec route. */
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { Allocation, ClusterState } from "./bridge-deps.ts";

/** Undefined where the task has no action of that name, or what the allocation was made of is kept no more and the job has none now. */
export function actionOf(cluster: Pick<ClusterState, "jobVersion" | "nomadJob">, { pod, job }: Allocation, asked: { readonly task: string; readonly name: string }): readonly string[] | undefined {
  const annotations = pod.metadata.annotations ?? {};
  const version = Number(annotations[ANNOTATION.jobVersion] ?? 0);
  const whole = cluster.jobVersion(job, version) ?? cluster.nomadJob(job);
  const group = whole?.TaskGroups.find(({ Name }) => Name === annotations[ANNOTATION.group]);
  const action = group?.Tasks.find(({ Name }) => Name === asked.task)?.Actions.find(({ Name }) => Name === asked.name);
  return action === undefined ? undefined : [action.Command, ...action.Args];
}
