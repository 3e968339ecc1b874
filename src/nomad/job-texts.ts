/** @module The texts that Nomad's clients show or match when jobs, evaluations and deployments are written. Used by the bridge. */

export const JOB_NOT_FOUND = "job not found";
export const EVAL_NOT_FOUND = "eval not found";
export const DEPLOYMENT_NOT_FOUND = "deployment not found";
export const SOURCE_NOT_FOUND = "job source not found";

export const JOB_MUST_BE_SPECIFIED = "Job must be specified";
export const JOB_ID_MISSING = "Job ID hasn't been provided";
export const JOB_ID_NOT_IN_PATH = "Job ID does not match name";
export const PLAN_JOB_ID_INVALID = "Job must have a valid ID";
export const PLAN_JOB_ID_MISMATCH = "Job ID does not match";
export const PAYLOAD_NOT_DISPATCHED = "Job can't be submitted with a payload, only dispatched";
export const NO_PATH_TO_REGION = "No path to region";

/** The CLI looks for its beginning. `found` is undefined where there is no job. */
export function enforcedIndex(wanted: number, found: number | undefined): string {
  const begin = `Enforcing job modify index ${wanted}:`;
  if (found === undefined) return `${begin} job does not exist`;
  return wanted === 0 ? `${begin} job already exists` : `${begin} job exists with conflicting job modify index: ${found}`;
}

export const nonexistentNamespace = (jobId: string, namespace: string): string => `job "${jobId}" is in nonexistent namespace "${namespace}"`;

export const nonexistentPool = (jobId: string, pool: string): string => `job "${jobId}" is in nonexistent node pool "${pool}"`;

export const typeChanged = (from: string, to: string): string => `cannot update job from type "${from}" to "${to}"`;
export const periodicChanged = (isNow: boolean): string => (isNow ? "cannot update non-periodic job to being periodic" : "cannot update periodic job to being non-periodic");
export const parameterizedChanged = (isNow: boolean): string =>
  isNow ? "cannot update non-parameterized job to being parameterized" : "cannot update parameterized job to being non-parameterized";

export const SCALING_WITHOUT_GROUP = "missing task group name for scaling action";
export const SCALING_ERROR_WITH_COUNT = "scaling action should not contain count if error is true";
export const SCALING_NEGATIVE = "scaling action count can't be negative";
export const SCALING_DURING_DEPLOYMENT = "job scaling blocked due to active deployment";
export const scalingUnknownGroup = (group: string): string => `task group "${group}" specified for scaling does not exist in job`;
export const scalingType = (type: string): string => `cannot scale jobs of type ${type}`;
export const scalingBelow = (count: number, min: number): string => `group count was less than scaling policy minimum: ${count} < ${min}`;
export const scalingAbove = (count: number, max: number): string => `group count was greater than scaling policy maximum: ${count} > ${max}`;

export const PARENT_NOT_FOUND = "parameterized job not found";
export const DISPATCH_PRIORITY = "dispatch job priority must be between [1, 100]";
export const notParameterized = (jobId: string): string => `Specified job "${jobId}" is not a parameterized job`;
export const isStopped = (jobId: string): string => `Specified job "${jobId}" is stopped`;
export const PAYLOAD_MISSING = "Payload is not provided but required by parameterized job";
export const PAYLOAD_FORBIDDEN = "Payload provided but forbidden by parameterized job";
export const MAX_PAYLOAD_BYTES = 16_384;
export const payloadTooLarge = (bytes: number): string => `Payload exceeds maximum size; ${bytes} > ${MAX_PAYLOAD_BYTES}`;
export const unpermittedMeta = (keys: readonly string[]): string => `Dispatch request included unpermitted metadata keys: [${keys.join(" ")}]`;
export const missingMeta = (keys: readonly string[]): string => `Dispatch did not provide required meta keys: [${keys.join(" ")}]`;

export const FORCE_NON_PERIODIC = "can't force launch non-periodic job";
export const EVALUATE_PERIODIC = "can't evaluate periodic job";
export const EVALUATE_PARAMETERIZED = "can't evaluate parameterized job";

export const REVERT_TO_CURRENT = "can't revert to current version";
export const revertEnforced = (current: number, enforced: number): string => `Current job has version ${current}; enforcing version ${enforced}`;
export const unknownVersion = (jobId: string, namespace: string, version: number): string => `job "${jobId}" in namespace "${namespace}" at version ${version} not found`;
/** Said where a version is to be tagged. */
export const untaggableVersion = (jobId: string, version: number): string => `job "${jobId}" version ${version} not found`;
export const tagTaken = (tag: string, jobId: string): string => `tag "${tag}" already exists on a different version of job "${jobId}"`;
export const tagUnknown = (tag: string, jobId: string): string => `tag "${tag}" not found on job "${jobId}"`;

export const terminalDeployment = (verb: "promote" | "fail" | "pause" | "resume" | "set health of allocations for"): string =>
  verb.startsWith("set") ? "can't set health of allocations for a terminal deployment" : `can't ${verb} terminal deployment`;
export const unknownAlloc = (allocId: string): string => `unknown alloc "${allocId}"`;
export const NO_CANARIES = "no canaries to promote";
export const unhealthyCanaries = (group: string, healthy: number, wanted: number): string => `Task group "${group}" has ${healthy}/${wanted} healthy allocations`;
