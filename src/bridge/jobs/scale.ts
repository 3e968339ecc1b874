/** @module How many allocations a group has: asked and changed. */
import { isActive } from "../../contract/deployment-state.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { jobRecord, type JobRecord, requestsOf, versionOf } from "../../mapping/job-record.ts";
import { evaluationId } from "../../mapping/nomad-ids.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { type ScalingEvent, withScaling } from "../../contract/scaling-events.ts";
import { sha256 } from "../../access/sha256.ts";
import { isPlaced } from "../../mapping/nomad-allocation.ts";
import { deploymentStates } from "../../mapping/kept-deployments.ts";
import { jobSummary } from "../../mapping/job-summary.ts";
import { allocationRecord } from "../../mapping/pod-status.ts";
import { groupNameOf } from "../../mapping/pod-group.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import type { ExecTask } from "../../api/exec-task.ts";
import type { Job, JobSpec } from "../../nomad/job.ts";
import { countFault } from "../../nomad/jobspec/validation/validate-job.ts";
import {
  enforcedIndex, isStopped, JOB_NOT_FOUND, SCALING_DURING_DEPLOYMENT, SCALING_ERROR_WITH_COUNT, SCALING_NEGATIVE, SCALING_WITHOUT_GROUP,
  scalingAbove, scalingBelow, scalingType, scalingUnknownGroup,
} from "../../nomad/job-texts.ts";
import { isTrue, textOf } from "../body.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { changeRequests } from "./annotate-job.ts";
import { editJob, failed, MAX_ROUNDS, tooMany } from "./edit-job.ts";
import { integerOf, nestedOf, stringsOf } from "./fields.ts";
import type { JobContext } from "./register.ts";
import { meta, registeredAgain, requested } from "./write-reply.ts";

const NS_PER_MS = 1_000_000;

type ReadContext = Pick<RequestContext, "cluster" | "query" | "params" | "now">;

export function readScale(context: ReadContext): Reply {
  const { cluster, query, params, now } = context;
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  const asNomad = job === undefined ? undefined : cluster.nomadJob(job);
  if (job === undefined || asNomad === undefined) return text(404, JOB_NOT_FOUND);
  const pods = cluster.allocationsOf(job).filter(({ pod }) => isPlaced(pod)).map(({ pod }) => ({ group: groupNameOf(pod), record: allocationRecord(pod, now) }));
  const groups = asNomad.TaskGroups.map(({ Name, Count }) => {
    const states = pods.filter(({ group }) => group === Name).map(({ record }) => record.state);
    const running = states.filter((state) => state === "running").length;
    const placed = running + states.filter((state) => state === "pending").length;
    const deployed = deploymentStates(job)[0]?.groups[Name];
    const row = { Desired: Count, Placed: placed, Running: running, Healthy: deployed?.healthyAllocs ?? running, Unhealthy: deployed?.unhealthyAllocs ?? 0, Events: eventsOf(job, asNomad, Name) };
    return [Name, row] as const;
  });
  const { CreateIndex, JobModifyIndex, Stop } = asNomad;
  return json({ JobID: job.jobId, Namespace: job.namespace, JobCreateIndex: CreateIndex, JobModifyIndex, JobStopped: Stop, TaskGroups: Object.fromEntries(groups) });
}

/** The newest first; null where there is none. */
function eventsOf(job: JobRecord, { JobModifyIndex }: Job, group: string): readonly object[] | null {
  const { scaling = {} } = requestsOf(job);
  if (!Object.hasOwn(scaling, group)) return null;
  return (scaling[group] ?? []).map(({ at, count = null, previous, isError = false, message = "", meta: noted = null, version }) => ({
    Count: count,
    CreateIndex: JobModifyIndex,
    Error: isError,
    EvalID: version === undefined ? null : evaluationId(sha256, job.uid, { kind: "version", version }),
    Message: message,
    Meta: noted,
    PreviousCount: previous,
    Time: at * NS_PER_MS,
  }));
}

