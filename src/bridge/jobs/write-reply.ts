/** @module What Nomad answers to a write of a job: the evaluation to watch, and indexes. Used by the handlers of jobs. */
import type { NomadJob } from "../../api/nomad-job.ts";
import { jobRecord, type JobRecord, versionOf } from "../../mapping/job-record.ts";
import { evaluationId, type EvaluationCause } from "../../mapping/nomad-ids.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import type { JobSpec } from "../../nomad/job.ts";
import type { Reply } from "../reply.ts";
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

/** For what changes no spec: the evaluation of a request. */
export function requested(job: JobRecord, cause: EvaluationCause, further: object = {}): Reply {
  const index = indexOf(job.object);
  const evalId = evaluationId(sha256, job.uid, cause);
  return written(job.jobId, evalId, { EvalID: evalId, EvalCreateIndex: index, JobModifyIndex: job.object.kind === "NomadJob" ? jobModifyIndex(job.object) : index, ...further, ...meta(index) });
}

export const meta = (index: number) => ({ Index: index, LastContact: 0, KnownLeader: true });
