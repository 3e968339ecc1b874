/**
 * @module A job file of any form that Nomad takes: HCL, HCL in JSON, or the API's JSON with or without `{"Job": …}` around it. Used by `/v1/jobs/parse`
 * and by the CLI.
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { evaluateHcl, type EvaluateOptions } from "../hcl/evaluate.ts";
import type { HclError } from "../hcl/syntax.ts";
import { maxBracketDepth } from "./bracket-depth.ts";
import { DEFAULT_DECODE_LIMITS, parseJobJson } from "./decode-job.ts";
import type { DecodedJob } from "./decoded.ts";
import type { Positions } from "./hcl/decoding.ts";
import { jobFromHcl } from "./hcl/job-from-hcl.ts";

export type ParsedJobFile = {
  readonly job: DecodedJob;
  /** Where values stand, by their paths in the job; nothing for JSON. */
  readonly positions: Positions;
  /** As it stands in a submission. */
  readonly format: "hcl2" | "json";
};

export type JobFileOptions = EvaluateOptions & {
  /** For the errors. Default: the name that Nomad's server has for what it is sent. */
  readonly filename?: string;
};

const DEFAULT_FILENAME = "input.hcl";

/** The job, or everything that is wrong with the text, each with its place. Never throws, and is bounded by the limits of HCL and JSON. */
export function parseJobFile(text: string, options: JobFileOptions = {}): Result<ParsedJobFile, readonly HclError[]> {
  const filename = options.filename ?? DEFAULT_FILENAME;
  if (/^[\s\ufeff]*\{/.test(text.slice(0, 4096)) && !isHclInJson(text)) return parseJson(text, filename);
  const evaluated = evaluateHcl({ name: filename, text }, options);
  if (!evaluated.ok) return evaluated;
  const read = jobFromHcl(evaluated.value, filename);
  return read.ok ? ok({ ...read.value, format: "hcl2" }) : read;
}

/** JSON is the API's but for one form: HCL's JSON syntax, where a job's ID is the only key below `job`. */
function isHclInJson(text: string): boolean {
  if (text.length > DEFAULT_DECODE_LIMITS.maxChars || maxBracketDepth(text) > DEFAULT_DECODE_LIMITS.maxDepth) return false;
  try {
    const { job } = JSON.parse(text.replace(/^\ufeff/, "")) as { readonly job?: unknown };
    if (typeof job !== "object" || job === null) return false;
    return Array.isArray(job) || !Object.keys(job).some((key) => /^(id|name|taskgroups)$/i.test(key));
  } catch {
    return false;
  }
}

function parseJson(text: string, filename: string): Result<ParsedJobFile, readonly HclError[]> {
  const decoded = parseJobJson(text.replace(/^\ufeff/, ""), DEFAULT_DECODE_LIMITS);
  if (!decoded.ok) return err([atStart(decoded.error, filename)]);
  if (decoded.value === undefined) return err([atStart("the field Job is null, and must be a job", filename)]);
  return ok({ job: decoded.value, positions: new Map(), format: "json" });
}

const atStart = (message: string, filename: string): HclError => ({ message, position: { offset: 0, line: 1, column: 1 }, filename });

/** The errors as Nomad prints them, a line each: `input.hcl:3,5-12: Unsupported argument; An argument named "x" is not expected here.` */
export function formatDiagnostics(errors: readonly HclError[], filename = DEFAULT_FILENAME): string {
  return errors.map((error) => `${error.filename ?? filename}:${rangeText(error)}: ${error.message}`).join("\n");
}

function rangeText({ position, end }: HclError): string {
  const start = `${position.line},${position.column}`;
  if (end === undefined) return start;
  return end.line === position.line ? `${start}-${end.column}` : `${start}-${end.line},${end.column}`;
}
