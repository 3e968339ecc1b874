/** @module The read endpoints that a stock client uses around exec: jobs, allocations, nodes, agent. Each is (context) → reply. */
import type { Identity } from "../access/authenticate.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { Node } from "../api/pod.ts";
import { nomadAllocation, allocationStub, type AllocationSource } from "../mapping/nomad-allocation.ts";
import { nomadJob, nomadJobStub } from "../mapping/nomad-job.ts";
import type { NodeConfig } from "../mapping/node-facts.ts";
import { nomadNode } from "../mapping/nomad-node.ts";
import { type AllocationRecord, allocationRecord } from "../mapping/pod-status.ts";
import type { NomadJob, NomadNode } from "../nomad/api-types.ts";
import { unknownAllocation } from "../nomad/texts.ts";
import { agentSelf } from "./agent-self.ts";
import type { Allocation, ClusterState } from "./bridge-deps.ts";
import { listReply, type ListRequest } from "./lists/list-page.ts";
import type { QueryOptions } from "./query.ts";
import { json, type Reply, text } from "./reply.ts";

export type ReadContext = {
  readonly cluster: ClusterState;
  readonly query: QueryOptions;
  readonly params: Readonly<Record<string, string>>;
  readonly allowsNamespace: (namespace: string) => boolean;
  /** Absent where the endpoint needs none. */
  readonly identity?: Identity;
  /** host:port that this server is reached at. */
  readonly address: string;
  /** Epoch ms. */
  readonly now: number;
};

const DEFAULT_NAMES: NodeConfig = { region: "global", datacenter: "dc1", profiles: [] };

const names = ({ cluster }: ReadContext) => cluster.config() ?? DEFAULT_NAMES;

export const leader = ({ address }: ReadContext): Reply => json(address);
export const peers = ({ address }: ReadContext): Reply => json([address]);
export const regions = (context: ReadContext): Reply => json([names(context).region]);
export const health = (): Reply => json({ server: { ok: true, message: "ok" }, client: { ok: true, message: "ok" } });
export const self = (context: ReadContext): Reply => json(agentSelf(names(context), context.address));

export function listJobs(context: ReadContext): Reply {
  return listReply(
    {
      rows: context.cluster.tasks(),
      // Two namespaces may have a job of one name: the namespace makes the key unique.
      key: (task) => `${task.metadata.name}\0${namespaceOf(task)}`,
      namespace: namespaceOf,
      id: (task) => task.metadata.name,
      show: (task) => jobStubOf(context, task),
      filtered: (task) => filteredJob(context, task),
    },
    listRequest(context),
  );
}

function jobStubOf(context: ReadContext, task: ExecTask): object | undefined {
  const records = recordsOf(context, task);
  const job = nomadJob(task, names(context), isRunning(records));
  return job === undefined ? undefined : nomadJobStub(job, records);
}

/** Filters ask for the children of a job, which there are none of, by these three. */
function filteredJob(context: ReadContext, task: ExecTask): object | undefined {
  const job = jobOf(context, task);
  return job === undefined ? undefined : { ParentID: "", Periodic: null, ParameterizedJob: null, ...job };
}

export function readJob(context: ReadContext): Reply {
  const job = namedJob(context);
  return job === undefined ? text(404, "job not found") : json(job);
}

export function listJobAllocations(context: ReadContext): Reply {
  const task = namedTask(context);
  if (task === undefined) return json([]);
  return json(context.cluster.allocationsOf(task).map((allocation) => allocationStub(sourceOf(context, allocation))));
}

export function listAllocations(context: ReadContext): Reply {
  const { query } = context;
  const prefix = checkIdPrefix(query.prefix);
  if (prefix === undefined) return text(500, `alloc lookup failed: index error: Invalid UUID prefix: "${query.prefix}"`);
  return listReply(
    {
      rows: allocationsWithPrefix(context, prefix),
      key: ({ pod }) => pod.metadata.uid ?? "",
      namespace: ({ task }) => namespaceOf(task),
      id: ({ pod }) => pod.metadata.uid ?? "",
      show: (allocation) => allocationStub(sourceOf(context, allocation)),
    },
    { ...listRequest(context), options: { ...query, prefix } },
  );
}

