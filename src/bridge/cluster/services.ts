/** @module Services of running allocations, as Nomad's own service discovery has them. Used by http-app.ts. */
import { sha256 } from "../../access/sha256.ts";
import { type ServiceRegistration, serviceRegistrations } from "../../mapping/job/service-registrations.ts";
import { nodeRecord } from "../../mapping/node-facts.ts";
import { ALLOCATION_NOT_FOUND } from "../../nomad/texts.ts";
import { uuidError } from "../../nomad/uuid.ts";
import type { Allocation } from "../bridge-deps.ts";
import { listReply } from "../lists/list-page.ts";
import { listRequest, sourceOf, visibleJobs } from "../read-handlers.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { names } from "./names.ts";

/** What took its place is not told of a service. */
const NO_REPLACEMENTS: ReadonlyMap<string, string> = new Map();

export function registrationsOf(context: Pick<RequestContext, "cluster" | "now">, allocation: Allocation): readonly ServiceRegistration[] {
  const source = sourceOf(context, allocation, NO_REPLACEMENTS);
  if (source === undefined) return [];
  const config = names(context);
  const node = context.cluster.nodeByName(allocation.pod.spec.nodeName ?? "");
  const datacenter = node === undefined ? config.datacenter : nodeRecord({ node, config }).datacenter;
  return serviceRegistrations({ ...source, datacenter });
}

const visible = (context: RequestContext): readonly ServiceRegistration[] =>
  visibleJobs(context).flatMap((job) => context.cluster.allocationsOf(job).flatMap((allocation) => registrationsOf(context, allocation)));

/** Rows are namespaces: Nomad asks neither their names for a prefix, which its CLI sends with a service's name, nor anything for a filter. */
function listServices(context: RequestContext): Reply {
  const request = listRequest(context);
  const options = { ...request.options, prefix: "", filter: "" };
  const byNamespace = Map.groupBy(visible(context), ({ Namespace }) => Namespace);
  const namespace = ([name]: readonly [string, unknown]) => name;
  return listReply({ rows: byNamespace, key: namespace, id: namespace, show: ([name, registrations]) => ({ Namespace: name, Services: servicesIn(registrations) }) }, { ...request, options });
}

function servicesIn(registrations: readonly ServiceRegistration[]) {
  const byName = Map.groupBy(registrations, ({ ServiceName }) => ServiceName);
  return [...byName].map(([ServiceName, own]) => ({ ServiceName, Tags: [...new Set(own.flatMap(({ Tags }) => Tags))].toSorted() })).toSorted((a, b) => (a.ServiceName < b.ServiceName ? -1 : 1));
}

/** One that nobody has is an empty list, as on Nomad. */
function readService(context: RequestContext): Reply {
  const name = context.params["service"] ?? "";
  const id = ({ ID }: ServiceRegistration) => ID;
  const found = visible(context).filter(({ ServiceName }) => ServiceName === name);
  const rows = chosen(found, context.search.get("choose") ?? "");
  if (rows === undefined) return text(400, "failed to choose services: Parameter for choose must be in form '<number>|<key>'");
  return listReply({ rows, key: id, id, show: (registration) => registration }, listRequest(context));
}

/** So many of them, the same for one key as long as they are there. Undefined for what is no wish. */
function chosen(found: readonly ServiceRegistration[], wish: string): readonly ServiceRegistration[] | undefined {
  if (wish === "") return found;
  const [, count, key] = /^(\d{1,9})\|(.+)$/.exec(wish) ?? [];
  if (count === undefined || key === undefined) return undefined;
  const ranked = found.map((registration) => ({ registration, rank: sha256(`${key}\0${registration.ID}`) }));
  return ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, Number(count)).map(({ registration }) => registration);
}

function listJobServices(context: RequestContext): Reply {
  const job = context.cluster.job(context.query.namespace, context.params["jobId"] ?? "");
  if (job === undefined) return text(404, "job not found");
  return json(context.cluster.allocationsOf(job).flatMap((allocation) => registrationsOf(context, allocation)));
}

function listAllocationServices(context: RequestContext): Reply {
  const allocId = context.params["allocId"] ?? "";
  const malformed = uuidError(allocId);
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
