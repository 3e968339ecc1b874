/** @module Nodes: reading them, and what `nomad node drain` and `nomad node eligibility` write. It concerns our allocations alone. Used by http-app.ts. */
import type { Node } from "../../api/pod.ts";
import { DRAIN_ANNOTATION, ELIGIBILITY_LABEL, INELIGIBLE, LAST_DRAIN_ANNOTATION, type LastDrain, type NodeDrain, readLastDrain } from "../../contract/node-drain.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { nomadNode } from "../../mapping/nomad-node.ts";
import type { NomadNode } from "../../nomad/api-types.ts";
import { listRequest, wholeAllocations } from "../read-handlers.ts";
import { listReply } from "../lists/list-page.ts";
import { canonicalUuidPrefix, uuidError, uuidPrefixError } from "../../nomad/uuid.ts";
import { boolParam } from "../query.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { type DrainContext, drainOf } from "./drained.ts";
import { names } from "./names.ts";

const NS_PER_MS = 1_000_000;

/** A drain that is over leaves the node ineligible, as on Nomad. */
function asNomadNode(context: DrainContext, node: Node): NomadNode {
  const { cluster } = context;
  const seen = nomadNode({ node, config: names({ cluster }), os: cluster.osOf(node) });
  if (!seen.Drain || drainOf(context, node) !== undefined) return seen;
  return { ...seen, Drain: false, DrainStrategy: null, LastDrain: seen.LastDrain === null ? null : { ...seen.LastDrain, Status: "complete" } };
}

function listNodes(context: RequestContext): Reply {
  const id = ({ metadata }: Node) => metadata.uid ?? "";
  const fields = stubFields(context);
  if (!fields.ok) return text(400, `Failed to parse node list fields: ${fields.error}`);
  const malformed = uuidPrefixError(context.query.prefix);
  if (malformed !== undefined) return text(500, `node lookup failed: ${malformed}`);
  return listReply(
    { rows: context.cluster.nodes(), key: id, id, show: (node) => nodeStub(asNomadNode(context, node), fields.value), filtered: (node) => asNomadNode(context, node) },
    { ...listRequest(context), options: { ...context.query, prefix: canonicalUuidPrefix(context.query.prefix) } },
  );
}

/** What a stub has only for who asks for it. */
type StubFields = { readonly resources: boolean; readonly os: boolean };

function stubFields({ search }: RequestContext): Result<StubFields, string> {
  const resources = boolParam(search, "resources");
  if (!resources.ok) return resources;
  const os = boolParam(search, "os");
  return os.ok ? ok({ resources: resources.value, os: os.value }) : os;
}

export const nodeStubs = (context: RequestContext) => {
  const fields = stubFields(context);
  return [...context.cluster.nodes()].map((node) => nodeStub(asNomadNode(context, node), fields.ok ? fields.value : { resources: false, os: false }));
};

function nodeStub(node: NomadNode, { resources, os }: StubFields) {
  const { ID, Name, Datacenter, NodeClass, NodePool, Status, StatusDescription, SchedulingEligibility, Drain, Drivers, HostVolumes, Attributes, LastDrain: last, CreateIndex, ModifyIndex } = node;
  const further = {
    ...(resources ? { NodeResources: node.NodeResources, ReservedResources: node.ReservedResources } : {}),
    ...(os ? { Attributes: { "os.name": Attributes["os.name"] ?? "" } } : {}),
  };
  const version = Attributes["nomad.version"] ?? "";
  return { Address: Attributes["unique.network.ip-address"] ?? "", ID, Name, Datacenter, NodeClass, NodePool, Version: version, Status, StatusDescription, SchedulingEligibility, Drain, Drivers, HostVolumes, ...further, LastDrain: last, CreateIndex, ModifyIndex };
}

/** The node that the path names, or why not. Nomad puts no status on a write to one that is not there. */
function namedNode({ cluster, params }: RequestContext, status: 404 | 500 = 500): Node | Reply {
  const id = params["nodeId"] ?? "";
  const malformed = uuidError(id);
  if (malformed !== undefined) return text(500, `node lookup failed: ${malformed}`);
  return cluster.node(id.toLowerCase()) ?? text(status, "node not found");
}

const isReply = (found: Node | Reply): found is Reply => !("metadata" in found);

function readNode(context: RequestContext): Reply {
  const node = namedNode(context, 404);
  return isReply(node) ? node : json(asNomadNode(context, node));
}

/** Of every namespace that the caller may read jobs in. A node that nobody knows has none. */
export function listNodeAllocations(context: RequestContext): Reply {
  const node = context.cluster.node((context.params["nodeId"] ?? "").toLowerCase());
  if (node === undefined) return json([]);
  const seen = context.cluster.allocationsOn(node.metadata.name).filter(({ job }) => context.allowsNamespace(job.namespace));
  return json(wholeAllocations(context, seen));
}

async function setEligibility(context: RequestContext): Promise<Reply> {
  const node = namedNode(context);
  if (isReply(node)) return node;
  const wanted = context.body["eligibility"];
  if (wanted !== "eligible" && wanted !== INELIGIBLE) return text(400, `invalid scheduling eligibility "${typeof wanted === "string" ? wanted : ""}"`);
  if (wanted === "eligible" && drainOf(context, node) !== undefined) return text(500, "can not set node's scheduling eligibility to eligible while it is draining");
  // What a drain that is over has left would begin it again.
  const over = wanted === "eligible" && node.metadata.annotations?.[DRAIN_ANNOTATION] !== undefined ? { annotations: endOfDrain(context, node) } : {};
  return written(await context.nodes.mark(node, { labels: { [ELIGIBILITY_LABEL]: wanted === "eligible" ? null : INELIGIBLE }, ...over }));
}