type Scaling = { readonly group: string; readonly count: number | undefined; readonly modifyIndex: number };

export async function scaleJob(context: JobContext): Promise<Reply> {
  const { body, cluster, query, params } = context;
  const jobId = params["jobId"] ?? "";
  const target = stringsOf({ target: nestedOf(body, "Target") }, "target");
  if (!["", jobId].includes(target["job"] ?? "")) return text(400, "job ID in payload did not match URL");
  if ((target["group"] ?? "") === "") return text(400, SCALING_WITHOUT_GROUP);
  const job = cluster.job(query.namespace, jobId);
  const asNomad = job === undefined ? undefined : cluster.nomadJob(job);
  if (job === undefined || asNomad === undefined) return text(404, `job "${jobId}" not found`);
  const scaling = readScaling(context, asNomad);
  if (!scaling.ok) return text(400, scaling.error);
  if (scaling.value.count === undefined || isTrue(body, "Error")) return await note(context, job, scaling.value.group);
  if (job.object.kind === "ExecTask") return scaleTask(context, job.object, scaling.value.count);
  const { group, count, modifyIndex } = scaling.value;
  const edited = await editJob(context, job, (now) => {
    if (now?.spec === undefined) return err(text(404, JOB_NOT_FOUND));
    const record = jobRecord(now.object);
    if (now.object.spec.stop === true) return err(text(400, isStopped(record.jobId)));
    const found = jobModifyIndex(now.object);
    if (modifyIndex !== 0 && modifyIndex !== found) return err(text(500, enforcedIndex(modifyIndex, found)));
    const active = deploymentStates(record)[0];
    if (active !== undefined && isActive(active) && active.jobVersion === versionOf(record)) return err(text(400, SCALING_DURING_DEPLOYMENT));
    const spec = withCount(now.spec, group, count);
    const [fault] = countFault(spec) ?? [];
    if (fault !== undefined) return err(text(500, fault));
    return ok({ spec, stop: false, trigger: "job-scaling", scaling: { group, event: eventOf(context, now.spec, { group, count }) } });
  });
  if (!edited.ok) return edited.error;
  const { object, spec, changed } = edited.value;
  // The count is that already, which gives no version; who asked for it is told of it all the same.
  const kept = changed ? undefined : await keepEvent(context, jobRecord(object), { group, event: { ...eventOf(context, spec, { group, count }), version: versionOf(jobRecord(object)) } });
  const present = kept?.ok === true && kept.value.object.kind === "NomadJob" ? kept.value.object : object;
  return await registeredAgain(context, { object: present, spec, changed }, { trigger: "job-scaling" });
}

type Noted = { readonly group: string; readonly count?: number | undefined };

/** As the caller describes it. */
function eventOf({ body, now }: Pick<JobContext, "body" | "now">, { TaskGroups }: Pick<JobSpec, "TaskGroups">, { group, count }: Noted): ScalingEvent {
  const previous = TaskGroups.find(({ Name }) => Name === group)?.Count ?? 0;
  const message = textOf(body, "Message");
  const { meta: given } = body;
  const noted = typeof given === "object" && given !== null && !Array.isArray(given) ? (given as Readonly<Record<string, unknown>>) : {};
  return {
    at: now,
    previous,
    ...(count === undefined ? {} : { count }),
    ...(isTrue(body, "Error") ? { isError: true } : {}),
    ...(message === "" ? {} : { message }),
    ...(Object.keys(noted).length === 0 ? {} : { meta: noted }),
  };
}

const keepEvent = async (context: Pick<JobContext, "jobs">, job: JobRecord, { group, event }: { readonly group: string; readonly event: ScalingEvent }) =>
  changeRequests(context, job, (now) => ok({ ...requestsOf(now), scaling: withScaling(requestsOf(now).scaling ?? {}, group, event) }));

