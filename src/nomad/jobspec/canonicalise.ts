/**
 * @module A decoded job made canonical: what clients fill in (inherit.ts, struct-defaults.ts), what Nomad's server adds on registration, and
 * then every field there. What it gives is a fixed point: a canonical job that is decoded and canonicalised again is the same.
 */
import type { Job, JobSpec } from "../job.ts";
import type { DecodedJob, DecodedStruct } from "./decoded.ts";
import { inherited } from "./inherit.ts";
import { type FieldType, type StructName, structOf } from "./schema/schema.ts";
import { withServerDefaults } from "./server-defaults.ts";
import { withStructDefaults } from "./struct-defaults.ts";

/** What a reader of a job is told beside its spec, and a writer cannot set. */
export type ReadOnlyJob = Omit<Job, keyof JobSpec>;

export type CanonicalJob = {
  readonly spec: JobSpec;
  /** What the sender wrote into the fields that the cluster owns. `Status` is as it came, "" included. */
  readonly readOnly: Omit<ReadOnlyJob, "Status"> & { readonly Status: string };
};

/** What the api module's Canonicalize makes of a job: the defaults of Nomad's clients, without the server's. */
export function clientCanonicalise(job: DecodedJob): DecodedJob {
  return withStructDefaults("Job", inherited(job));
}

/** The job as it is stored. Says nothing of whether it is valid: a type that does not exist stays as it is until `validateJob`. */
export function canonicalise(job: DecodedJob): CanonicalJob {
  const complete = completeStruct("Job", withServerDefaults(clientCanonicalise(job)));
  const readOnly = new Set<string>(READ_ONLY);
  const part = (own: boolean) => Object.fromEntries(Object.entries(complete).filter(([name]) => readOnly.has(name) === own));
  return { spec: part(false) as unknown as JobSpec, readOnly: part(true) as unknown as CanonicalJob["readOnly"] };
}

const READ_ONLY = [
  "Stop",
  "NomadTokenID",
  "Status",
  "StatusDescription",
  "Stable",
  "Version",
  "SubmitTime",
  "CreateIndex",
  "ModifyIndex",
  "JobModifyIndex",
  "VersionTag",
] as const satisfies readonly (keyof ReadOnlyJob)[];

/** The pointers whose nil a stored job has as a zero. Every other nil says something, and stays null. */
const ZERO_WHEN_NIL = new Set([
  "Job.DispatchIdempotencyToken",
  "Job.SubmitTime",
  "Resources.MemoryMaxMB",
  "Resources.DiskMB",
  "Resources.SecretsMB",
  "Resources.IOPS",
  "VolumeMount.Volume",
  "VolumeMount.Destination",
]);

/** The field that has another one in its place by now. */
const REPLACED = new Set(["LogConfig.Enabled"]);

function completeStruct(name: StructName, value: DecodedStruct): DecodedStruct {
  const fields = structOf(name).fields.filter((field) => !REPLACED.has(`${name}.${field.name}`));
  return Object.fromEntries(fields.map(({ name: field, type }) => [field, complete(type, value[field], ZERO_WHEN_NIL.has(`${name}.${field}`))]));
}

function complete(type: FieldType, value: unknown, zeroWhenNil: boolean): unknown {
  if (value === null || value === undefined) return type.pointer && !zeroWhenNil ? null : zero(type);
  if (type.kind === "struct") return completeStruct(type.struct, value as DecodedStruct);
  if (type.kind === "list") return (value as readonly unknown[]).map((item) => complete(type.item, item, false));
  if (type.kind !== "map") return value;
  return Object.fromEntries(Object.entries(value as DecodedStruct).map(([key, item]) => [key, complete(type.item, item, false)]));
}

function zero(type: FieldType): unknown {
  switch (type.kind) {
    case "string":
      return "";
    case "integer":
      return 0;
    case "bool":
      return false;
    case "list":
      return [];
    case "map":
      return {};
    case "struct":
      return completeStruct(type.struct, {});
    case "any":
    case "bytes":
      return null;
  }
}
