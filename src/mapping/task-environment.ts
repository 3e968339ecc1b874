/**
 * @module The environment Nomad gives to a task, as far as it is known before the pod exists; the launcher adds the rest. Used by mapping.
 * Source: developer.hashicorp.com/nomad/docs/reference/runtime-environment-settings
 */
import type { TaskSpec } from "../api/task-fields.ts";
import { cpuMhz } from "./resources.ts";

/** What an agent's own environment gives to a task on a stock Debian node. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type TaskIdentity = {
  readonly namespace: string;
  readonly region: string;
  readonly datacenter: string;
  readonly jobId: string;
  readonly jobName: string;
  /** "": it has none. */
  readonly parentId: string;
  readonly group: string;
  readonly task: string;
  readonly index: number;
  /** How many of Nomad's MHz one core of the profile's nodes counts as. */
  readonly mhzPerCore: number;
};

/** Everything but the job's own env, which wins over it, NOMAD_* included, as on Nomad. */
export function taskEnvironment(spec: TaskSpec, identity: TaskIdentity): Record<string, string> {
  return { PATH: DEFAULT_PATH, ...nomadVariables(spec, identity), ...metaVariables(spec.meta) };
}

/** Nomad's name of an allocation, such as "web.web[0]". */
export const allocationName = (identity: Pick<TaskIdentity, "jobId" | "group" | "index">) =>
  `${identity.jobId}.${identity.group}[${identity.index}]`;

function nomadVariables(spec: TaskSpec, identity: TaskIdentity): Record<string, string> {
  const { resources } = spec;
  return {
    NOMAD_ALLOC_DIR: "/alloc",
    NOMAD_TASK_DIR: "/local",
    NOMAD_SECRETS_DIR: "/secrets",
    NOMAD_ALLOC_NAME: allocationName(identity),
    NOMAD_ALLOC_INDEX: String(identity.index),
    NOMAD_TASK_NAME: identity.task,
    NOMAD_GROUP_NAME: identity.group,
    NOMAD_JOB_ID: identity.jobId,
    NOMAD_JOB_NAME: identity.jobName,
    ...(identity.parentId === "" ? {} : { NOMAD_JOB_PARENT_ID: identity.parentId }),
    NOMAD_NAMESPACE: identity.namespace,
    NOMAD_REGION: identity.region,
    NOMAD_DC: identity.datacenter,
    NOMAD_CPU_LIMIT: String(cpuMhz(resources, identity.mhzPerCore)),
    NOMAD_MEMORY_LIMIT: String(resources.memory),
    // Without a value it asks the launcher for the list, which is known inside the container alone.
    ...(resources.cores === undefined ? {} : { NOMAD_CPU_CORES: "" }),
    ...(resources.memoryMax === undefined ? {} : { NOMAD_MEMORY_MAX_LIMIT: String(resources.memoryMax) }),
  };
}

/** Both spellings of each key; what an environment name cannot hold becomes "_". */
function metaVariables(meta: Readonly<Record<string, string>>): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(meta)) {
    const clean = key.replace(/[^A-Za-z0-9_]/g, "_");
    variables[`NOMAD_META_${clean}`] = value;
    variables[`NOMAD_META_${clean.toUpperCase()}`] = value;
  }
  return variables;
}
