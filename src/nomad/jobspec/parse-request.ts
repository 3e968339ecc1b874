/** @module The body of `/v1/jobs/parse` to its reply. Used by the bridge. */
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { clientCanonicalise } from "./canonicalise.ts";
import type { DecodedStruct } from "./decoded.ts";
import { encodeJob } from "./encode-job.ts";
import { formatDiagnostics, type JobFileOptions, parseJobFile } from "./parse-job-file.ts";
import { foldedKey } from "./schema/schema.ts";

export type ParseRefusal = { readonly code: 400; readonly text: string };

/** The text of a variables file that comes with the request has this name in errors. */
const VARIABLES_FILE = "input.hcl";

type ParseRequest = { readonly JobHCL: string; readonly Variables: string; readonly Canonicalize: boolean };

/**
 * The job as `api.Job` in JSON, or Nomad's refusal. Without `Canonicalize` what the file does not say is null. Functions that read files
 * are refused, as on Nomad's servers.
 */
export function parseJobRequest(body: string, options: JobFileOptions = {}): Result<DecodedStruct, ParseRefusal> {
  const request = readRequest(body);
  if (!request.ok) return refuse(request.error);
  const { JobHCL, Variables, Canonicalize } = request.value;
  if (JobHCL === "") return refuse("Job spec is empty");
  const variableFiles = Variables === "" ? [] : [{ name: VARIABLES_FILE, text: Variables }];
  const parsed = parseJobFile(JobHCL, { strict: false, ...options, variableFiles: [...variableFiles, ...(options.variableFiles ?? [])] });
  if (!parsed.ok) return refuse(`Failed to parse job: ${formatDiagnostics(parsed.error)}`);
  return ok(encodeJob(Canonicalize ? clientCanonicalise(parsed.value.job) : parsed.value.job));
}

const refuse = (text: string): Result<never, ParseRefusal> => err({ code: 400, text });

const FIELDS = { JobHCL: "string", Variables: "string", Canonicalize: "boolean" } as const;

function readRequest(body: string): Result<ParseRequest, string> {
  if (body.trim() === "") return err("EOF");
  try {
    return fieldsOf(JSON.parse(body));
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}

/** Keys in any case, as Go reads them; another type in Go's words. */
function fieldsOf(json: unknown): Result<ParseRequest, string> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return err("json: cannot unmarshal the body into Go value of type api.JobsParseRequest");
  const read: Record<string, unknown> = { JobHCL: "", Variables: "", Canonicalize: false };
  for (const [key, value] of Object.entries(json)) {
    const field = Object.entries(FIELDS).find(([name]) => foldedKey(name) === foldedKey(key));
    if (field === undefined || value === null) continue;
    const [name, type] = field;
    if (typeof value !== type) {
      const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
      return err(`json: cannot unmarshal ${kind} into Go struct field JobsParseRequest.${name} of type ${type === "boolean" ? "bool" : type}`);
    }
    read[name] = value;
  }
  return ok(read as ParseRequest);
}
