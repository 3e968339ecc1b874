/** @module Jobs that are made of jobs: a dispatch of a parameterized one, a forced launch of a periodic one. Each is a NomadJob that its parent owns. */
import { randomUUID } from "node:crypto";
import { DEFAULT_MAX_DISPATCHED } from "../../api/bridge-config.ts";
import { API_VERSION } from "../../api/exec-task.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { parentOf, type JobRecord, jobRecord } from "../../mapping/job-record.ts";
import { periodicChild } from "../../mapping/child-job.ts";
import { evaluationId } from "../../mapping/nomad-ids.ts";
import { jobObjectName } from "../../mapping/object-names.ts";
import { jobModifyIndex, storedSpec } from "../../mapping/stored-job.ts";
import type { Job, JobSpec } from "../../nomad/job.ts";
import {
  DISPATCH_PRIORITY, FORCE_NON_PERIODIC, isStopped, JOB_NOT_FOUND, MAX_PAYLOAD_BYTES, missingMeta, notParameterized, PARENT_NOT_FOUND, PAYLOAD_FORBIDDEN, PAYLOAD_MISSING, payloadTooLarge, unpermittedMeta,
} from "../../nomad/job-texts.ts";
import { textOf } from "../body.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { failed, submitter } from "./edit-job.ts";
import { integerOf, stringsOf } from "./fields.ts";
import { sha256 } from "../../access/sha256.ts";
import { ownerOf } from "./submission.ts";
import { meta, written } from "./write-reply.ts";

type ChildContext = Pick<RequestContext, "cluster" | "jobs" | "query" | "params" | "search" | "body" | "identity" | "now">;

type Parent = { readonly record: JobRecord; readonly object: NomadJob; readonly job: Job; readonly spec: JobSpec };

function parentJob({ cluster, query, params }: ChildContext): Parent | undefined {
  const record = cluster.job(query.namespace, params["jobId"] ?? "");
  const job = record === undefined ? undefined : cluster.nomadJob(record);
  const spec = record === undefined ? undefined : cluster.versionsOf(record)[0]?.spec;
  if (record === undefined || job === undefined || spec === undefined || record.object.kind !== "NomadJob") return undefined;
  return { record, object: record.object, job, spec };
}

const unixSeconds = (now: number): number => Math.floor(now / 1000);

/** The canonical spec of a child: what its parent says, but for what made the parent one. */
const childSpec = ({ spec }: Parent, id: string, changes: Partial<JobSpec>): JobSpec => ({ ...spec, ID: id, Name: id, ParentID: spec.ID, ...changes });

type NewChild = { readonly name: string; readonly spec: JobSpec; readonly payloadSecret?: string };

const childObject = (context: ChildContext, { object, record }: Parent, { name, spec, payloadSecret }: NewChild): NomadJob => ({
  apiVersion: API_VERSION,
  kind: "NomadJob",
  metadata: {
    name,
    namespace: record.namespace,
    ownerReferences: [ownerOf(object, true)],
    annotations: { [ANNOTATION.parent]: record.jobId, ...submitter(context) },
  },
  spec: storedSpec(spec, { stop: false, payloadSecret }),
});

/** Launches a periodic job now. Twice in one second is once: the launch is named for its second. */
export async function forcePeriodic(context: ChildContext): Promise<Reply> {
  const parent = parentJob(context);
  if (parent === undefined) return text(500, JOB_NOT_FOUND);
  const { job, object, spec } = parent;
  if (job.Periodic === null) return text(500, FORCE_NON_PERIODIC);
  if (job.Stop) return text(500, isStopped(job.ID));
  const child = periodicChild(sha256, object, spec, context.now);
  const made = await create(context, { ...child, metadata: { ...child.metadata, annotations: { ...child.metadata.annotations, ...submitter(context) } } });
  return made.ok ? launched(made.value, {}) : made.error;
}

const parentIdOf = (child: NomadJob): string => parentOf(jobRecord(child));

