/**
 * @module Brings one NomadJob to what its spec asks for: its versions recorded, its pods planned and made, its status written. Level-triggered:
 * it may be called at any time, any number of times, and after any crash. Run by the controller's queue.
 */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { JobRevision } from "../../api/job-revision.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import { withTrigger, writeJobRequests } from "../../contract/job-requests.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { launchesJobs } from "../../mapping/launches-jobs.ts";
import type { Refusal } from "../../mapping/refusal.ts";
import { type Outcome, settled } from "../outcome.ts";
import { planJob } from "../plan/job.ts";
import type { JobAllocation, JobPlan } from "../plan/types.ts";
import { NO_CONFIG, notManaged, type WriteError } from "../reconcile.ts";
import { acceptJob, jobOf } from "./accept-job.ts";
import { collect } from "./collect.ts";
import type { NomadJobDeps, Write } from "./deps.ts";
import { takenBy } from "./job-id.ts";
import { type KnownJob, refuse, retryOrStall, waitFor } from "./known-job.ts";
import { memoryOf, rememberPlan, withDeath } from "./memory.ts";
import { reconcileParent } from "./parent.ts";
import { perform } from "./perform.ts";
import { allocationsOf, askPlan, nextStable, requestsOf } from "./plan-job.ts";
import { createIndexOf, presentRevision, superfluous, versionOf } from "./revisions.ts";
import { plannedStatus } from "./status.ts";

export async function reconcileJob(deps: NomadJobDeps, key: { readonly namespace: string; readonly name: string }): Promise<Outcome> {
  const job = deps.job(key.namespace, key.name);
  // Deleted: Kubernetes' garbage collector takes pods and versions, whose controller reference leads to it.
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return settled;
  const admitted = admit(deps, job);
  if (!admitted.ok) return await refuse(deps, job, admitted.error);
  const recorded = await recordVersion(deps, job);
  if (!recorded.ok) return retryOrStall(recorded.error);
  const accepted = acceptJob(deps, job, admitted.value);
  if (!accepted.ok) return await refuseVersion(deps, job, { refusal: accepted.error, config: admitted.value });
  const known = { job, accepted: accepted.value, config: admitted.value, revision: recorded.value };
  return launchesJobs(accepted.value.job) ? await reconcileParent(deps, known) : await converge(deps, known);
}

type RefusedVersion = { readonly refusal: Refusal; readonly config: BridgeConfigSpec };

/** What runs of an older version runs on, until somebody stops the job: no profile has a say in that. */
async function refuseVersion(deps: NomadJobDeps, job: NomadJob, { refusal, config }: RefusedVersion): Promise<Outcome> {
  if (job.spec.stop === true) {
    const { type = "service" } = job.spec;
    const plan = planJob({ type, version: versionOf(job), stopped: true, groups: [], allocations: allocationsOf(deps, job), now: deps.now() });
    const done = await perform(deps, { job, accepted: { groups: [] }, config, plan });
    if (!done.ok) return retryOrStall(done.error);
  }
  return await refuse(deps, job, refusal);
}

/** All that can be said without a look at profiles: what passes is a version of the job. */
function admit(deps: NomadJobDeps, job: NomadJob): Result<BridgeConfigSpec, Refusal> {
  const namespace = job.metadata.namespace ?? "default";
  if (!deps.isManaged(namespace)) return err(notManaged(namespace));
  const config = deps.config();
  if (config === undefined) return err(NO_CONFIG);
  const read = jobOf(deps, job);
  if (!read.ok) return read;
  const task = deps.task(namespace, job.spec.id);
  const taken = takenBy(job, [...deps.jobsOfId(namespace, job.spec.id), ...(task === undefined ? [] : [task])]);
  return taken === undefined ? ok(config) : err(taken);
}

/** The version's revision, made where it is not there yet. Before anything runs: what has run can be gone back to. */
async function recordVersion(deps: NomadJobDeps, job: NomadJob): Promise<Result<JobRevision, WriteError>> {
  const known = deps.revisionsOf(job.metadata.uid ?? "").find(({ revision }) => revision === versionOf(job));
  if (known !== undefined) return ok(known);
  const revision = presentRevision(deps.sha256, job, deps.now());
  const created = await deps.createRevision(revision);
  return created.ok ? ok(revision) : created;
}

async function converge(deps: NomadJobDeps, known: KnownJob): Promise<Outcome> {
  const { job } = known;
  const allocations = allocationsOf(deps, job, known);
  const plan = askPlan(deps, { ...known, allocations });
  const done = await perform(deps, { ...known, plan });
  const written = await writeStatus(deps, known, { allocations, plan, ...(done.ok ? {} : { problem: done.error }) });
  if (!done.ok) return retryOrStall(done.error);
  if (!written.ok) return retryOrStall(written.error);
  const after = await follow(deps, known, { allocations, plan });
  if (!after.ok) return retryOrStall(after.error);
  const collected = await collect(deps, job);
  if (!collected.ok) return retryOrStall(collected.error);
  return waitFor(plan.wakeInMs, collected.value);
}

/** The next version is the deployment's doing, which its evaluation says. */
function byDeployment(job: NomadJob): NomadJob {
  const requests = writeJobRequests(withTrigger(requestsOf(job), job.metadata.generation ?? 1, "deployment-watcher"));
  return { ...job, metadata: { ...job.metadata, annotations: { ...job.metadata.annotations, [ANNOTATION.requests]: requests } } };
}

type Planned = { readonly allocations: readonly JobAllocation[]; readonly plan: JobPlan; readonly problem?: WriteError };

async function writeStatus(deps: NomadJobDeps, { job, accepted, revision }: KnownJob, planned: Planned): Write {
  const { plan } = planned;
  const before = memoryOf(job.status ?? {});
  const memory = withDeath(rememberPlan(plan), before, plan.status, deps.now());
  const createIndex = createIndexOf(job, deps.revisionsOf(job.metadata.uid ?? ""));
  const kept = { jobModifyIndex: revision.data.jobModifyIndex, createIndex, ...nextStable(job, plan), memory };
  return await deps.writeStatus(job, plannedStatus(job, { accepted, kept, ...planned }));
}

/** What comes of a status that is written: a failed deployment's job goes back to its stable version, and versions that nothing needs go. */
async function follow(deps: NomadJobDeps, { job }: KnownJob, { allocations, plan }: Planned): Write {
  const revisions = deps.revisionsOf(job.metadata.uid ?? "");
  const target = revisions.find(({ revision }) => revision === plan.revertTo);
  if (target !== undefined) {
    deps.event(job, { type: "Warning", reason: "DeploymentFailed", note: plan.deployment?.statusDescription ?? "" });
    return await deps.replaceSpec(byDeployment(job), target.data.spec);
  }
  const needed = new Set([versionOf(job), job.status?.stableVersion, ...allocations.map(({ jobVersion }) => jobVersion), ...Object.values(requestsOf(job).tags ?? {}).map(({ version }) => version)]);
  for (const revision of superfluous(revisions, (version) => needed.has(version))) {
    const removed = await deps.deleteRevision(revision);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}
