/** @module Reading jobs and allocations. Each handler is (context) → reply. */
import { parseGoBool } from "../lib/go-bool.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { nomadAllocation, type AllocationSource } from "../mapping/nomad-allocation.ts";
import { jobStub } from "../mapping/job-summary.ts";
import type { JobRecord } from "../mapping/job-record.ts";
import type { NomadAllocationStub } from "../nomad/api-types.ts";
import type { Job } from "../nomad/job.ts";
import { unknownAllocation } from "../nomad/texts.ts";
import { idPrefixProblem, idProblem } from "../nomad/uuid-index.ts";
import type { Allocation } from "./bridge-deps.ts";
import { sha256 } from "../access/sha256.ts";
import { listReply, type ListRequest } from "./lists/list-page.ts";
import { json, type Reply, text } from "./reply.ts";
import type { RequestContext, Routes } from "./request-context.ts";

/** What reading needs of a request. */
type ReadContext = Pick<RequestContext, "cluster" | "stubs" | "query" | "params" | "search" | "allowsNamespace" | "now">;

/** @param fits which jobs; all where it is absent */
export function listJobs(context: ReadContext, fits?: (job: Job) => boolean): Reply {
  const { cluster } = context;
  const all = [...cluster.jobs()];
  const isWanted = (record: JobRecord) => {
    const job = cluster.nomadJob(record);
    return job !== undefined && fits?.(job) === true;
  };
  return listReply(
    {
      rows: fits === undefined ? all : all.filter(isWanted),
      // Two namespaces may have a job of one name: the namespace makes the key unique.
      key: ({ jobId, namespace }) => `${jobId}\0${namespace}`,
      namespace: ({ namespace }) => namespace,
      id: ({ jobId }) => jobId,
      show: (job) => stubOfJob(context, job),
      filtered: (job) => cluster.nomadJob(job),
    },
    listRequest(context),
  );
}

function stubOfJob({ cluster, now, search }: ReadContext, record: JobRecord): object | undefined {
  const job = cluster.nomadJob(record);
  if (job === undefined) return undefined;
  return jobStub({ job, record, pods: cluster.allocationsOf(record).map(({ pod }) => pod), now }, parseGoBool(search.get("meta") ?? "") === true);
}

function readJob(context: ReadContext): Reply {
  const record = namedJob(context);
  const job = record === undefined ? undefined : context.cluster.nomadJob(record);
  return job === undefined ? text(404, "job not found") : json(job);
}

function listJobAllocations(context: ReadContext): Reply {
  const job = namedJob(context);
  if (job === undefined) return json([]);
  return json(context.cluster.allocationsOf(job).flatMap((allocation) => stubOf(context, allocation)));
}

function listAllocations(context: ReadContext): Reply {
  const { query } = context;
  const malformed = idPrefixProblem(query.prefix);
  if (malformed !== undefined) return text(500, `alloc lookup failed: ${malformed}`);
  const prefix = query.prefix.toLowerCase();
  return listReply(
    {
      rows: allocationsWithPrefix(context, prefix),
      key: ({ pod }) => pod.metadata.uid ?? "",
      namespace: ({ job }) => job.namespace,
      id: ({ pod }) => pod.metadata.uid ?? "",
      show: (allocation) => stubOf(context, allocation)[0],
    },
    { ...listRequest(context), options: { ...query, prefix } },
  );
}

/** A whole ID, which every exec looks up first, costs no search. */
function allocationsWithPrefix(context: ReadContext, prefix: string): readonly Allocation[] {
  const { cluster } = context;
  if (prefix.length !== 36) {
    return visibleJobs(context)
      .flatMap((job) => cluster.allocationsOf(job))
      .filter(({ pod }) => pod.metadata.uid?.startsWith(prefix) === true);
  }
  const allocation = cluster.allocation(prefix);
  return allocation !== undefined && isVisible(context, allocation.job) ? [allocation] : [];
}

/** One that the caller may not see does not exist for them, whatever its namespace. */
function readAllocation(context: ReadContext): Reply {
  const allocId = context.params["allocId"] ?? "";
  const malformed = idProblem(allocId);
  if (malformed !== undefined) return text(500, `alloc lookup failed: ${malformed}`);
  const allocation = context.cluster.allocation(allocId.toLowerCase());
  if (allocation === undefined) return text(404, "alloc not found");
  if (!context.allowsNamespace(allocation.job.namespace)) return text(500, unknownAllocation(allocId));
  const source = sourceOf(context, allocation);
  const next = replacementOf(context, allocation);
  return source === undefined ? text(404, "alloc not found") : json(nomadAllocation({ ...source, ...(next === undefined ? {} : { next }) }));
}

/** The allocation that took its place, if any. */
const replacementOf = ({ cluster }: ReadContext, { pod, job }: Allocation): string | undefined =>
  cluster.allocationsOf(job).find((other) => other.pod.metadata.annotations?.[ANNOTATION.previousAllocation] === pod.metadata.uid)?.pod.metadata.uid;

export const listRequest = ({ query, allowsNamespace }: ReadContext): ListRequest => ({ options: query, allowsNamespace });

/** What a list may show: jobs of the namespace asked for, and only where the caller has the right. */
export const visibleJobs = (context: ReadContext): readonly JobRecord[] => [...context.cluster.jobs()].filter((job) => isVisible(context, job));

const isVisible = ({ query, allowsNamespace }: ReadContext, { namespace }: JobRecord): boolean =>
  (query.namespace === "*" || query.namespace === namespace) && allowsNamespace(namespace);

const namedJob = ({ cluster, query, params }: ReadContext) => cluster.job(query.namespace, params["jobId"] ?? "");

/** Nothing for an allocation of a job that cannot be read. */
export function stubOf(context: ReadContext, allocation: Allocation): readonly NomadAllocationStub[] {
  const source = sourceOf(context, allocation);
  return source === undefined ? [] : [context.stubs.of(source)];
}

/** With the job as it was when the allocation was made, or as it is now where that is not kept any more. */
export function sourceOf({ cluster, now }: Pick<ReadContext, "cluster" | "now">, { pod, job }: Allocation): AllocationSource | undefined {
  const version = Number(pod.metadata.annotations?.[ANNOTATION.jobVersion] ?? 0);
  const asNomad = cluster.jobVersion(job, version) ?? cluster.nomadJob(job);
  if (asNomad === undefined) return undefined;
  const node = pod.spec.nodeName === undefined ? undefined : cluster.nodeByName(pod.spec.nodeName);
  return { pod, job: asNomad, record: job, sha256, nodeId: node?.metadata.uid, now };
}

/** Of all the caller may see, those that fit: whole, as the CLI reads the resources of each. */
export const wholeAllocations = (context: ReadContext, fits: (allocation: Allocation) => boolean): readonly object[] =>
  visibleJobs(context)
    .flatMap((job) => context.cluster.allocationsOf(job).filter(fits))
    .flatMap((allocation) => {
      const source = sourceOf(context, allocation);
      return source === undefined ? [] : [nomadAllocation(source)];
    });

export const READ_ROUTES: Routes = {
  "GET /v1/jobs": (context) => listJobs(context),
  "GET /v1/job/:jobId*": readJob,
  "GET /v1/job/:jobId*/allocations": listJobAllocations,
  "GET /v1/allocations": listAllocations,
  "GET /v1/allocation/:allocId": readAllocation,
};
