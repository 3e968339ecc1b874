/** @module A file as the Nomad jobs in it: HCL, Nomad's JSON, or NomadJobs. Used by convert. */
import { parseAllDocuments } from "yaml";
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { canonicalise, type CanonicalJob } from "../../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../nomad/jobspec/decode-job.ts";
import type { DecodedJob } from "../../nomad/jobspec/decoded.ts";
import { formatDiagnostics, type JobFileOptions, parseJobFile } from "../../nomad/jobspec/parse-job-file.ts";
import { isDictionary } from "../explain-problems.ts";
import { unknownFields } from "./dropped-fields.ts";
import { hclPlaces, jsonPlaces, NO_PLACES, type Places } from "./places.ts";
import type { Observed } from "./report.ts";

export type SourceJob = {
  readonly spec: JobSpec;
  readonly stop: boolean;
  readonly payloadSecret?: string;
  readonly places: Places;
  /** What the reading itself has left out. */
  readonly dropped: readonly Observed[];
};

/** The error has a line for each mistake, with the file's name and its place. @param options with the file's name for errors */
export function readJobs(text: string, options: JobFileOptions & { readonly filename: string }): Result<readonly SourceJob[], string> {
  if (/^kind:\s*["']?NomadJob\b/m.test(text) || /"kind"\s*:\s*"NomadJob"/.test(text)) return readObjects(text, options.filename);
  const parsed = parseJobFile(text, options);
  if (!parsed.ok) return err(formatDiagnostics(parsed.error, options.filename));
  const { job, positions, format } = parsed.value;
  if (format === "hcl2") return ok([sourceJob(job, hclPlaces(positions), [])]);
  const { raw, below } = rawJob(text);
  return ok([sourceJob(job, jsonPlaces(text, below), unknownFields(raw, job))]);
}

/** The job's JSON as it is written, and the key that it stands under. */
function rawJob(text: string): { readonly raw: unknown; readonly below: readonly string[] } {
  const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
  const wrapped = Object.entries(isDictionary(parsed) ? parsed : {}).findLast(([key]) => key.toLowerCase() === "job");
  return wrapped === undefined ? { raw: parsed, below: [] } : { raw: wrapped[1], below: [wrapped[0]] };
}

function sourceJob(job: DecodedJob, places: Places, dropped: readonly Observed[]): SourceJob {
  const { spec, readOnly } = canonicalise(job);
  return { spec: { ...spec, Payload: null }, stop: readOnly.Stop, places, dropped: [...dropped, ...ofTheOldCluster(readOnly), ...payloadOf(spec)] };
}

/** What a job that was read back says of the cluster that it ran in. */
function ofTheOldCluster({ Version, VersionTag, Stable }: CanonicalJob["readOnly"]): readonly Observed[] {
  return [
    ...(Version > 0 || Stable ? [{ level: "equivalent" as const, path: "Version", message: `versions are counted anew: this is version 0 here, and was ${Version}` }] : []),
    ...(VersionTag === null ? [] : [{ level: "lost" as const, path: "VersionTag", message: "is of the version there", remedy: `tag the version here: nomad job tag apply -name ${JSON.stringify(VersionTag.Name)} <job>` }]),
  ];
}

const payloadOf = ({ Payload }: JobSpec): readonly Observed[] =>
  Payload === null || Payload === "" ? [] : [{ level: "lost", path: "Payload", message: "the payload of a dispatched job is not part of the object", remedy: "dispatch the parent again: nomad job dispatch" }];

function readObjects(text: string, filename: string): Result<readonly SourceJob[], string> {
  const jobs: SourceJob[] = [];
  for (const [i, document] of [...parseAllDocuments(text)].entries()) {
    const at = `${filename}: document ${i + 1}`;
    const problem = document.errors[0];
    if (problem !== undefined) return err(`${at} is not YAML: ${problem.message.split("\n")[0] ?? ""}`);
    let value: unknown;
    try {
      value = document.toJS();
    } catch (error) {
      return err(`${at}: ${messageOf(error)}`);
    }
    if (value === null || value === undefined) continue;
    const job = objectJob(value, at);
    if (!job.ok) return job;
    jobs.push(job.value);
  }
  return ok(jobs);
}

/** A NomadJob. @param at its place, for errors */
export function objectJob(value: unknown, at: string): Result<SourceJob, string> {
  if (!isDictionary(value) || value["kind"] !== "NomadJob") return err(`${at} is no NomadJob; keep other objects in files of their own`);
  const { metadata, spec } = value;
  if (!isDictionary(spec) || !isDictionary(spec["job"])) return err(`${at} has no spec.job; it is Nomad's own JSON of the job`);
  const decoded = decodeJob(spec["job"]);
  if (!decoded.ok) return err(`${at}: ${decoded.error}`);
  const namespace = isDictionary(metadata) && typeof metadata["namespace"] === "string" ? metadata["namespace"] : undefined;
  const { payloadSecret } = spec;
  const source = sourceJob({ ...decoded.value, Namespace: namespace ?? decoded.value.Namespace ?? "default" }, NO_PLACES, unknownFields(spec["job"], decoded.value));
  return ok({ ...source, stop: spec["stop"] === true, ...(typeof payloadSecret === "string" ? { payloadSecret } : {}) });
}
