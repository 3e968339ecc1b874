/** @module Services of running allocations, as Nomad's own service discovery has them. Used by http-app.ts. */
import { type ServiceRegistration, serviceRegistrations } from "../../mapping/job/service-registrations.ts";
import { nodeRecord } from "../../mapping/node-facts.ts";
import { ALLOCATION_NOT_FOUND } from "../../nomad/texts.ts";
import { idProblem } from "../../nomad/uuid-index.ts";
import type { Allocation } from "../bridge-deps.ts";
import { listReply } from "../lists/list-page.ts";
import { listRequest, sourceOf, visibleJobs } from "../read-handlers.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { names } from "./names.ts";

function registrationsOf(context: RequestContext, allocation: Allocation): readonly ServiceRegistration[] {
  const source = sourceOf(context, allocation);
  if (source === undefined) return [];
  const config = names(context);
  const node = context.cluster.nodeByName(allocation.pod.spec.nodeName ?? "");
  const datacenter = node === undefined ? config.datacenter : nodeRecord({ node, config }).datacenter;
  return serviceRegistrations({ ...source, datacenter });
}

const visible = (context: RequestContext): readonly ServiceRegistration[] =>
  visibleJobs(context).flatMap((job) => context.cluster.allocationsOf(job).flatMap((allocation) => registrationsOf(context, allocation)));

function listServices(context: RequestContext): Reply {
  const byNamespace = Map.groupBy(visible(context), ({ Namespace }) => Namespace);
  const namespace = ([name]: readonly [string, unknown]) => name;
  return listReply({ rows: byNamespace, key: namespace, id: namespace, show: ([name, registrations]) => ({ Namespace: name, Services: servicesIn(registrations) }) }, listRequest(context));
}

function servicesIn(registrations: readonly ServiceRegistration[]) {
  const byName = Map.groupBy(registrations, ({ ServiceName }) => ServiceName);
  return [...byName].map(([ServiceName, own]) => ({ ServiceName, Tags: [...new Set(own.flatMap(({ Tags }) => Tags))].toSorted() })).toSorted((a, b) => (a.ServiceName < b.ServiceName ? -1 : 1));
}

/** One that nobody has is an empty list, as on Nomad. `choose=n|key` is a client's wish for some of many; all are a right answer to it. */
function readService(context: RequestContext): Reply {
  const name = context.params["service"] ?? "";
  const id = ({ ID }: ServiceRegistration) => ID;
  return listReply({ rows: visible(context).filter(({ ServiceName }) => ServiceName === name), key: id, id, show: (registration) => registration }, listRequest(context));
}

function listJobServices(context: RequestContext): Reply {
  const job = context.cluster.job(context.query.namespace, context.params["jobId"] ?? "");
  if (job === undefined) return text(404, "job not found");
  return json(context.cluster.allocationsOf(job).flatMap((allocation) => registrationsOf(context, allocation)));
}

function listAllocationServices(context: RequestContext): Reply {
  const allocId = context.params["allocId"] ?? "";
  const malformed = idProblem(allocId);
  if (malformed !== undefined) return text(500, `alloc lookup failed: ${malformed}`);
  const allocation = context.cluster.allocation(allocId.toLowerCase());
  // One of a namespace that is not the query's is as good as none.
  if (allocation === undefined || !context.allowsNamespace(allocation.job.namespace)) return text(404, ALLOCATION_NOT_FOUND);
  return json(registrationsOf(context, allocation));
}

export const SERVICE_ROUTES: Routes = {
  "GET /v1/services": listServices,
  "GET /v1/service/:service": readService,
  "GET /v1/job/:jobId*/services": listJobServices,
  "GET /v1/allocation/:allocId/services": listAllocationServices,
};
