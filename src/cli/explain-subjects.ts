/** @module What a file gives explain to work on: ExecTasks and NomadJobs as Kubernetes objects, or a Nomad job file. Used by explain. */
import type { ExecTask } from "../api/exec-task.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { FileAccess } from "../nomad/hcl/functions/files.ts";
import { objectJob, readJobs } from "./convert/read-jobs.ts";
import { isJobFile, readObjects } from "./explain-input.ts";
import type { JobToExplain } from "./explain-job.ts";
import type { Env } from "./settings.ts";

export type Subjects = {
  readonly tasks: readonly ExecTask[];
  readonly jobs: readonly JobToExplain[];
  /** Specs of BridgeConfigs as they are written; one at the most. */
  readonly configs: readonly unknown[];
  /** Kinds that nothing is said of. */
  readonly passedOver: readonly string[];
};

/** Of a job file's own variables and functions. */
export type JobInputs = {
  /** `name=value` each. */
  readonly variables: readonly string[];
  readonly variableFiles: readonly { readonly name: string; readonly text: string }[];
  readonly env: Env;
  readonly files: FileAccess;
};

/** @param name of the file, for errors; @param namespace of what names none */
export function subjectsOf(text: string, name: string, namespace: string, inputs: JobInputs): Result<Subjects, string> {
  if (isJobFile(text, name)) return ofJobFile(text, name, namespace, inputs);
  const objects = readObjects(text, name);
  if (!objects.ok) return objects;
  const { tasks, configs, passedOver } = objects.value;
  const jobs: JobToExplain[] = [];
  for (const { value, at } of objects.value.jobs) {
    const job = objectJob(value, at);
    if (!job.ok) return job;
    jobs.push(hasNamespace(value) ? job.value : inNamespace(job.value, namespace));
  }
  if (tasks.length + jobs.length === 0) return err(`${name} holds no ExecTask and no job${heldInstead(passedOver, configs.length)}`);
  if (configs.length > 1) return err(`${name} holds ${configs.length} BridgeConfigs; there can be one`);
  return ok({ tasks, jobs, configs, passedOver });
}

function ofJobFile(text: string, filename: string, namespace: string, { variables, variableFiles, env, files }: JobInputs): Result<Subjects, string> {
  const environment = Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (key.startsWith("NOMAD_VAR_") && value !== undefined ? [[key, value]] : [])));
  const read = readJobs(text, { filename, flags: variables, variableFiles, environment, files });
  if (!read.ok) return read;
  return ok({ tasks: [], jobs: read.value.map((job) => inNamespace(job, namespace)), configs: [], passedOver: [] });
}

/** A job that says nothing is in "default", as one that says so. */
const inNamespace = ({ spec, stop }: JobToExplain, namespace: string): JobToExplain => ({ spec: spec.Namespace === "default" ? { ...spec, Namespace: namespace } : spec, stop });

const hasNamespace = ({ metadata }: { readonly metadata?: unknown }): boolean => typeof metadata === "object" && metadata !== null && "namespace" in metadata;

function heldInstead(passedOver: readonly string[], configs: number): string {
  const kinds = [...passedOver, ...(configs > 0 ? ["BridgeConfig"] : [])];
  return kinds.length === 0 ? ": it is empty" : `, but ${kinds.join(", ")}`;
}
