/** @module A NomadJob whose version passed every check, and how a look at one ends. Used by reconcile and parent. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { JobRevision } from "../../api/job-revision.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import type { Refusal } from "../../mapping/refusal.ts";
import { type Outcome, settled, stalled, wait } from "../outcome.ts";
import type { WriteError } from "../reconcile.ts";
import type { AcceptedJob } from "./accepted-job.ts";
import type { NomadJobDeps } from "./deps.ts";
import { allocationsOf } from "./plan-job.ts";
import { refusedStatus } from "./status.ts";

export type KnownJob = { readonly job: NomadJob; readonly accepted: AcceptedJob; readonly config: BridgeConfigSpec; readonly revision: JobRevision };

export async function refuse(deps: NomadJobDeps, job: NomadJob, refusal: Refusal): Promise<Outcome> {
  const written = await deps.writeStatus(job, refusedStatus(job, refusal, allocationsOf(deps, job)));
  return written.ok ? stalled(refusal.reason, refusal.message) : retryOrStall(written.error);
}

/** The earliest of those that are to come. */
export function waitFor(...waits: readonly (number | undefined)[]): Outcome {
  const ms = Math.min(...waits.filter((each) => each !== undefined));
  return Number.isFinite(ms) ? wait(ms, "an allocation or a launch becomes due") : settled;
}

export function retryOrStall(error: WriteError): Outcome {
  if (!error.retry) return stalled(error.reason, error.message);
  throw new Error(`${error.reason}: ${error.message}`);
}
