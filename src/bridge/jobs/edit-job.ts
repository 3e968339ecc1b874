/**
 * @module One change of a stored job: read it as it is now, decide, write it only if it is still that, and do so again where it is not. Two
 * bridges that write at once never overwrite each other. Used by every handler that writes a NomadJob's spec.
 */
import { isDeepStrictEqual } from "node:util";
import { API_VERSION } from "../../api/exec-task.ts";
import { MAX_JOB_BYTES, type NomadJob, type NomadJobSpec } from "../../api/nomad-job.ts";
import { requestsOf, jobRecord } from "../../mapping/job-record.ts";
import { type JobRequests, withPriority, withTrigger, writeJobRequests } from "../../contract/job-requests.ts";
import { type ScalingEvent, withScaling } from "../../contract/scaling-events.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { jobObjectName } from "../../mapping/object-names.ts";
import { jobSpecOf, storedSpec } from "../../mapping/stored-job.ts";
import type { JobSpec } from "../../nomad/job.ts";
import type { WriteFailure } from "../bridge-deps.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { sha256 } from "../../access/sha256.ts";

export type WriteContext = Pick<RequestContext, "cluster" | "jobs" | "identity">;

export type JobTarget = { readonly namespace: string; readonly jobId: string };

/** The job as the API server has it. `spec` is undefined where what is stored is no job: it may be written over, and nothing else. */
export type StoredNow = { readonly object: NomadJob; readonly spec: JobSpec | undefined };

export type JobEdit = {
  readonly spec: JobSpec;
  readonly stop: boolean;
  /** Nomad's TriggeredBy of the version's evaluation; absent: plain registration, or its end. */
  readonly trigger?: string;
  /** Of the version's evaluation; absent: the job's. */
  readonly priority?: number | undefined;
  /** What made the version, of one group. */
  readonly scaling?: { readonly group: string; readonly event: ScalingEvent };
};

/** `changed` is false where the job was just so already: then there is no new version. */
export type EditedJob = { readonly object: NomadJob; readonly spec: JobSpec; readonly changed: boolean };

/** Each round that is lost was won by another writer, so this many writers at once are served. */
export const MAX_ROUNDS = 24;

/** @param decide is asked anew in each round, with what is there then; its error is the reply */
export async function editJob(context: WriteContext, target: JobTarget, decide: (now: StoredNow | undefined) => Result<JobEdit, Reply>): Promise<Result<EditedJob, Reply>> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const place = await locate(context, target);
    if (!place.ok) return place;
    const edit = decide(place.value.now);
    if (!edit.ok) return edit;
    const written = await write(context, { target, ...place.value, edit: edit.value });
    if (written !== "conflict") return written;
  }
  return err(tooMany(target.jobId));
}

export const tooMany = (jobId: string): Reply => text(500, `job "${jobId}" is being changed by many at once: none of ${MAX_ROUNDS} tries was the first to write; repeat the request`);

type Place = { readonly name: string; readonly now: StoredNow | undefined };

async function locate({ cluster, jobs }: WriteContext, { namespace, jobId }: JobTarget): Promise<Result<Place, Reply>> {
  const cached = cluster.job(namespace, jobId)?.object;
  if (cached?.kind === "ExecTask") return err(text(400, isExecTask(jobId)));
  const name = cached?.metadata.name ?? jobObjectName(sha256, { namespace, jobId });
  const read = await jobs.read("NomadJob", namespace, name);
  if (!read.ok) return err(failed(read.error));
  const object = read.value as NomadJob | undefined;
  if (object === undefined) return ok({ name: jobObjectName(sha256, { namespace, jobId }), now: undefined });
  if (object.spec.id !== jobId) return err(text(409, `job "${jobId}" would be stored as NomadJob ${namespace}/${name}, which holds job "${object.spec.id}": choose another job ID`));
  if (object.metadata.deletionTimestamp !== undefined) return err(text(409, `job "${jobId}" is being deleted: repeat the request when it is gone`));
  const spec = jobSpecOf({ id: jobId, job: object.spec.job }, namespace);
  return ok({ name, now: { object, spec: spec.ok ? spec.value : undefined } });
}

type Pending = Place & { readonly target: JobTarget; readonly edit: JobEdit };

async function write(context: WriteContext, { target, name, now, edit }: Pending): Promise<Result<EditedJob, Reply> | "conflict"> {
  const { spec, stop } = edit;
  if (now !== undefined && (now.object.spec.stop ?? false) === stop && isDeepStrictEqual(now.spec, spec)) return ok({ object: now.object, spec, changed: false });
  const stored = storedSpec(spec, { stop, payloadSecret: now?.object.spec.payloadSecret });
  const bytes = Buffer.byteLength(JSON.stringify(stored.job));
  if (bytes > MAX_JOB_BYTES) return err(text(400, `job "${target.jobId}" has ${bytes} bytes as JSON, and at most ${MAX_JOB_BYTES} can be stored: move large templates into artifacts`));
  const { jobs } = context;
  const written = now === undefined ? await jobs.create(newJob({ ...target, name, stored, edit }, context)) : await jobs.replace(changedJob(now.object, stored, edit, context));
  if (written.ok) return ok({ object: written.value, spec, changed: true });
  // An object that went away in between is as good as one that was changed.
  const isOld = written.error.kind === "conflict" || (now !== undefined && written.error.kind === "missing");
  return isOld ? "conflict" : err(failed(written.error));
}

type NewJob = JobTarget & { readonly name: string; readonly stored: NomadJobSpec; readonly edit: JobEdit };

function newJob({ namespace, name, stored, edit }: NewJob, context: WriteContext): NomadJob {
  const isPlain = edit.trigger === undefined && edit.priority === undefined;
  const annotations = { ...submitter(context), ...(isPlain ? {} : { [ANNOTATION.requests]: writeJobRequests(noted({}, 0, edit)) }) };
  return { apiVersion: API_VERSION, kind: "NomadJob", metadata: { name, namespace, annotations }, spec: stored };
}

/** The new version is the old generation: it counts from 0, and the generation from 1. */
function changedJob(object: NomadJob, stored: NomadJobSpec, edit: JobEdit, context: WriteContext): NomadJob {
  const requests = noted(requestsOf(jobRecord(object)), object.metadata.generation ?? 1, edit);
  const annotations = { ...object.metadata.annotations, ...submitter(context), [ANNOTATION.requests]: writeJobRequests(requests) };
  return { ...object, metadata: { ...object.metadata, annotations }, spec: stored };
}

function noted(before: JobRequests, version: number, { trigger, priority, scaling }: JobEdit): JobRequests {
  const requests = withPriority(withTrigger(before, version, trigger), version, priority);
  return scaling === undefined ? requests : { ...requests, scaling: withScaling(requests.scaling ?? {}, scaling.group, { ...scaling.event, version }) };
}

export const submitter = ({ identity }: Pick<WriteContext, "identity">): Readonly<Record<string, string>> =>
  identity === undefined ? {} : { [ANNOTATION.submitter]: identity.accessorId };

const isExecTask = (jobId: string) =>
  `job "${jobId}" is an ExecTask, which is written with kubectl: change it with "kubectl apply", or give it up with "nomad job stop -purge" and register it anew`;

/** The reply to a write that the API server refused. */
export function failed({ kind, message }: WriteFailure): Reply {
  if (kind === "conflict") return text(409, `someone else has just changed this: look again, and repeat if it still holds (${message})`);
  return text(500, `not written: ${message}`);
}