function endOfDrain({ now }: RequestContext, node: Node) {
  const before = readLastDrain(node.metadata.annotations?.[LAST_DRAIN_ANNOTATION]);
  const last: LastDrain | undefined = before === undefined ? undefined : { ...before, updatedAt: now, status: "complete" };
  return { [DRAIN_ANNOTATION]: null, ...(last === undefined ? {} : { [LAST_DRAIN_ANNOTATION]: JSON.stringify(last) }) };
}

async function setDrain(context: RequestContext): Promise<Reply> {
  const node = namedNode(context);
  if (isReply(node)) return node;
  const spec = drainSpec(context.body["drainspec"]);
  if (!spec.ok) return text(400, spec.error);
  const meta = metaOf(context.body["meta"]);
  if (spec.value === undefined) return written(await cancelDrain(context, node, meta));
  const drain: NodeDrain = { startedAt: context.now, ...spec.value };
  const last: LastDrain = { startedAt: context.now, updatedAt: context.now, status: "draining", accessorId: context.identity?.accessorId ?? "", meta };
  const annotations = { [DRAIN_ANNOTATION]: JSON.stringify(drain), [LAST_DRAIN_ANNOTATION]: JSON.stringify(last) };
  return written(await context.nodes.mark(node, { labels: { [ELIGIBILITY_LABEL]: INELIGIBLE }, annotations }));
}

function cancelDrain(context: RequestContext, node: Node, meta: LastDrain["meta"]) {
  const before = readLastDrain(node.metadata.annotations?.[LAST_DRAIN_ANNOTATION]);
  const last: LastDrain = { startedAt: before?.startedAt ?? context.now, updatedAt: context.now, status: "canceled", accessorId: context.identity?.accessorId ?? "", meta: { ...before?.meta, ...meta } };
  const eligible = context.body["markeligible"] === true ? { labels: { [ELIGIBILITY_LABEL]: null } } : {};
  return context.nodes.mark(node, { ...eligible, annotations: { [DRAIN_ANNOTATION]: null, ...(before === undefined ? {} : { [LAST_DRAIN_ANNOTATION]: JSON.stringify(last) }) } });
}

/** Undefined: the drain is to end. Keys as clients write them, in any case. */
function drainSpec(value: unknown): Result<Pick<NodeDrain, "deadlineMs" | "ignoreSystemJobs"> | undefined, string> {
  if (value === undefined || value === null) return ok(undefined);
  if (typeof value !== "object" || Array.isArray(value)) return err("DrainSpec must be an object");
  const fields = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner as unknown]));
  const deadline = fields["deadline"] ?? 0;
  if (typeof deadline !== "number") return err("DrainSpec.Deadline must be a number of nanoseconds");
  return ok({ deadlineMs: deadline / NS_PER_MS, ignoreSystemJobs: fields["ignoresystemjobs"] === true });
}

const MAX_META = 64;

function metaOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (typeof inner === "string" ? [[key, inner.slice(0, 1024)]] : [])).slice(0, MAX_META));
}

/** Nothing of ours is evaluated for a node: what must move is moved by the controller. */
function written(result: Result<Node, string>): Reply {
  if (!result.ok) return text(500, result.error);
  const index = indexOf(result.value);
  return json({ NodeModifyIndex: index, EvalIDs: [], EvalCreateIndex: 0, Index: index });
}

function evaluateNode(context: RequestContext): Reply {
  const node = namedNode(context);
  return isReply(node) ? node : json({ EvalIDs: [], EvalCreateIndex: 0, NodeModifyIndex: indexOf(node), HeartbeatTTL: 0, Index: context.cluster.index() });
}

const refusePurge = (context: RequestContext): Reply => {
  const node = namedNode(context);
  return isReply(node) ? node : text(501, `nodes are Kubernetes' own here: run "kubectl delete node ${node.metadata.name}"`);
};

/** Labels and annotations of the node: none of them is written by Nomad's clients, and so none is dynamic. Without `node_id` it is the node of a cluster that has one. */
function readMetadata(context: RequestContext): Reply {
  const id = context.search.get("node_id") ?? "";
  const [first, ...others] = context.cluster.nodes();
  const malformed = id === "" ? undefined : uuidError(id);
  if (malformed !== undefined) return text(500, `node lookup failed: ${malformed}`);
  if (id === "" && others.length > 0) return text(400, "node_id is missing, and there are several nodes: name one of them");
  const node = id === "" ? first : context.cluster.node(id.toLowerCase());
  if (node === undefined) return text(404, `Unknown node ${id}`);
  const { Meta } = asNomadNode(context, node);
  return json({ Meta, Dynamic: {}, Static: Meta });
}

/** What a node uses is known to its kubelet alone, and the right to ask it is the right to run commands in every pod. */
const refuseStats = (): Reply => text(501, "usage of nodes is not served: the right to ask a kubelet for it is the right to enter every pod of the node; run: kubectl top node");

export const NODE_ROUTES: Routes = {
  "GET /v1/nodes": listNodes,
  "GET /v1/node/:nodeId": readNode,
  "GET /v1/node/:nodeId/allocations": listNodeAllocations,
  "PUT /v1/node/:nodeId/drain": setDrain,
  "PUT /v1/node/:nodeId/eligibility": setEligibility,
  "PUT /v1/node/:nodeId/evaluate": evaluateNode,
  "PUT /v1/node/:nodeId/purge": refusePurge,
  "GET /v1/client/stats": refuseStats,
  "GET /v1/client/metadata": readMetadata,
};
