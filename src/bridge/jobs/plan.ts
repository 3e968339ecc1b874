/** @module What would come of a job, without writing it: plan, validate, parse. */
import { err, ok, type Result } from "../../lib/result.ts";
import type { DesiredUpdates } from "../../nomad/api-types.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { PLAN_JOB_ID_INVALID, PLAN_JOB_ID_MISMATCH } from "../../nomad/job-texts.ts";
import { nextPeriodicLaunch } from "../../nomad/jobspec/cron/next-launch.ts";
import { parseJobRequest } from "../../nomad/jobspec/parse-request.ts";
import { multierror } from "../../nomad/jobspec/validation/multierror.ts";
import { impossiblePlacement, refusedPlacement } from "../../mapping/placement-failure.ts";
import { isTrue } from "../body.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { checkJob, type JobCheck } from "./check-job.ts";
import { asDiffed, plannedDiff } from "./job-diff.ts";
import { type JobContext, jobOfBody, mayRegister, registerProblem, unknownPoolOf } from "./register.ts";
import { withKnownPolicies } from "./scaling-policies.ts";
import { meta } from "./write-reply.ts";

export function planJob(context: JobContext): Reply {
  const checked = plannedJob(context);
  if (!checked.ok) return checked.error;
  const { spec, check } = checked.value;
  const present = context.cluster.job(spec.Namespace, spec.ID);
  const asNomad = present === undefined ? undefined : context.cluster.nomadJob(present);
  const index = asNomad?.JobModifyIndex ?? 0;
  const before = present === undefined ? undefined : context.cluster.versionsOf(present)[0];
  const after = withKnownPolicies(spec, present === undefined || before === undefined ? undefined : { ...before, uid: present.uid });
  const wanted = check.refusal === undefined ? context.cluster.desiredUpdates(after, present) : undefined;
  const failures = failuresOf(context, { spec, check, updates: wanted });
  const updates = spec.Type === "system" || spec.Type === "sysbatch" ? withoutFailed(wanted, failures) : wanted;
  return json({
    JobModifyIndex: index,
    CreatedEvals: null,
    Diff: isTrue(context.body, "Diff") ? plannedDiff(before && asDiffed(before), after, updates) : null,
    Annotations: { DesiredTGUpdates: updates ?? {}, PreemptedAllocs: null },
    FailedTGAllocs: Object.keys(failures).length === 0 ? null : failures,
    NextPeriodicLaunch: check.refusal === undefined ? nextLaunchText(spec, context.now) : null,
    Warnings: check.warnings(),
    ...meta(context.cluster.index()),
  });
}

type Planned = Checked & { readonly updates: Readonly<Record<string, DesiredUpdates>> | undefined };

/** What is known before any pod is made: a job that is refused, and groups that no node can have, were it empty. What others use of it is found out by trying. */
function failuresOf({ cluster }: Pick<JobContext, "cluster">, { spec, check: { refusal }, updates }: Planned) {
  const nodes = refusal === undefined ? cluster.filteredNodes(spec) : {};
  const failed = spec.TaskGroups.flatMap(({ Name, Count }) => {
    const filtered = nodes[Name];
    const failure = refusal === undefined ? (filtered === undefined ? undefined : impossiblePlacement(filtered, toBePlaced(updates?.[Name]) ?? Count)) : refusedPlacement(refusal, Count);
    return failure === undefined ? [] : [[Name, failure.metric] as const];
  });
  return Object.fromEntries(failed);
}

/** Of a job that runs on every node Nomad counts as to be created only what finds its place. */
const withoutFailed = (updates: Planned["updates"], failures: object): Planned["updates"] =>
  updates === undefined ? undefined : Object.fromEntries(Object.entries(updates).map(([group, each]) => [group, Object.hasOwn(failures, group) ? { ...each, Place: 0 } : each]));

/** Undefined where nothing is planned. */
const toBePlaced = (updates: DesiredUpdates | undefined): number | undefined => (updates === undefined ? undefined : updates.Place + updates.DestructiveUpdate + updates.Canary);

type Checked = { readonly spec: JobSpec; readonly check: JobCheck };

function plannedJob(context: JobContext): Result<Checked, Reply> {
  const job = jobOfBody(context, "JobPlanRequest", { noId: PLAN_JOB_ID_INVALID });
  if (!job.ok) return job;
  if (job.value.ID !== context.params["jobId"]) return err(text(400, PLAN_JOB_ID_MISMATCH));
  const refusal = mayRegister(context, job.value);
  if (refusal !== undefined) return err(refusal);
  const unknownPool = unknownPoolOf(context, job.value);
  if (unknownPool !== undefined) return err(unknownPool);
  const check = checkJob(context.cluster, job.value);
  const problem = registerProblem(context, job.value, check);
  return problem === undefined ? ok({ spec: job.value, check }) : err(problem);
}

function nextLaunchText({ Periodic, ParameterizedJob }: JobSpec, now: number): string | null {
  if (Periodic === null || !Periodic.Enabled || ParameterizedJob !== null) return null;
  const next = nextPeriodicLaunch(Periodic, now);
  return next.ok && next.value !== undefined ? new Date(next.value).toISOString() : null;
}

/** Nomad answers 200 whatever is wrong with the job. */
export function validateJob(context: JobContext): Reply {
  const job = jobOfBody(context, "JobValidateRequest");
  if (!job.ok) return job.error;
  const check = checkJob(context.cluster, job.value);
  const errors = check.errors.length === 0 ? null : check.errors;
  return json({ DriverConfigValidated: true, ValidationErrors: errors, Error: multierror(check.errors), Warnings: check.warnings() });
}

/** HCL in, api.Job out. */
export function parseJob({ body }: Pick<RequestContext, "body">): Reply {
  const parsed = parseJobRequest(JSON.stringify(body));
  return parsed.ok ? json(parsed.value) : text(parsed.error.code, parsed.error.text);
}
