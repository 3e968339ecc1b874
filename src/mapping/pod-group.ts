/** @module Which group of which version of its job a pod is of: our controller wrote it, and nobody else can change it. Used by controller and bridge. */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { Job, TaskGroup } from "../nomad/job.ts";

export const groupNameOf = ({ metadata }: Pod): string | undefined => metadata.annotations?.[ANNOTATION.group];

/** Undefined where that version of the job has no such group. */
export const groupOf = ({ TaskGroups }: Pick<Job, "TaskGroups">, pod: Pod): TaskGroup | undefined => TaskGroups.find(({ Name }) => Name === groupNameOf(pod));

/** 0 where nothing readable is written. */
export const versionOfPod = ({ metadata }: Pod): number => Number(metadata.annotations?.[ANNOTATION.jobVersion] ?? 0) || 0;