/** The child, or the one that is there already under its name. */
async function create({ jobs }: ChildContext, child: NomadJob): Promise<Result<NomadJob, Reply>> {
  const created = await jobs.create(child);
  if (created.ok) return created;
  if (created.error.kind !== "conflict") return err(failed(created.error));
  const read = await jobs.read("NomadJob", child.metadata.namespace ?? "default", child.metadata.name);
  if (!read.ok) return err(failed(read.error));
  if (read.value?.kind !== "NomadJob" || parentIdOf(read.value) !== parentIdOf(child)) return err(failed(created.error));
  return ok(read.value);
}

function launched(child: NomadJob, further: object): Reply {
  const record = jobRecord(child);
  const index = jobModifyIndex(child);
  const evalId = evaluationId(sha256, record.uid, { kind: "version", version: 0 });
  return written(record.jobId, evalId, { EvalID: evalId, EvalCreateIndex: index, ...further, ...meta(index) });
}

const dispatched = (child: NomadJob): Reply => launched(child, { DispatchedJobID: child.spec.id, JobCreateIndex: jobModifyIndex(child) });

type Dispatch = { readonly payload: string; readonly meta: Readonly<Record<string, string>>; readonly priority: number; readonly token: string; readonly idPrefix: string };

export async function dispatchJob(context: ChildContext): Promise<Reply> {
  if (!["", context.params["jobId"]].includes(textOf(context.body, "JobID"))) return text(400, "Job ID does not match");
  const parent = parentJob(context);
  if (parent === undefined) return text(500, PARENT_NOT_FOUND);
  const { job, record } = parent;
  if (job.ParameterizedJob === null || job.Dispatched) return text(500, notParameterized(job.ID));
  if (job.Stop) return text(500, isStopped(job.ID));
  const dispatch = readDispatch(context, job);
  if (!dispatch.ok) return text(dispatch.error.status, dispatch.error.message);
  const { token } = dispatch.value;
  const earlier = token === "" ? undefined : dispatchOfToken(context, record, token);
  if (earlier !== undefined) return dispatched(earlier);
  const tooMany = tooManyDispatched(context, record);
  if (tooMany !== undefined) return text(429, tooMany);
  const id = `${job.ID}/dispatch-${dispatch.value.idPrefix === "" ? "" : `${dispatch.value.idPrefix}-`}${unixSeconds(context.now)}-${randomUUID().slice(0, 8)}`;
  const made = await makeDispatch(context, parent, { id, dispatch: dispatch.value });
  return made.ok ? dispatched(made.value) : made.error;
}

/** Each child is kept with its payload until it is dead: one token must not fill the API server's store. Refused at the same time, a few more may get in. */
function tooManyDispatched({ cluster }: ChildContext, parent: JobRecord): string | undefined {
  const most = cluster.config()?.maxDispatched ?? DEFAULT_MAX_DISPATCHED;
  const alive = cluster.liveChildren(parent);
  if (alive < most) return undefined;
  return `job "${parent.jobId}" has ${alive} dispatched jobs that are not dead, and may have ${most}: wait for them, stop some, or raise maxDispatched of the BridgeConfig`;
}

/** A dispatch with that token, as long as its job is kept. One that this process has not seen yet is met by its object's name, which follows from the token. */
function dispatchOfToken({ cluster }: ChildContext, parent: JobRecord, token: string): NomadJob | undefined {
  const found = cluster.nomadJobObject(parent.namespace, nameForToken(parent, token));
  return found !== undefined && parentIdOf(found) === parent.jobId ? found : undefined;
}

const nameForToken = ({ namespace, jobId, uid }: JobRecord, token: string): string => jobObjectName(sha256, { namespace, jobId: `${jobId}/dispatch/${uid}/${token}` });

