/** @module Reading jobs and allocations. Each handler is (context) → reply. */
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { isPlaced, nomadAllocation, type AllocationSource } from "../mapping/nomad-allocation.ts";
import { jobStub } from "../mapping/job-summary.ts";
import type { JobRecord } from "../mapping/job-record.ts";
import type { NomadAllocationStub } from "../nomad/api-types.ts";
import type { Job } from "../nomad/job.ts";
import { jobAsRead } from "../nomad/jobspec/read-job.ts";
import { unknownAllocation } from "../nomad/texts.ts";
import { allocLookupFailed, canonicalUuidPrefix, uuidError, uuidPrefixError } from "../nomad/uuid.ts";
import type { Allocation } from "./bridge-deps.ts";
import { sha256 } from "../access/sha256.ts";
import { jobOfAllocation } from "./job-of-allocation.ts";
import { withPolicies } from "./jobs/scaling-policies.ts";
import { listReply, type ListRequest } from "./lists/list-page.ts";
import { boolParam } from "./query.ts";
import { json, type Reply, text } from "./reply.ts";
import type { RequestContext, Routes } from "./request-context.ts";

/** What reading needs of a request. */
type ReadContext = Pick<RequestContext, "cluster" | "stubs" | "query" | "params" | "search" | "allowsNamespace" | "now">;

/** @param fits which jobs; all where it is absent */
export function listJobs(context: ReadContext, fits?: (job: Job) => boolean): Reply {
  const { cluster } = context;
  const withMeta = boolParam(context.search, "meta");
  if (!withMeta.ok) return text(500, withMeta.error);
  const all = [...cluster.jobs(context.query.namespace)];
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
      show: (job) => stubOfJob(context, job, withMeta.value),
      filtered: (job) => cluster.nomadJob(job),
    },
    listRequest(context),
  );
}

function stubOfJob({ cluster, now }: ReadContext, record: JobRecord, withMeta: boolean): object | undefined {
  const job = cluster.nomadJob(record);
  if (job === undefined) return undefined;
  return jobStub({ job, record, pods: cluster.allocationsOf(record).map(({ pod }) => pod), now }, withMeta);
}

/** A dispatched job with its payload, as Nomad shows it to whoever may read the job. */
async function readJob(context: ReadContext & Pick<RequestContext, "jobs">): Promise<Reply> {
  const record = namedJob(context);
  const job = record === undefined ? undefined : context.cluster.nomadJob(record);
  if (record === undefined || job === undefined) return text(404, "job not found");
  const name = record.object.kind === "NomadJob" && job.Dispatched ? record.object.spec.payloadSecret : undefined;
  const read = jobAsRead(withPolicies(job, record.uid));
  if (name === undefined) return json(read);
  const stored = await context.jobs.readText({ kind: "DispatchPayload", namespace: record.namespace, name, of: record.uid });
  return json({ ...read, Payload: stored.ok ? (stored.value ?? null) : null });
}

function listJobAllocations(context: ReadContext): Reply {
  const job = namedJob(context);
  return json(job === undefined ? [] : stubsOf(context, context.cluster.allocationsOf(job)));
}

function listAllocations(context: ReadContext): Reply {
  const { query, search } = context;
  const withResources = boolParam(search, "resources");
  if (!withResources.ok) return text(500, withResources.error);
  const withStates = boolParam(search, "task_states");
  if (!withStates.ok) return text(500, withStates.error);
  const malformed = uuidPrefixError(query.prefix);
  if (malformed !== undefined) return text(500, allocLookupFailed(malformed));
  const hidesStates = search.get("task_states") !== null && search.get("task_states") !== "" && !withStates.value;
  const prefix = canonicalUuidPrefix(query.prefix);
  return listReply(
    {
      rows: allocationsWithPrefix(context, prefix).filter(({ pod }) => isPlaced(pod)),
      key: ({ pod }) => pod.metadata.uid ?? "",
      namespace: ({ job }) => job.namespace,
      id: ({ pod }) => pod.metadata.uid ?? "",
      show: listStub(context, { resources: withResources.value, states: !hidesStates }),
    },
    { ...listRequest(context), options: { ...query, prefix } },
  );
}

