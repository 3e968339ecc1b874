/** @module Scaling policies: the `scaling` blocks of jobs, for an autoscaler that asks for them. Used by http-app.ts. */
import type { ScalingPolicy } from "../../nomad/job.ts";
import { policyOf } from "../jobs/scaling-policies.ts";
import { listReply } from "../lists/list-page.ts";
import { listRequest, visibleJobs } from "../read-handlers.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";

function listPolicies(context: RequestContext): Reply {
  const { search } = context;
  const job = search.get("job") ?? "";
  const type = search.get("type") ?? "";
  const wanted = policiesOf(context).filter(({ Target, Type }) => (job === "" || Target["Job"] === job) && (type === "" || Type === type));
  const id = ({ ID }: ScalingPolicy) => ID;
  return listReply({ rows: wanted, key: id, id, show: ({ ID, Enabled, Type, Target, CreateIndex, ModifyIndex }) => ({ ID, Enabled, Type, Target, CreateIndex, ModifyIndex }) }, listRequest(context));
}

function readPolicy(context: RequestContext): Reply {
  const wanted = context.params["policyId"] ?? "";
  const found = policiesOf({ ...context, query: { ...context.query, namespace: "*" } }).find(({ ID }) => ID === wanted);
  return found === undefined ? text(404, "policy not found") : json(found);
}

const policiesOf = (context: RequestContext): readonly ScalingPolicy[] =>
  visibleJobs(context).flatMap((record) => {
    const job = context.cluster.nomadJob(record);
    return job === undefined || job.Stop ? [] : job.TaskGroups.flatMap((group) => policyOf(job, record.uid, group) ?? []);
  });

export const SCALING_ROUTES: Routes = {
  "GET /v1/scaling/policies": listPolicies,
  "GET /v1/scaling/policy/:policyId": readPolicy,
};
