/**
 * @module Whether a canonical job may be registered, in Nomad's words and order. Used by register, plan and validate of the bridge.
 * Source: reference of Nomad's observable error texts; a rule that only Nomad Enterprise or the scheduler knows is not here
 */
import type { JobSpec, PeriodicConfig } from "../../job.ts";
import { parseCron } from "../cron/parse-cron.ts";
import { zoneOffset } from "../cron/next-launch.ts";
import { errorIf, nestedError, untitled } from "./multierror.ts";
import { jobWarnings } from "./job-warnings.ts";
import { validateGroup } from "./validate-group.ts";
import { validateAffinity, validateConstraint, validateEach, validateSpread } from "./validate-placement.ts";

export type JobFaults = { readonly errors: readonly string[]; readonly warnings: readonly string[] };

const TYPES = ["service", "batch", "system", "sysbatch"];

/** Nomad's `job_max_priority`. */
const MAX_PRIORITY = 100;

/** Kubernetes holds the ID in annotations and the API holds it in paths; Nomad itself has no bound. */
const MAX_ID_CHARS = 1024;

/** Every fault, in an order that depends on the job alone. `multierror(errors)` is what Nomad answers with. */
export function validateJob(spec: JobSpec): JobFaults {
  const errors = [...validateIdentity(spec), ...validatePlacement(spec), ...validateGroups(spec), ...validateLaunch(spec)];
  return { errors: [...errors, ...errorIf(spec.Priority < 1 || spec.Priority > MAX_PRIORITY, `job priority must be between [1, ${MAX_PRIORITY}]`), ...(countFault(spec) ?? [])], warnings: jobWarnings(spec) };
}

/** Nomad's `job_max_count`, which is what its servers have where nobody says another. */
const MAX_COUNT = 50_000;

/** Of all groups together: Nomad says so of what is scaled, too. */
export function countFault({ TaskGroups }: Pick<JobSpec, "TaskGroups">): readonly [string] | undefined {
  const total = TaskGroups.reduce((sum, { Count }) => sum + Math.max(0, Count), 0);
  return total > MAX_COUNT ? [`total count was greater than configured job_max_count: ${total} > ${MAX_COUNT}`] : undefined;
}

function validateIdentity(spec: JobSpec): readonly string[] {
  const { ID, Name, Namespace, Region, Type, Datacenters } = spec;
  return [
    ...errorIf(Region === "", "Missing job region"),
    ...errorIf(ID === "", "Missing job ID"),
    ...errorIf(ID.includes(" "), "Job ID contains a space"),
    ...errorIf(ID.includes("\0"), "Job ID contains a null character"),
    ...errorIf(ID.length > MAX_ID_CHARS, `Job ID has ${ID.length} characters, and at most ${MAX_ID_CHARS} are possible`),
    ...errorIf(Name === "", "Missing job name"),
    ...errorIf(Name.includes("\0"), "Job Name contains a null character"),
    ...errorIf(Namespace === "", "Missing job namespace"),
    ...validateType(Type),
    ...errorIf(Datacenters.length === 0, "Missing job datacenters"),
    ...Datacenters.flatMap((datacenter) => errorIf(datacenter === "", "Job datacenter must be non-empty string")),
  ];
}

function validateType(type: string): readonly string[] {
  if (type === "") return ["Missing job type"];
  if (type === "_core") return ["job type cannot be core"];
  return errorIf(!TYPES.includes(type), `Invalid job type: "${type}"`);
}

function validatePlacement({ Type, Constraints, Affinities, Spreads, UI }: JobSpec): readonly string[] {
  const isSystem = Type === "system" || Type === "sysbatch";
  const described = UI?.Description.length ?? 0;
  return [
    ...validateEach("Constraint", Constraints, validateConstraint),
    ...errorIf(isSystem && Affinities.length > 0, "System jobs may not have an affinity block"),
    ...(isSystem ? [] : validateEach("Affinity", Affinities, validateAffinity)),
    ...errorIf(isSystem && Spreads.length > 0, "System jobs may not have a spread block"),
    ...(isSystem ? [] : validateEach("Spread", Spreads, validateSpread)),
    ...errorIf(described > MAX_DESCRIPTION, `UI description must be under ${MAX_DESCRIPTION} characters, currently ${described}`),
  ];
}

const MAX_DESCRIPTION = 1000;

function validateGroups({ TaskGroups, Type }: JobSpec): readonly string[] {
  if (TaskGroups.length === 0) return ["Missing job task groups"];
  const names = TaskGroups.map(({ Name }) => Name);
  return [
    ...TaskGroups.flatMap(({ Name, Count, ShutdownDelay }, index) => {
      const first = names.indexOf(Name);
      return [
        ...errorIf(Name === "", `Job task group ${index + 1} missing name`),
        ...errorIf(Name !== "" && first !== index, `Job task group ${index + 1} redefines '${Name}' from group ${first + 1}`),
        ...errorIf((ShutdownDelay ?? 0) < 0, "ShutdownDelay must be a positive value"),
        ...errorIf(Type === "system" && Count > 1, `Job task group ${Name} has count ${Count}. Count cannot exceed 1 with system scheduler`),
      ];
    }),
    ...TaskGroups.flatMap((group) => nestedError(`Task group ${group.Name} validation failed`, validateGroup(group, Type))),
  ];
}

/** What makes a job periodic or parameterized; a job may be both. */
function validateLaunch(spec: JobSpec): readonly string[] {
  const { Periodic: periodic, ParameterizedJob: parameterized, Type } = spec;
  const isBatch = Type === "batch" || Type === "sysbatch";
  return [
    ...errorIf(periodic !== null && periodic.Enabled && !isBatch, `Periodic can only be used with "batch" or "sysbatch" scheduler`),
    ...(periodic !== null && periodic.Enabled ? untitled(validatePeriodic(periodic)) : []),
    ...errorIf(parameterized !== null && !isBatch, `Parameterized job can only be used with "batch" or "sysbatch" scheduler`),
    ...(parameterized === null ? [] : untitled(validateParameterized(parameterized))),
  ];
}

function validatePeriodic({ Spec, Specs, SpecType, TimeZone }: PeriodicConfig): readonly string[] {
  const zone = zoneOffset(TimeZone);
  return [
    ...errorIf(Spec === "" && Specs.length === 0, "Must specify a spec"),
    ...errorIf(Spec !== "" && Specs.length > 0, "Only cron or crons may be used"),
    ...errorIf(!zone.ok, `Invalid time zone "${TimeZone}": unknown time zone ${TimeZone}`),
    ...(SpecType === "cron" ? validateCrons(Spec === "" ? Specs : [Spec, ...Specs]) : [`Unknown periodic specification type "${SpecType}"`]),
  ];
}

const validateCrons = (specs: readonly string[]): readonly string[] =>
  specs.flatMap((spec) => {
    const parsed = parseCron(spec);
    return parsed.ok ? [] : [`Invalid cron spec "${spec}": ${parsed.error}`];
  });

function validateParameterized(config: NonNullable<JobSpec["ParameterizedJob"]>): readonly string[] {
  const required = new Set(config.MetaRequired);
  const both = config.MetaOptional.filter((key) => required.has(key));
  return [
    ...errorIf(!["optional", "required", "forbidden"].includes(config.Payload), `Unknown payload requirement: "${config.Payload}"`),
    ...errorIf(both.length > 0, `Required and optional meta keys should be disjoint. Following keys exist in both: [${both.join(" ")}]`),
  ];
}