/** Clients that look for no more than IDs ask to be spared the states of tasks, which are most of a row; `resources` are what the scheduler gave. */
function listStub(context: ReadContext, { resources, states }: { readonly resources: boolean; readonly states: boolean }): (allocation: Allocation) => object | undefined {
  const stub = stubOf(context);
  if (states && !resources) return stub;
  return (allocation) => {
    const whole = stub(allocation);
    const source = resources && whole !== undefined ? sourceOf(context, allocation, new Map()) : undefined;
    return whole === undefined ? undefined : { ...whole, ...(states ? {} : { TaskStates: null }), ...(source === undefined ? {} : { AllocatedResources: nomadAllocation(source).AllocatedResources }) };
  };
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
  const malformed = uuidError(allocId);
  if (malformed !== undefined) return text(500, allocLookupFailed(malformed));
  const allocation = context.cluster.allocation(allocId.toLowerCase());
  if (allocation === undefined) return text(404, "alloc not found");
  if (!context.allowsNamespace(allocation.job.namespace)) return text(500, unknownAllocation(allocId));
  const source = sourceOf(context, allocation, replacementsOf(context.cluster.allocationsOf(allocation.job)));
  return source === undefined ? text(404, "alloc not found") : json(nomadAllocation(source));
}

/** By the ID of an allocation, the one that took its place. */
type Replacements = ReadonlyMap<string, string>;

export function replacementsOf(allocations: readonly Allocation[]): Replacements {
  return new Map(
    allocations.flatMap(({ pod: { metadata } }) => {
      const previous = metadata.annotations?.[ANNOTATION.previousAllocation];
      return previous === undefined || metadata.uid === undefined ? [] : [[previous, metadata.uid] as const];
    }),
  );
}

export const listRequest = ({ query, allowsNamespace }: ReadContext): ListRequest => ({ options: query, allowsNamespace });

type Visibility = Pick<RequestContext, "cluster" | "query" | "allowsNamespace">;

/** What a list may show: jobs of the namespace asked for, and only where the caller has the right. */
export const visibleJobs = (context: Visibility): readonly JobRecord[] => [...context.cluster.jobs(context.query.namespace)].filter((job) => isVisible(context, job));

export const isVisible = ({ query, allowsNamespace }: Visibility, { namespace }: JobRecord): boolean =>
  (query.namespace === "*" || query.namespace === namespace) && allowsNamespace(namespace);

const namedJob = ({ cluster, query, params }: ReadContext) => cluster.job(query.namespace, params["jobId"] ?? "");

/** Rows of a list. Allocations of a job that cannot be read have none, and neither have those without a node yet. */
export function stubsOf(context: ReadContext, allocations: readonly Allocation[]): readonly NomadAllocationStub[] {
  return allocations.map(stubOf(context)).filter((stub) => stub !== undefined);
}

function stubOf(context: ReadContext): (allocation: Allocation) => NomadAllocationStub | undefined {
  const placed = placedSource(context);
  return (allocation) => {
    const source = placed(allocation);
    return source === undefined ? undefined : context.stubs.of(source);
  };
}

/** For as many allocations as one request asks for: what took whose place is found out once for each job. */
function placedSource(context: ReadContext): (allocation: Allocation) => AllocationSource | undefined {
  const known = new Map<string, Replacements>();
  return (allocation) => {
    if (!isPlaced(allocation.pod)) return undefined;
    const { uid } = allocation.job;
    const replacements = known.get(uid) ?? replacementsOf(context.cluster.allocationsOf(allocation.job));
    known.set(uid, replacements);
    return sourceOf(context, allocation, replacements);
  };
}

export function sourceOf({ cluster, now }: Pick<ReadContext, "cluster" | "now">, allocation: Allocation, replacements: Replacements): AllocationSource | undefined {
  const { pod, job } = allocation;
  const asNomad = jobOfAllocation(cluster, allocation);
  if (asNomad === undefined) return undefined;
  const node = pod.spec.nodeName === undefined ? undefined : cluster.nodeByName(pod.spec.nodeName);
  const next = replacements.get(pod.metadata.uid ?? "");
  return { pod, job: asNomad, record: job, sha256, nodeId: node?.metadata.uid, now, ...(next === undefined ? {} : { next }) };
}

/** The same whole, as the CLI reads the resources of each. */
export const wholeAllocations = (context: ReadContext, allocations: readonly Allocation[]): readonly object[] =>
  allocations.map(placedSource(context)).flatMap((source) => (source === undefined ? [] : [nomadAllocation(source)]));

export const READ_ROUTES: Routes = {
  "GET /v1/jobs": (context) => listJobs(context),
  "GET /v1/job/:jobId*": readJob,
  "GET /v1/job/:jobId*/allocations": listJobAllocations,
  "GET /v1/allocations": listAllocations,
  "GET /v1/allocation/:allocId": readAllocation,
};
