/** @module What the bridge asks of the controller beside a job's spec: one change of the annotation of requests, made again where somebody else was first. */
import { type JobRequests, writeJobRequests } from "../../contract/job-requests.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type JobRecord, jobRecord, requestsOf } from "../../mapping/job-record.ts";
import { JOB_NOT_FOUND } from "../../nomad/job-texts.ts";
import type { WriteFailure } from "../bridge-deps.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { failed, MAX_ROUNDS, tooMany } from "./edit-job.ts";

/** The requests of all kinds are bounded each; a person who tags versions without end meets this. Kubernetes allows 256 KiB for all annotations. */
const MAX_REQUESTS_BYTES = 128 * 1024;

/**
 * The job as it is after the change.
 * @param change of the requests as they are now; its error is the reply
 */
export async function changeRequests(
  { jobs }: Pick<RequestContext, "jobs">,
  job: JobRecord,
  change: (now: JobRecord) => Result<JobRequests, Reply>,
): Promise<Result<JobRecord, Reply>> {
  let now = job;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const requests = change(now);
    if (!requests.ok) return requests;
    const value = writeJobRequests(requests.value);
    if (value.length > MAX_REQUESTS_BYTES) return err(text(400, `job "${job.jobId}" has ${value.length} bytes of requests and tags, and at most ${MAX_REQUESTS_BYTES} are kept: remove tags`));
    if (value === writeJobRequests(requestsOf(now))) return ok(now);
    const written = await jobs.annotate(now.object, { [ANNOTATION.requests]: value });
    if (written.ok) return ok(jobRecord(written.value));
    if (written.error.kind !== "conflict") return err(gone(written.error));
    const read = await jobs.read(job.object.kind, job.namespace, job.object.metadata.name);
    if (!read.ok) return err(failed(read.error));
    if (read.value?.metadata.uid !== job.uid) return err(text(404, JOB_NOT_FOUND));
    now = jobRecord(read.value);
  }
  return err(tooMany(job.jobId));
}

const gone = (error: WriteFailure): Reply => (error.kind === "missing" ? text(404, JOB_NOT_FOUND) : failed(error));
