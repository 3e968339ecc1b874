/** @module What Nomad answers to a write of a job: the evaluation to watch, and indexes. Used by the handlers of jobs. */
import type { NomadJob } from "../../api/nomad-job.ts";
import { type AskedTrigger, withEvaluation } from "../../contract/job-requests.ts";
import { ok } from "../../lib/result.ts";
import { isObserved, jobRecord, type JobRecord, requestsOf, versionOf } from "../../mapping/job-record.ts";
import { evaluationId, type EvaluationCause } from "../../mapping/nomad-ids.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import type { JobSpec } from "../../nomad/job.ts";
import type { Reply } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { changeRequests } from "./annotate-job.ts";
import type { EditedJob } from "./edit-job.ts";
import { sha256 } from "../../access/sha256.ts";

/** A job that only others are made of runs nothing itself, so it has no evaluation. */
export const hasEvaluation = ({ Periodic, ParameterizedJob, Dispatched }: Pick<JobSpec, "Periodic" | "ParameterizedJob" | "Dispatched">): boolean =>
  Periodic === null && (ParameterizedJob === null || Dispatched);

/** The reply with its part of the audit line. */
export const written = (jobId: string, evalId: string, body: object): Reply => ({ kind: "json", status: 200, body, audit: { jobId, evalId } });

export function registered(object: NomadJob, spec: JobSpec, warnings = ""): Reply {
  const record = jobRecord(object);
  const index = jobModifyIndex(object);
  const evalId = hasEvaluation(spec) ? evaluationId(sha256, record.uid, { kind: "version", version: versionOf(record) }) : "";
  return written(record.jobId, evalId, { EvalID: evalId, EvalCreateIndex: evalId === "" ? 0 : index, JobModifyIndex: index, Warnings: warnings, NextToken: "", ...meta(index) });
}

/**
 * As a registration's, also where nothing has changed: Nomad looks at the job all the same, and gives an evaluation each time. What the controller has not
 * seen yet has one that is still to come; a note on the job would move the index by which its version is known.
 */
export async function registeredAgain(context: Pick<RequestContext, "jobs" | "now">, { object, spec, changed }: EditedJob, { trigger, warnings = "" }: { readonly trigger: AskedTrigger; readonly warnings?: string }): Promise<Reply> {
  if (changed || !hasEvaluation(spec) || !isObserved(object)) return registered(object, spec, warnings);
  return await evaluatedAgain(context, jobRecord(object), { trigger, further: { Warnings: warnings, NextToken: "" } });
}

export async function evaluatedAgain({ jobs, now }: Pick<RequestContext, "jobs" | "now">, job: JobRecord, { trigger, further = {} }: { readonly trigger: AskedTrigger; readonly further?: object }): Promise<Reply> {
  // Somebody may have registered another version meanwhile, which the cache does not show yet.
  const note = (present: JobRecord) => (isObserved(present.object) ? withEvaluation(requestsOf(present), { at: now, trigger, version: versionOf(present), index: indexOf(present.object) }) : requestsOf(present));
  const asked = await changeRequests({ jobs }, job, (present) => ok(note(present)));
  if (!asked.ok && asked.error.status === 404) return asked.error;
  const present = asked.ok ? asked.value : job;
  // Too many at once, or too many notes already: nothing was to be changed, so nothing has failed.
  if (!asked.ok || !isObserved(present.object)) return requested(present, { kind: "version", version: versionOf(present) }, further);
  return requested(present, { kind: "asked", at: requestsOf(present).evaluations?.at(-1)?.at ?? now }, further);
}

/** For what changes no spec: the evaluation of a request. */
export function requested(job: JobRecord, cause: EvaluationCause, further: object = {}): Reply {
  const index = indexOf(job.object);
  const evalId = evaluationId(sha256, job.uid, cause);
  return written(job.jobId, evalId, { EvalID: evalId, EvalCreateIndex: index, JobModifyIndex: job.object.kind === "NomadJob" ? jobModifyIndex(job.object) : index, ...further, ...meta(index) });
}

export const meta = (index: number) => ({ Index: index, LastContact: 0, KnownLeader: true });
