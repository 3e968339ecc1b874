/** @module Node pools: those that labels of nodes name, and Nomad's own two. Used by http-app.ts. */
import { allowNodePoolOperation } from "../../nomad/acl/acl.ts";
import { listReply } from "../lists/list-page.ts";
import { listJobs, listRequest } from "../read-handlers.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { nodeStubs } from "./nodes.ts";
import { BUILT_IN_POOLS, poolNames } from "./pool-names.ts";

function listPools(context: RequestContext): Reply {
  const itself = (name: string) => name;
  const { identity } = context;
  const visible = poolNames(context.cluster).filter((name) => identity !== undefined && allowNodePoolOperation(identity.acl, name, "read"));
  return listReply({ rows: visible, key: itself, id: itself, show: nodePool }, listRequest(context));
}

function readPool(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  return poolNames(context.cluster).includes(name) ? json(nodePool(name)) : text(404, "node pool not found");
}

function listPoolNodes(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  return json(nodeStubs(context).filter((node) => name === "all" || node.NodePool === name));
}

function listPoolJobs(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  return listJobs(context, (job) => job.NodePool === name);
}

/** Nomad's default; our nodes have no such identity. */
const IDENTITY_TTL_NS = 86_400_000_000_000;

const nodePool = (name: string) => ({ Name: name, Description: BUILT_IN_POOLS[name] ?? "", Meta: null, NodeIdentityTTL: IDENTITY_TTL_NS, SchedulerConfiguration: null, Hash: null, CreateIndex: 1, ModifyIndex: 1 });

export const NODE_POOL_ROUTES: Routes = {
  "GET /v1/node/pools": listPools,
  "GET /v1/node/pool/:pool": readPool,
  "GET /v1/node/pool/:pool/nodes": listPoolNodes,
  "GET /v1/node/pool/:pool/jobs": listPoolJobs,
};
