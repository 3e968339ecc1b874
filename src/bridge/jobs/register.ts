/** @module Registering a job: what is checked before it is stored, and by whom it may be. Used for PUT /v1/jobs and PUT /v1/job/:id; its checks of rights also by plan and revert. */
import { JOB_TYPES } from "../../api/nomad-job.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import { allowHostVolumeOperation, allowNamespaceOperation } from "../../nomad/acl/acl.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import { canonicalise } from "../../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../nomad/jobspec/decode-job.ts";
import { multierror } from "../../nomad/jobspec/validation/multierror.ts";
import {
  enforcedIndex, JOB_ID_MISSING, JOB_ID_NOT_IN_PATH, JOB_MUST_BE_SPECIFIED, NO_PATH_TO_REGION, nonexistentNamespace, nonexistentPool,
  parameterizedChanged, PAYLOAD_NOT_DISPATCHED, periodicChanged, typeChanged,
} from "../../nomad/job-texts.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { type Body, isTrue } from "../body.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { poolNames } from "../cluster/pool-names.ts";
import { checkJob, type JobCheck } from "./check-job.ts";
import { editJob, type JobEdit, type StoredNow } from "./edit-job.ts";
import { integerOf, nestedOf } from "./fields.ts";
import { withKnownPolicies } from "./scaling-policies.ts";
import { keepSubmission } from "./submission.ts";
import { registeredAgain } from "./write-reply.ts";

export type JobContext = Pick<RequestContext, "cluster" | "jobs" | "query" | "params" | "search" | "body" | "allowsNamespace" | "identity" | "now">;

/**
 * The job of a request body, canonical, in the namespace that it is for: its own, or else the query's.
 * @param noId what Nomad calls a job without one, which depends on the endpoint
 */
export function jobOfBody(context: JobContext, request: string, { noId = JOB_ID_MISSING } = {}): Result<JobSpec, Reply> {
  const { body, query, cluster } = context;
  if (body["job"] === undefined || body["job"] === null) return err(text(400, JOB_MUST_BE_SPECIFIED));
  const decoded = decodeJob(body["job"], request);
  if (!decoded.ok) return err(text(400, decoded.error));
  if (decoded.value.ID === undefined || decoded.value.ID === null) return err(text(400, noId));
  const region = cluster.config()?.region ?? "global";
  const wanted = decoded.value.Region ?? "";
  if (wanted !== "" && wanted !== region && wanted !== "global") return err(text(500, NO_PATH_TO_REGION));
  const { spec, readOnly } = canonicalise({ ...decoded.value, Region: region, Namespace: decoded.value.Namespace || query.namespace });
  if (spec.Payload !== null && spec.Payload !== "") return err(text(500, PAYLOAD_NOT_DISPATCHED));
  // "nomad job run" of what "nomad job inspect" gave: what a reader is told is no part of a job.
  return readOnly.Version < 0 ? err(text(400, "the job's version is negative")) : ok({ ...spec, Payload: null });
}

/** Rights of the job's namespace, and of the volumes that it mounts. */
export function mayRegister(context: JobContext, spec: JobSpec): Reply | undefined {
  const { allowsNamespace, identity } = context;
  if (!allowsNamespace(spec.Namespace)) return text(403, PERMISSION_DENIED);
  if (identity !== undefined && !spec.TaskGroups.every((group) => mayMount(group, spec.Namespace, identity.acl))) return text(403, PERMISSION_DENIED);
  return undefined;
}

/** What is wrong with the job, that there is no such namespace first; undefined where it can be stored. */
export function registerProblem({ cluster }: Pick<JobContext, "cluster">, spec: JobSpec, { errors }: JobCheck): Reply | undefined {
  const all = [...(cluster.isManaged(spec.Namespace) ? [] : [nonexistentNamespace(spec.ID, spec.Namespace)]), ...errors];
  return all.length === 0 ? undefined : text(500, multierror(all));
}

function mayMount({ Volumes }: TaskGroup, namespace: string, acl: NonNullable<JobContext["identity"]>["acl"]): boolean {
  return Object.values(Volumes).every(({ Type, Source, ReadOnly }) => {
    if (Type === "csi") return allowNamespaceOperation(acl, namespace, "csi-mount-volume");
    return Type !== "host" || allowHostVolumeOperation(acl, Source, ReadOnly ? "mount-readonly" : "mount-readwrite");
  });
}