/** An autoscaler notes what it did not do. */
async function note(context: JobContext, job: JobRecord, group: string): Promise<Reply> {
  const asNomad = context.cluster.nomadJob(job);
  if (asNomad === undefined) return text(404, JOB_NOT_FOUND);
  const kept = await keepEvent(context, job, { group, event: eventOf(context, asNomad, { group }) });
  if (!kept.ok) return kept.error;
  return json({ EvalID: "", EvalCreateIndex: 0, JobModifyIndex: asNomad.JobModifyIndex, Warnings: "", NextToken: "", ...meta(indexOf(kept.value.object)) });
}

const withCount = (spec: JobSpec, group: string, count: number): JobSpec => ({
  ...spec,
  TaskGroups: spec.TaskGroups.map((each) => (each.Name === group ? { ...each, Count: count } : each)),
});

function readScaling({ body }: Pick<JobContext, "body">, job: Job): Result<Scaling, string> {
  const target = nestedOf(body, "Target");
  const group = stringsOf({ target }, "target")["group"] ?? "";
  const count = integerOf(body, "Count");
  if (isTrue(body, "Error") && count !== undefined) return err(SCALING_ERROR_WITH_COUNT);
  const named = job.TaskGroups.find(({ Name }) => Name === group);
  if (named === undefined) return err(scalingUnknownGroup(group));
  const modifyIndex = integerOf(body, "JobModifyIndex") ?? 0;
  if (count === undefined) return ok({ group, count, modifyIndex });
  if (count < 0) return err(SCALING_NEGATIVE);
  if (job.Type === "system" || job.Type === "sysbatch") return err(scalingType(job.Type));
  const { Min = null, Max = null } = named.Scaling ?? {};
  if (Min !== null && count < Min) return err(scalingBelow(count, Min));
  return Max !== null && count > Max ? err(scalingAbove(count, Max)) : ok({ group, count, modifyIndex });
}

/** An ExecTask's schema has the same bound. */
const MAX_TASK_COUNT = 1000;

async function scaleTask({ jobs }: JobContext, task: ExecTask, count: number): Promise<Reply> {
  if (count > MAX_TASK_COUNT) return text(400, `count is ${count}, and an ExecTask has at most ${MAX_TASK_COUNT}`);
  const namespace = task.metadata.namespace ?? "default";
  let now = task;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const scaled = await jobs.scaleTask(now, count);
    if (scaled.ok) {
      const record = jobRecord(scaled.value);
      return requested(record, { kind: "version", version: versionOf(record) });
    }
    if (scaled.error.kind !== "conflict") return scaled.error.kind === "missing" ? text(404, JOB_NOT_FOUND) : failed(scaled.error);
    const read = await jobs.read("ExecTask", namespace, task.metadata.name);
    if (!read.ok) return failed(read.error);
    if (read.value?.kind !== "ExecTask" || read.value.metadata.uid !== task.metadata.uid) return text(404, JOB_NOT_FOUND);
    now = read.value;
  }
  return tooMany(task.metadata.name);
}

export function readSummary({ cluster, query, params, now }: Pick<RequestContext, "cluster" | "query" | "params" | "now">): Reply {
  const record = cluster.job(query.namespace, params["jobId"] ?? "");
  const job = record === undefined ? undefined : cluster.nomadJob(record);
  if (record === undefined || job === undefined) return text(404, JOB_NOT_FOUND);
  return json(jobSummary({ job, record, pods: cluster.allocationsOf(record).map(({ pod }) => pod), now }));
}

/** What "nomad action" can run, of all tasks. */
export function listActions({ cluster, query, params }: ReadContext): Reply {
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  const asNomad = job === undefined ? undefined : cluster.nomadJob(job);
  if (asNomad === undefined) return text(500, `Unknown job ${JSON.stringify(params["jobId"] ?? "")}`);
  const actions = asNomad.TaskGroups.flatMap((group) => group.Tasks.flatMap((task) => task.Actions.map(({ Name }) => ({ Name, TaskName: task.Name, TaskGroupName: group.Name }))));
  return json(actions);
}