/** A whole ID, which every exec looks up first, costs no search. */
function allocationsWithPrefix(context: ReadContext, prefix: string): readonly Allocation[] {
  const { cluster } = context;
  if (prefix.length !== 36) {
    return visibleTasks(context)
      .flatMap((task) => cluster.allocationsOf(task))
      .filter(({ pod }) => pod.metadata.uid?.startsWith(prefix) === true);
  }
  const allocation = cluster.allocation(prefix);
  return allocation !== undefined && isVisible(context, allocation.task) ? [allocation] : [];
}

/** One that the caller may not see does not exist for them, whatever its namespace. */
export function readAllocation(context: ReadContext): Reply {
  const allocId = context.params["allocId"] ?? "";
  const allocation = context.cluster.allocation(allocId.toLowerCase());
  if (allocation === undefined) return text(404, "alloc not found");
  if (!context.allowsNamespace(allocation.task.metadata.namespace ?? "default")) return text(500, unknownAllocation(allocId));
  const job = jobOf(context, allocation.task);
  return job === undefined ? text(404, "alloc not found") : json(nomadAllocation(sourceOf(context, allocation), job));
}

export function listNodes(context: ReadContext): Reply {
  return listReply(
    {
      rows: context.cluster.nodes(),
      key: (node) => node.metadata.uid ?? "",
      id: (node) => node.metadata.uid ?? "",
      show: (node) => nodeStub(nodeOf(context, node)),
      filtered: (node) => nodeOf(context, node),
    },
    { ...listRequest(context), options: { ...context.query, prefix: context.query.prefix.toLowerCase() } },
  );
}

export function readNode(context: ReadContext): Reply {
  const node = context.cluster.node((context.params["nodeId"] ?? "").toLowerCase());
  return node === undefined ? text(404, "node not found") : json(nodeOf(context, node));
}

function nodeStub(node: NomadNode) {
  const { ID, Name, Datacenter, NodeClass, NodePool, Status, StatusDescription, SchedulingEligibility, Drain, Drivers, Attributes, CreateIndex, ModifyIndex } = node;
  return { Address: "", ID, Name, Datacenter, NodeClass, NodePool, Version: "", Status, StatusDescription, SchedulingEligibility, Drain, Drivers, Attributes, CreateIndex, ModifyIndex };
}

const nodeOf = (context: ReadContext, node: Node): NomadNode => nomadNode({ node, config: names(context), os: context.cluster.osOf(node) });

const listRequest = ({ query, allowsNamespace }: ReadContext): ListRequest => ({ options: query, allowsNamespace });

const namespaceOf = (task: ExecTask): string => task.metadata.namespace ?? "default";

/** What a list may show: tasks of the namespace asked for, and only where the caller has the right. */
const visibleTasks = (context: ReadContext): readonly ExecTask[] => [...context.cluster.tasks()].filter((task) => isVisible(context, task));

function isVisible({ query, allowsNamespace }: ReadContext, task: ExecTask): boolean {
  const namespace = task.metadata.namespace ?? "default";
  return (query.namespace === "*" || query.namespace === namespace) && allowsNamespace(namespace);
}

const namedTask = ({ cluster, query, params }: ReadContext) => cluster.task(query.namespace, params["jobId"] ?? "");

function namedJob(context: ReadContext): NomadJob | undefined {
  const task = namedTask(context);
  return task === undefined ? undefined : jobOf(context, task);
}

function jobOf(context: ReadContext, task: ExecTask): NomadJob | undefined {
  return nomadJob(task, names(context), isRunning(recordsOf(context, task)));
}

const isRunning = (records: readonly AllocationRecord[]): boolean => records.some((record) => record.state === "running");

const recordsOf = ({ cluster, now }: ReadContext, task: ExecTask) => cluster.allocationsOf(task).map(({ pod }) => allocationRecord(pod, now));

function sourceOf({ cluster, now }: ReadContext, { pod, task }: Allocation): AllocationSource {
  const node = pod.spec.nodeName === undefined ? undefined : cluster.nodeByName(pod.spec.nodeName);
  return { pod, task, nodeId: node?.metadata.uid, now };
}

/** Lower case, or undefined for what can begin no ID: Nomad's index takes pairs of hex digits and at most four hyphens. */
function checkIdPrefix(prefix: string): string | undefined {
  const digits = prefix.replaceAll("-", "");
  const isValid = /^[0-9a-fA-F-]*$/.test(prefix) && digits.length % 2 === 0 && prefix.length <= 36 && prefix.length - digits.length <= 4;
  return isValid ? prefix.toLowerCase() : undefined;
}
