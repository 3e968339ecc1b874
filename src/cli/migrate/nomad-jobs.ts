/** @module Every job of a live Nomad, or of a bridge, read over its HTTP API and never written. Used by assess and import. */
import { eachAtMost } from "../../lib/each-at-most.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { canonicalise } from "../../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../nomad/jobspec/decode-job.ts";
import type { NomadClient } from "../client.ts";
import { isDictionary } from "../explain-problems.ts";

/** What the list says of a job. */
export type ListedJob = {
  readonly id: string;
  readonly namespace: string;
  readonly type: string;
  /** "" for a job that no other has made. */
  readonly parentId: string;
  readonly stopped: boolean;
  /** Allocations that run or are about to. */
  readonly running: number;
};

export type ReadJob = { readonly listed: ListedJob } & (
  | { readonly kind: "job"; readonly spec: JobSpec; readonly stopped: boolean }
  /** It was there when the jobs were listed. */
  | { readonly kind: "gone" }
  | { readonly kind: "unreadable"; readonly error: string }
);

/** Reads at once; a server hardly feels so many. */
const AT_ONCE = 8;
/** More than any Nomad holds; a server that says so is not one. */
const MAX_JOBS = 200_000;

/** By namespace and ID. @param namespace "*": all that the token may read */
export async function listJobs(client: NomadClient, namespace: string): Promise<Result<readonly ListedJob[], string>> {
  const list = await client.getJson("/v1/jobs", { namespace });
  if (!list.ok) return list;
  if (!Array.isArray(list.value)) return err("the server's answer to /v1/jobs is no list of jobs; is this the address of a Nomad API?");
  if (list.value.length > MAX_JOBS) return err(`the server has ${list.value.length} jobs, and at most ${MAX_JOBS} are read; name a namespace with -namespace`);
  const jobs = list.value.map(listedJob);
  const odd = jobs.findIndex((job) => job === undefined);
  if (odd >= 0) return err(`job ${odd} in the server's answer to /v1/jobs has no ID; is this the address of a Nomad API?`);
  return ok(jobs.filter((job) => job !== undefined).toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.id, b.id)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const textOf = (value: unknown, otherwise = ""): string => (typeof value === "string" ? value : otherwise);

function listedJob(value: unknown): ListedJob | undefined {
  if (!isDictionary(value) || typeof value["ID"] !== "string" || value["ID"] === "") return undefined;
  const summary = isDictionary(value["JobSummary"]) && isDictionary(value["JobSummary"]["Summary"]) ? Object.values(value["JobSummary"]["Summary"]) : [];
  const count = (group: unknown, state: string) => (isDictionary(group) && typeof group[state] === "number" ? group[state] : 0);
  return {
    id: value["ID"],
    namespace: textOf(value["Namespace"], "default"),
    type: textOf(value["Type"], "service"),
    parentId: textOf(value["ParentID"]),
    stopped: value["Stop"] === true,
    running: summary.reduce<number>((sum, group) => sum + count(group, "Running") + count(group, "Starting"), 0),
  };
}

/** What tells whoever waits how far it is, and may end it before its time. */
export type Reading = {
  readonly signal: AbortSignal;
  readonly progress: (done: number, all: number) => void;
};

/** A line of progress for every so many jobs. */
const PROGRESS_JOBS = 200;

/** In the order of the list, a few at a time. After the abort no job is begun any more; those that are under way are ended, and fewer results come. */
export async function readJobs<T>(client: NomadClient, jobs: readonly ListedJob[], { signal, progress }: Reading, use: (job: ReadJob) => T | Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  let done = 0;
  await eachAtMost(AT_ONCE, signal.aborted ? [] : jobs.entries(), async ([position, listed]) => {
    results[position] = await use(await readJob(client, listed));
    done += 1;
    if (done % PROGRESS_JOBS === 0 && done < jobs.length) progress(done, jobs.length);
    return !signal.aborted;
  });
  // Without the places of those that were not begun.
  return Object.values(results);
}

async function readJob(client: NomadClient, listed: ListedJob): Promise<ReadJob> {
  const { id, namespace } = listed;
  const read = await client.getJson(jobPath(id), { namespace });
  if (!read.ok) return isMissing(read.error) ? { listed, kind: "gone" } : { listed, kind: "unreadable", error: read.error };
  const decoded = decodeJob(read.value);
  if (!decoded.ok) return { listed, kind: "unreadable", error: decoded.error };
  const { spec, readOnly } = canonicalise(decoded.value);
  if (spec.ID !== id) return { listed, kind: "unreadable", error: `the server answers with job "${spec.ID.slice(0, 100)}"` };
  return { listed, kind: "job", spec: { ...spec, Payload: null, Namespace: namespace }, stopped: readOnly.Stop };
}

/** @param namespace "*" is all */
export const namespaceWords = (namespace: string): string => (namespace === "*" ? "any namespace" : `namespace "${namespace}"`);

export const jobPath = (id: string): string => `/v1/job/${encodeURIComponent(id)}`;
export const isMissing = (error: string): boolean => /^Unexpected response code: 404\b/.test(error);