/** The payload comes first, so that the child never waits for one that was not made. It is the parent's until there is a child. */
async function makeDispatch(context: ChildContext, parent: Parent, { id, dispatch }: { readonly id: string; readonly dispatch: Dispatch }): Promise<Result<NomadJob, Reply>> {
  const { namespace } = parent.record;
  const { payload, token, priority } = dispatch;
  const name = token === "" ? jobObjectName(sha256, { namespace, jobId: id }) : nameForToken(parent.record, token);
  const spec = childSpec(parent, id, {
    ParameterizedJob: parent.job.ParameterizedJob,
    Dispatched: true,
    Meta: { ...parent.job.Meta, ...dispatch.meta },
    Priority: priority === 0 ? parent.job.Priority : priority,
    DispatchIdempotencyToken: token,
  });
  if (payload === "") return create(context, childObject(context, parent, { name, spec }));
  const stored = { kind: "DispatchPayload" as const, namespace, name: `${name}-payload`, content: payload };
  const kept = await context.jobs.putText({ ...stored, owner: ownerOf(parent.object) });
  if (!kept.ok) return err(failed(kept.error));
  const made = await create(context, childObject(context, parent, { name, spec, payloadSecret: stored.name }));
  // Where this fails the payload stays as long as the parent does.
  if (made.ok) await context.jobs.putText({ ...stored, owner: ownerOf(made.value) });
  return made;
}

type Refused = { readonly status: number; readonly message: string };

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** In Go's words, with the byte that it cannot go on from. */
function base64Problem(text: string): string | undefined {
  if (BASE64.test(text) && text.length % 4 === 0) return undefined;
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  const cutOff = text.length - (text.length % 4);
  return `illegal base64 data at input byte ${wrong === -1 ? cutOff : wrong}`;
}
const MAX_TOKEN_CHARS = 1024;

function readDispatch({ body, search }: ChildContext, job: Job): Result<Dispatch, Refused> {
  const payload = textOf(body, "Payload");
  const malformed = base64Problem(payload);
  if (malformed !== undefined) return err({ status: 400, message: malformed });
  const bytes = Buffer.byteLength(payload, "base64");
  const wanted = job.ParameterizedJob?.Payload ?? "optional";
  if (wanted === "required" && bytes === 0) return err({ status: 500, message: PAYLOAD_MISSING });
  if (wanted === "forbidden" && bytes > 0) return err({ status: 500, message: PAYLOAD_FORBIDDEN });
  if (bytes > MAX_PAYLOAD_BYTES) return err({ status: 500, message: payloadTooLarge(bytes) });
  const given = stringsOf(body, "Meta");
  const problem = metaProblem(job, given);
  if (problem !== undefined) return err({ status: 500, message: problem });
  const priority = integerOf(body, "Priority") ?? 0;
  if (priority !== 0 && (priority < 1 || priority > 100)) return err({ status: 500, message: DISPATCH_PRIORITY });
  const token = search.get("idempotency_token") ?? "";
  const idPrefix = textOf(body, "IdPrefixTemplate");
  if (token.length > MAX_TOKEN_CHARS) return err({ status: 400, message: `the idempotency token has ${token.length} characters, and at most ${MAX_TOKEN_CHARS} are kept` });
  if (/[\s\0]/.test(idPrefix) || idPrefix.length > 128) return err({ status: 400, message: "IdPrefixTemplate must have no spaces and at most 128 characters" });
  return ok({ payload, meta: given, priority, token, idPrefix });
}

function metaProblem({ ParameterizedJob }: Job, given: Readonly<Record<string, string>>): string | undefined {
  const { MetaRequired = [], MetaOptional = [] } = ParameterizedJob ?? {};
  const unpermitted = Object.keys(given).filter((key) => !MetaRequired.includes(key) && !MetaOptional.includes(key));
  if (unpermitted.length > 0) return unpermittedMeta(unpermitted.toSorted());
  const missing = MetaRequired.filter((key) => !Object.hasOwn(given, key));
  return missing.length === 0 ? undefined : missingMeta(missing.toSorted());
}