export async function register(context: JobContext): Promise<Reply> {
  const job = jobOfBody(context, "JobRegisterRequest");
  if (!job.ok) return job.error;
  const spec = job.value;
  const { body, params } = context;
  if (params["jobId"] !== undefined && params["jobId"] !== spec.ID) return text(400, JOB_ID_NOT_IN_PATH);
  const refusal = mayRegister(context, spec);
  if (refusal !== undefined) return refusal;
  const checked = checkJob(context.cluster, spec);
  const problem = registerProblem(context, spec, checked);
  if (problem !== undefined) return problem;
  const unknownPool = unknownPoolOf(context, spec);
  if (unknownPool !== undefined) return unknownPool;
  const edited = await editJob(context, { namespace: spec.Namespace, jobId: spec.ID }, (now) => withPriorityOf(body, registration(body, spec, now)));
  if (!edited.ok) return edited.error;
  const kept = await keepSubmission(context, edited.value, nestedOf(body, "Submission"));
  return await registeredAgain(context, edited.value, { trigger: "job-register", warnings: checked.warnings([...kept]) });
}

/** A pool is there as long as a node, or Nomad itself, names it. A job that is in one already may stay in it while it has no node. */
export function unknownPoolOf({ cluster }: Pick<JobContext, "cluster">, { ID, Namespace, NodePool }: JobSpec): Reply | undefined {
  if (poolNames(cluster).includes(NodePool)) return undefined;
  const present = cluster.job(Namespace, ID);
  const isThere = present !== undefined && cluster.nomadJob(present)?.NodePool === NodePool;
  return isThere ? undefined : text(500, multierror([nonexistentPool(ID, NodePool)]));
}

/** The evaluation's own priority, where one is asked for. */
function withPriorityOf(body: Body, edit: Result<JobEdit, Reply>): Result<JobEdit, Reply> {
  const priority = integerOf(body, "EvalPriority") ?? 0;
  return edit.ok && priority > 0 ? ok({ ...edit.value, priority }) : edit;
}

/** What is written, given what is there; or why it is not. */
function registration(body: Body, spec: JobSpec, now: StoredNow | undefined): Result<JobEdit, Reply> {
  const wanted = integerOf(body, "JobModifyIndex") ?? 0;
  const found = now === undefined ? undefined : jobModifyIndex(now.object);
  if (isTrue(body, "EnforceIndex") && wanted !== (found ?? 0)) return err(text(500, enforcedIndex(wanted, found)));
  if (now?.spec === undefined) return ok({ spec: withoutParent(withKnownPolicies(spec, undefined)), stop: false });
  const forbidden = forbiddenUpdate(now.spec, spec);
  if (forbidden !== undefined) return err(text(500, multierror([forbidden])));
  const isLive = now.object.spec.stop !== true;
  const counted = isTrue(body, "PreserveCounts") && isLive ? withCountsOf(spec, now.spec) : spec;
  const sized = isTrue(body, "PreserveResources") && isLive ? withResourcesOf(counted, now.spec) : counted;
  const { ParentID, Dispatched, DispatchIdempotencyToken } = now.spec;
  const known = withKnownPolicies(sized, { spec: now.spec, stop: !isLive, uid: now.object.metadata.uid ?? "" });
  return ok({ spec: { ...known, ParentID, Dispatched, DispatchIdempotencyToken }, stop: false });
}

/** Only a launch or a dispatch makes a child. */
const withoutParent = (spec: JobSpec): JobSpec => ({ ...spec, ParentID: "", Dispatched: false, DispatchIdempotencyToken: "" });

function forbiddenUpdate(before: JobSpec, after: JobSpec): string | undefined {
  if (before.Type !== after.Type && (JOB_TYPES as readonly string[]).includes(before.Type)) return typeChanged(before.Type, after.Type);
  if ((before.Periodic === null) !== (after.Periodic === null)) return periodicChanged(after.Periodic !== null);
  return (before.ParameterizedJob === null) === (after.ParameterizedJob === null) ? undefined : parameterizedChanged(after.ParameterizedJob !== null);
}

const groupNamed = ({ TaskGroups }: JobSpec, name: string) => TaskGroups.find(({ Name }) => Name === name);

const withCountsOf = (spec: JobSpec, before: JobSpec): JobSpec => ({
  ...spec,
  TaskGroups: spec.TaskGroups.map((group) => ({ ...group, Count: groupNamed(before, group.Name)?.Count ?? group.Count })),
});

const withResourcesOf = (spec: JobSpec, before: JobSpec): JobSpec => ({
  ...spec,
  TaskGroups: spec.TaskGroups.map((group) => {
    const old = groupNamed(before, group.Name)?.Tasks ?? [];
    return { ...group, Tasks: group.Tasks.map((task) => ({ ...task, Resources: old.find(({ Name }) => Name === task.Name)?.Resources ?? task.Resources })) };
  }),
});
