/** @module A periodic or parameterized job: it runs nothing itself. Launches children when they are due, counts them, and lets the oldest go. */
import type { NomadJob, NomadJobStatus } from "../../api/nomad-job.ts";
import { epochMs } from "../../lib/epoch.ts";
import { ok, type Result } from "../../lib/result.ts";
import { periodicChild } from "../../mapping/child-job.ts";
import type { Outcome } from "../outcome.ts";
import type { WriteError } from "../reconcile.ts";
import { collect, surplusChildren } from "./collect.ts";
import type { NomadJobDeps, Write } from "./deps.ts";
import { decideLaunch, type LaunchDecision } from "./launch.ts";
import { memoryOf, withDeath } from "./memory.ts";
import { perform } from "./perform.ts";
import { allocationsOf, askPlan } from "./plan-job.ts";
import { type KnownJob, refuse, retryOrStall, waitFor } from "./known-job.ts";
import { createIndexOf } from "./revisions.ts";
import { parentStatus } from "./status.ts";

export async function reconcileParent(deps: NomadJobDeps, known: KnownJob): Promise<Outcome> {
  const { job } = known;
  const cleared = await stopOwn(deps, known);
  if (!cleared.ok) return retryOrStall(cleared.error);
  const children = countsOf(deps, job);
  const decision = launchFor(deps, known, children);
  if (!decision.ok) return await refuse(deps, job, { reason: "InvalidJob", message: decision.error });
  const launched = await launch(deps, known, decision.value);
  if (!launched.ok) return retryOrStall(launched.error);
  const written = await deps.writeStatus(job, parentStatus(job, keptOf(deps, known, { children, decision: decision.value })));
  if (!written.ok) return retryOrStall(written.error);
  const trimmed = await removeSurplus(deps, job);
  if (!trimmed.ok) return retryOrStall(trimmed.error);
  const collected = await collect(deps, job);
  return collected.ok ? waitFor(decision.value.wakeInMs, collected.value, trimmed.value) : retryOrStall(collected.error);
}

/** Of one look: launches must not wait for thousands of them. */
const MOST_REMOVED = 100;
const AGAIN_MS = 100;

/** @returns ms until the next ones are to go, and those that somebody has just changed; undefined where none is left */
async function removeSurplus(deps: NomadJobDeps, { metadata: { uid = "" } }: NomadJob): Promise<Result<number | undefined, WriteError>> {
  const surplus = surplusChildren(deps.deadChildren(uid));
  for (const child of surplus.slice(0, MOST_REMOVED)) {
    const removed = await deps.deleteJob(child);
    if (!removed.ok && removed.error.reason !== "Conflict") return removed;
  }
  return ok(surplus.length > 0 ? AGAIN_MS : undefined);
}

type Counts = NonNullable<NomadJobStatus["children"]>;

/** One that was made a moment ago may not have come to the cache; it will be counted with its first change. */
function countsOf({ countChildren }: NomadJobDeps, { metadata: { uid = "" } }: NomadJob): Counts {
  return { pending: countChildren(uid, "pending"), running: countChildren(uid, "running"), dead: countChildren(uid, "dead") };
}

/** Pods of a version before, which was no parent. */
async function stopOwn(deps: NomadJobDeps, known: KnownJob): Write {
  if (deps.podsOf(known.job.metadata.uid ?? "").length === 0) return ok(undefined);
  const stopped = { ...known, job: { ...known.job, spec: { ...known.job.spec, stop: true } } };
  const plan = askPlan(deps, { ...stopped, allocations: allocationsOf(deps, known.job, known) });
  return await perform(deps, { ...stopped, plan });
}

function launchFor(deps: NomadJobDeps, { job, accepted, revision }: KnownJob, children: Counts): Result<LaunchDecision, string> {
  const periodic = accepted.job.Periodic;
  if (periodic === null || job.spec.stop === true) return ok({});
  const since = Math.max(memoryOf(job.status ?? {}).launch ?? 0, epochMs(revision.data.submittedAt) ?? deps.now());
  return decideLaunch({ periodic, since, now: deps.now(), isBusy: children.pending + children.running > 0 });
}

async function launch(deps: NomadJobDeps, { job, accepted }: KnownJob, decision: LaunchDecision): Promise<Result<undefined, WriteError>> {
  if (decision.launch === undefined) return ok(undefined);
  const child = periodicChild(deps.sha256, job, accepted.job, decision.launch);
  const created = await deps.createJob(child);
  if (created.ok) deps.event(job, { type: "Normal", reason: "Launched", note: `launched ${child.metadata.name} for ${new Date(decision.launch).toISOString()}` });
  return created;
}

type Family = { readonly children: Counts; readonly decision: LaunchDecision };

function keptOf(deps: NomadJobDeps, { job, revision }: KnownJob, { children, decision }: Family) {
  const before = memoryOf(job.status ?? {});
  const over = decision.over ?? before.launch;
  const state = job.spec.stop === true ? "dead" : "running";
  const lastLaunch = decision.launch === undefined ? job.status?.lastLaunch : new Date(decision.launch).toISOString();
  return {
    jobModifyIndex: revision.data.jobModifyIndex,
    createIndex: createIndexOf(job, deps.revisionsOf(job.metadata.uid ?? "")),
    children,
    ...(lastLaunch === undefined ? {} : { lastLaunch }),
    memory: withDeath(over === undefined ? {} : { launch: over }, before, state, deps.now()),
  };
}
