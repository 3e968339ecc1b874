/** @module /v1/jobs/statuses: jobs with their allocations and latest deployment in one answer, as dashboards ask for it. Source: behaviour of a Nomad 1.11 agent. */
import type { JobRecord } from "../../mapping/job-record.ts";
import { nomadDeployment, deploymentStates } from "../../mapping/nomad-deployment.ts";
import { isActive } from "../../contract/deployment-state.ts";
import type { Job } from "../../nomad/job.ts";
import { isTrue, objectOf, textOf } from "../body.ts";
import { listReply } from "../lists/list-page.ts";
import { boolParam } from "../query.ts";
import { stubsOf } from "../read-handlers.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { sha256 } from "../../access/sha256.ts";

type Row = { readonly record: JobRecord; readonly job: Job };
type Wanted = { readonly namespace: string; readonly id: string };

export function listStatuses(context: RequestContext): Reply {
  const children = boolParam(context.search, "include_children");
  if (!children.ok) return text(500, children.error);
  return statuses(context, rowsOf(context).filter(({ job }) => children.value || job.ParentID === ""));
}

const MAX_JOBS = 1000;

/** Those that the body names, and their children where it asks for them. */
export function readStatuses(context: RequestContext): Reply {
  const { body, query } = context;
  const jobs: unknown = body["jobs"];
  if (!Array.isArray(jobs) || jobs.length === 0) return text(400, "no jobs in request");
  if (jobs.length > MAX_JOBS) return text(400, `${jobs.length} jobs are asked for, and ${MAX_JOBS} are the most; ask for pages of GET /v1/jobs/statuses instead`);
  const wanted = new Set(jobs.map((each: unknown) => keyOf(wantedOf(each, query.namespace))));
  const isWanted = ({ job }: Row) => wanted.has(keyOf({ namespace: job.Namespace, id: job.ID })) || (isTrue(body, "IncludeChildren") && wanted.has(keyOf({ namespace: job.Namespace, id: job.ParentID })));
  return statuses({ ...context, query: { ...query, namespace: "*" } }, rowsOf(context).filter(isWanted));
}

function wantedOf(value: unknown, namespace: string): Wanted {
  const fields = objectOf({ job: value }, "job");
  return { namespace: textOf(fields, "Namespace") || (namespace === "*" ? "default" : namespace), id: textOf(fields, "ID") };
}

const keyOf = ({ namespace, id }: Wanted): string => `${namespace}\0${id}`;

const rowsOf = ({ cluster, allowsNamespace }: RequestContext): readonly Row[] =>
  [...cluster.jobs()].flatMap((record) => {
    const job = allowsNamespace(record.namespace) ? cluster.nomadJob(record) : undefined;
    return job === undefined ? [] : [{ record, job }];
  });

/** The newest first, unless the request turns it round. */
function statuses(context: RequestContext, rows: readonly Row[]): Reply {
  const { query, allowsNamespace } = context;
  const childrenOf = Map.groupBy(rowsOf(context), ({ job }) => keyOf({ namespace: job.Namespace, id: job.ParentID }));
  return listReply(
    {
      rows,
      key: ({ job }) => `${String(job.ModifyIndex).padStart(20, "0")}.${job.Namespace}.${job.ID}`,
      namespace: ({ job }) => job.Namespace,
      id: ({ job }) => job.ID,
      show: (row) => statusOf(context, row, childrenOf.get(keyOf({ namespace: row.job.Namespace, id: row.job.ID })) ?? []),
      filtered: ({ job }) => job,
    },
    { options: { ...query, reverse: !query.reverse }, allowsNamespace },
  );
}

function statusOf(context: RequestContext, { record, job }: Row, children: readonly Row[]) {
  const { ID, Name, Namespace, Type, Priority, Status, Stop, NodePool, Datacenters, Version, ParentID, SubmitTime, ModifyIndex, TaskGroups, Meta } = job;
  const allocs = stubsOf(context, context.cluster.allocationsOf(record));
  const isParent = ParentID === "" && (job.Periodic !== null || job.ParameterizedJob !== null);
  return {
    ID, Name, Namespace, Type, Priority, Status, Stop, NodePool, Datacenters, Version, ParentID, SubmitTime, ModifyIndex,
    IsPack: Object.hasOwn(Meta, "pack.name"),
    GroupCountSum: TaskGroups.reduce((sum, { Count }) => sum + Count, 0),
    Allocs: allocs.length === 0 ? null : allocs.map(allocationStatus).toSorted((a, b) => (a.ID < b.ID ? -1 : 1)),
    ChildStatuses: isParent ? children.map(({ job: child }) => child.Status) : null,
    LatestDeployment: latestDeployment(context, record, job),
  };
}

function allocationStatus({ ID, TaskGroup, ClientStatus, DeploymentStatus, FollowupEvalID, JobVersion, NodeID }: ReturnType<typeof stubsOf>[number]) {
  const health = { Canary: DeploymentStatus?.Canary ?? false, Healthy: DeploymentStatus?.Healthy ?? null };
  return { ID, Group: TaskGroup, ClientStatus, NodeID, JobVersion, FollowupEvalID, HasPausedTask: false, DeploymentStatus: health };
}

function latestDeployment({ cluster }: RequestContext, record: JobRecord, job: Job) {
  const [state] = deploymentStates(record);
  if (state === undefined) return null;
  const { ID, JobVersion, Status, StatusDescription } = nomadDeployment({ sha256, job: record, asNomad: job, versions: cluster.versionsOf(record) }, state);
  const groups = Object.values(state.groups).filter(({ desiredCanaries }) => desiredCanaries > 0);
  return {
    ID, JobVersion, Status, StatusDescription,
    IsActive: isActive(state),
    AllAutoPromote: groups.length > 0 && groups.every(({ autoPromote }) => autoPromote),
    RequiresPromotion: isActive(state) && groups.some(({ promoted }) => !promoted),
  };
}
