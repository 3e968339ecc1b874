/** @module Search by prefix, and fuzzy search, over what the caller may see. Used by http-app.ts. */
import { allowNamespace, allowNamespaceOperation, allowNodePoolOperation, allowNodeRead, allowPluginRead, isManagement } from "../../nomad/acl/acl.ts";
import type { NamespaceCapability } from "../../nomad/acl/capabilities.ts";
import type { Job } from "../../nomad/job.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { textOf } from "../body.ts";
import { poolNames } from "./pool-names.ts";
import { evaluationSource } from "../jobs/evaluations.ts";
import { policyId } from "../jobs/scaling-policies.ts";
import { isVisible, stubsOf, visibleJobs } from "../read-handlers.ts";
import { json, QUERY_META, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { deploymentId } from "../../mapping/nomad-ids.ts";
import { isPlaced } from "../../mapping/nomad-allocation.ts";
import { deploymentStates } from "../../mapping/kept-deployments.ts";
import { type NomadEvaluation, nomadEvaluations } from "../../mapping/nomad-evaluation.ts";
import { sha256 } from "../../access/sha256.ts";

/** What a request may ask for, in the order of Nomad's refusal; kinds that we have none of answer with nothing. */
const CONTEXTS = ["allocs", "jobs", "nodes", "node_pools", "evals", "deployment", "plugins", "volumes", "scaling_policy", "vars", "namespaces", "host_volumes"] as const;
type SearchContext = (typeof CONTEXTS)[number];

/** Nomad's own limit for one context. */
const LIMIT = 20;

/** These have no name that one could half remember: a fuzzy search takes the beginning of their IDs, and shows them also where it finds none. */
const BY_ID: ReadonlySet<string> = new Set(["evals", "deployment", "scaling_policy", "volumes", "host_volumes"]);

/** An ID and the objects that it is found below; the name, where a fuzzy search looks for that. */
type Match = { readonly id: string; readonly scope: readonly string[]; readonly name?: () => string };

/** Undefined: the caller may not search there. */
type Source = (context: RequestContext) => readonly Match[] | undefined;

const SOURCES: Readonly<Record<SearchContext, Source>> = {
  jobs: (context) => jobsSeen(context)?.map(({ jobId, namespace }) => ({ id: jobId, scope: [namespace, jobId] })),
  allocs: (context) =>
    jobsSeen(context)?.flatMap((job) =>
      context.cluster.allocationsOf(job).filter(({ pod }) => isPlaced(pod)).map((allocation) => {
        const id = allocation.pod.metadata.uid ?? "";
        return { id, scope: [job.namespace, id], name: () => stubsOf(context, [allocation])[0]?.Name ?? id };
      }),
    ),
  evals: (context) => (jobsSeen(context) === undefined ? undefined : evaluationsSeen(context).map(({ ID, Namespace }) => ({ id: ID, scope: [Namespace, ID] }))),
  deployment: (context) =>
    jobsSeen(context)?.flatMap((job) => deploymentStates(job).map(({ jobVersion }) => deploymentId(sha256, job.uid, jobVersion)).map((id) => ({ id, scope: [job.namespace, id] }))),
  scaling_policy: (context) =>
    jobsSeen(context)?.flatMap((job) =>
      (context.cluster.nomadJob(job)?.TaskGroups ?? []).flatMap(({ Name, Scaling }) => (Scaling === null ? [] : [{ id: policyId(job.uid, Name), scope: [job.namespace] }])),
    ),
  nodes: ({ cluster, identity }) =>
    identity !== undefined && allowNodeRead(identity.acl) ? [...cluster.nodes()].map(({ metadata }) => ({ id: metadata.uid ?? "", scope: [metadata.uid ?? ""], name: () => metadata.name })) : undefined,
  node_pools: ({ cluster, identity }) => {
    const seen = poolNames(cluster).filter((pool) => identity !== undefined && allowNodePoolOperation(identity.acl, pool, "read"));
    return seen.length === 0 ? undefined : seen.map((id) => ({ id, scope: [] }));
  },
  namespaces: ({ cluster, identity, query }) => {
    if (identity === undefined || !allowNamespace(identity.acl, query.namespace)) return undefined;
    const seen = [...cluster.namespaces()].filter(({ metadata }) => allowNamespace(identity.acl, metadata.name));
    return seen.map(({ metadata }) => ({ id: metadata.name, scope: [] }));
  },
  plugins: ({ identity }) => noneIf(identity !== undefined && allowPluginRead(identity.acl)),
  volumes: (context) => noneIf(["csi-list-volume", "csi-read-volume", "list-jobs", "read-job"].some((each) => may(context, each as NamespaceCapability))),
  host_volumes: (context) => noneIf(may(context, "host-volume-read")),
  vars: ({ identity }) => noneIf(identity !== undefined && isManagement(identity.acl)),
};

/** Of a kind that there is nothing of, for who may look for it. */
const noneIf = (isAllowed: boolean): readonly Match[] | undefined => (isAllowed ? [] : undefined);

const may = ({ identity, query }: RequestContext, capability: NamespaceCapability): boolean => identity !== undefined && allowNamespaceOperation(identity.acl, query.namespace, capability);

/** What a job's evaluations are is worked out only where one of them fits. */
function evaluationsSeen(context: RequestContext): readonly NomadEvaluation[] {
  const prefix = textOf(context.body, "Prefix") || textOf(context.body, "Text").toLowerCase();
  const reading = withReadRight(context);
  const jobs = context.cluster.jobsOfEvaluations(prefix).filter((job) => isVisible(reading, job));
  return jobs.flatMap((job) => evaluationSource(context, job) ?? []).flatMap(nomadEvaluations);
}

function search(context: RequestContext): Reply {
  const prefix = textOf(context.body, "Prefix");
  const found = searchIn(context, (matches) => matches.filter(({ id }) => id.startsWith(prefix)));
  if (typeof found === "string") return text(found === PERMISSION_DENIED ? 403 : 500, found);
  return json({ ...replyMeta(context), Matches: mapValues(found, (matches) => (matches.length === 0 ? null : matches.slice(0, LIMIT).map(({ id }) => id))), Truncations: mapValues(found, (matches) => matches.length > LIMIT) });
}

const MIN_TERM = 2;

function fuzzySearch(context: RequestContext): Reply {
  const term = textOf(context.body, "Text").toLowerCase();
  if (term.length < MIN_TERM) return text(500, `fuzzy search query must be at least ${MIN_TERM} characters, got ${term.length}`);
  const found = searchIn(context, (matches, kind) => (BY_ID.has(kind) ? matches.filter(({ id }) => id.startsWith(term)) : named(matches).filter(({ id }) => id.toLowerCase().includes(term))));
  if (typeof found === "string") return text(found === PERMISSION_DENIED ? 403 : 500, found);
  const all = textOf(context.body, "Context");
  const inJobs = all === "all" || all === "jobs" ? partsOfJobs(context, term) : {};
  const shown = Object.fromEntries(Object.entries({ ...found, ...inJobs }).filter(([kind, matches]) => matches.length > 0 || BY_ID.has(kind)));
  const isCut = Object.values(inJobs).some((matches) => matches.length > LIMIT);
  return json({
    ...replyMeta(context),
    Matches: mapValues(shown, (each) => each.slice(0, LIMIT).map(({ id, scope }) => ({ ID: id, ...(scope.length === 0 ? {} : { Scope: scope }) }))),
    Truncations: Object.fromEntries(Object.entries(found).map(([kind, matches]) => [kind, matches.length > LIMIT || (kind === "jobs" && isCut)])),
  });
}

const named = (matches: readonly Match[]): readonly Match[] => matches.map(({ id, scope, name }) => ({ id: name?.() ?? id, scope }));

const replyMeta = ({ cluster }: RequestContext) => ({ ...QUERY_META, Index: cluster.index() });

type Found = Readonly<Record<string, readonly Match[]>>;

/** The error is a text of Nomad's. */
function searchIn(context: RequestContext, keep: (matches: readonly Match[], kind: SearchContext) => readonly Match[]): Found | string {
  const wanted = textOf(context.body, "Context");
  const kinds = wanted === "all" ? CONTEXTS : CONTEXTS.filter((kind) => kind === wanted);
  if (kinds.length === 0) return `context must be one of [${CONTEXTS.join(" ")}] or 'all' for all contexts; got "${wanted}"`;
  const found = kinds.flatMap((kind) => {
    const matches = SOURCES[kind](context);
    return matches === undefined ? [] : [[kind, keep(matches, kind).toSorted((a, b) => (a.id < b.id ? -1 : 1))] as const];
  });
  // Of all kinds those are left out that one may not look for, be it all of them.
  return wanted !== "all" && found.length === 0 ? PERMISSION_DENIED : Object.fromEntries(found);
}

/** Groups, services, tasks and commands by their names, each with the way to it. */
function partsOfJobs(context: RequestContext, term: string): Found {
  const jobs = (jobsSeen(context) ?? []).flatMap((job) => context.cluster.nomadJob(job) ?? []);
  const parts = jobs.flatMap(partsOf).filter(({ match }) => match.id.toLowerCase().includes(term));
  const kinds = [...new Set(parts.map(({ kind }) => kind))];
  return Object.fromEntries(kinds.map((kind) => [kind, parts.filter((part) => part.kind === kind).map(({ match }) => match)]));
}

function partsOf({ Namespace, ID, TaskGroups }: Job): readonly { readonly kind: string; readonly match: Match }[] {
  return TaskGroups.flatMap((group) => [
    { kind: "groups", match: { id: group.Name, scope: [Namespace, ID] } },
    ...group.Services.map(({ Name }) => ({ kind: "services", match: { id: Name, scope: [Namespace, ID, group.Name] } })),
    ...group.Tasks.flatMap((task) => {
      const scope = [Namespace, ID, group.Name, task.Name];
      const command = task.Config["command"];
      const image = task.Config["image"];
      return [
        { kind: "tasks", match: { id: task.Name, scope: scope.slice(0, 3) } },
        ...task.Services.map(({ Name }) => ({ kind: "services", match: { id: Name, scope } })),
        ...(typeof command === "string" ? [{ kind: "commands", match: { id: command, scope } }] : []),
        ...(typeof image === "string" ? [{ kind: "images", match: { id: image, scope } }] : []),
      ];
    }),
  ]);
}

const withReadRight = (context: RequestContext): RequestContext => ({ ...context, allowsNamespace: (namespace) => mayReadJobs(context, namespace) });

const jobsSeen = (context: RequestContext) => {
  const seen = visibleJobs(withReadRight(context));
  return seen.length > 0 || mayReadJobs(context, context.query.namespace) ? seen : undefined;
};

const mayReadJobs = ({ identity }: RequestContext, namespace: string): boolean => identity !== undefined && allowNamespaceOperation(identity.acl, namespace, "read-job");

const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Readonly<Record<string, U>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

export const SEARCH_ROUTES: Routes = {
  "PUT /v1/search": search,
  "PUT /v1/search/fuzzy": fuzzySearch,
};
