/**
 * @module The source of a job as its submitter sent it, one JobSubmission for each version: it may hold the values of variables. Used by register, and
 * for GET /v1/job/:id/submission.
 */
import { KEPT_VERSIONS } from "../../api/job-revision.ts";
import type { KubeObject, OwnerReference } from "../../api/meta.ts";
import { jobRecord, type JobRecord, versionOf } from "../../mapping/job-record.ts";
import { jobObjectName } from "../../mapping/object-names.ts";
import { SOURCE_NOT_FOUND } from "../../nomad/job-texts.ts";
import type { JobTextPlace } from "../bridge-deps.ts";
import { type Body, textOf } from "../body.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { type EditedJob, failed } from "./edit-job.ts";
import { stringsOf } from "./fields.ts";
import { sha256 } from "../../access/sha256.ts";

/** What Nomad keeps by default, too. */
const MAX_SOURCE_BYTES = 1_000_000;

/** Keeps the source, and lets that of a version go which is kept no more. Returns warnings: a job runs without its source. */
export async function keepSubmission({ jobs }: Pick<RequestContext, "jobs">, { object }: Pick<EditedJob, "object">, submission: Body): Promise<readonly string[]> {
  const source = textOf(submission, "Source");
  if (source === "") return [];
  const stored = JSON.stringify({ Source: source, Format: textOf(submission, "Format"), Variables: textOf(submission, "Variables"), VariableFlags: stringsOf(submission, "VariableFlags") });
  const bytes = Buffer.byteLength(stored);
  if (bytes > MAX_SOURCE_BYTES) return [`job source size of ${bytes} bytes exceeds maximum of ${MAX_SOURCE_BYTES} bytes and will be discarded`];
  const record = jobRecord(object);
  const version = versionOf(record);
  const put = await jobs.putText({ ...placeOf(record, version), owner: ownerOf(object), content: Buffer.from(stored).toString("base64") });
  if (version >= KEPT_VERSIONS) await jobs.removeText(placeOf(record, version - KEPT_VERSIONS));
  return put.ok ? [] : [`the job's source was not kept: ${put.error.message}`];
}

/** The UID keeps a job apart from the one that had its ID before. */
const placeOf = (job: JobRecord, version: number): JobTextPlace => ({
  kind: "JobSubmission",
  namespace: job.namespace,
  name: `${jobObjectName(sha256, job)}-${job.uid.slice(0, 8)}-v${version}`,
});

/** What is owned goes when its owner does. */
export const ownerOf = ({ apiVersion, kind, metadata }: KubeObject, controller = false): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  ...(controller ? { controller: true, blockOwnerDeletion: false } : {}),
});

type ReadContext = Pick<RequestContext, "cluster" | "jobs" | "query" | "params" | "search">;

export async function readSubmission({ cluster, jobs, query, params, search }: ReadContext): Promise<Reply> {
  const wanted = search.get("version") ?? "";
  if (!/^\d{1,10}$/.test(wanted)) return text(400, "Unable to parse job submission version parameter");
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  if (job === undefined) return text(404, SOURCE_NOT_FOUND);
  const kept = cluster.versionsOf(job).some(({ version }) => version === Number(wanted));
  const stored = kept ? await jobs.readText({ ...placeOf(job, Number(wanted)), of: job.uid }) : undefined;
  if (stored?.ok === false) return failed(stored.error);
  if (stored?.value === undefined) return text(404, SOURCE_NOT_FOUND);
  return json(JSON.parse(Buffer.from(stored.value, "base64").toString("utf8")));
}
