/** @module Node pools: those that labels of nodes name, and Nomad's own two. Used by http-app.ts. */
import { nodeRecord } from "../../mapping/node-facts.ts";
import { allowNodePoolOperation } from "../../nomad/acl/acl.ts";
import { listReply } from "../lists/list-page.ts";
import { listJobs, listRequest } from "../read-handlers.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { names } from "./names.ts";
import { nodeStubs } from "./nodes.ts";

const BUILT_IN: Readonly<Record<string, string>> = { all: "Node pool with all nodes in the cluster.", default: "Default node pool." };

function listPools(context: RequestContext): Reply {
  const itself = (name: string) => name;
  const { identity } = context;
  const visible = poolNames(context).filter((name) => identity !== undefined && allowNodePoolOperation(identity.acl, name, "read"));
  return listReply({ rows: visible, key: itself, id: itself, show: nodePool }, listRequest(context));
}

function readPool(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  return poolNames(context).includes(name) ? json(nodePool(name)) : text(404, "node pool not found");
}

function listPoolNodes(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  if (!poolNames(context).includes(name)) return text(404, `node pool "${name}" not found`);
  return json(nodeStubs(context).filter((node) => name === "all" || node.NodePool === name));
}

function listPoolJobs(context: RequestContext): Reply {
  const name = context.params["pool"] ?? "";
  if (!poolNames(context).includes(name)) return text(404, `node pool "${name}" not found`);
  return listJobs(context, (job) => job.NodePool === name);
}

function poolNames({ cluster }: RequestContext): readonly string[] {
  const config = names({ cluster });
  const labelled = [...cluster.nodes()].map((node) => nodeRecord({ node, config }).pool);
  return [...new Set([...Object.keys(BUILT_IN), ...labelled])];
}

const nodePool = (name: string) => ({ Name: name, Description: BUILT_IN[name] ?? "", Meta: null, SchedulerConfiguration: null, CreateIndex: 1, ModifyIndex: 1 });

export const NODE_POOL_ROUTES: Routes = {
  "GET /v1/node/pools": listPools,
  "GET /v1/node/pool/:pool": readPool,
  "GET /v1/node/pool/:pool/nodes": listPoolNodes,
  "GET /v1/node/pool/:pool/jobs": listPoolJobs,
};
