/** @module /v1/jobs/statuses: jobs with their allocations and latest deployment in one answer, as dashboards ask for it. Source: behaviour of a Nomad 1.11 agent. */
import { type JobRecord, parentOf } from "../../mapping/job-record.ts";
import { isParent } from "../../mapping/job-summary.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { stateOf } from "../../mapping/stored-job.ts";
import { nomadDeployment } from "../../mapping/nomad-deployment.ts";
import { deploymentStates } from "../../mapping/kept-deployments.ts";
import { isActive } from "../../contract/deployment-state.ts";
import type { Job } from "../../nomad/job.ts";
import { isTrue, objectOf, textOf } from "../body.ts";
import { listReply } from "../lists/list-page.ts";
import { boolParam } from "../query.ts";
import { stubsOf } from "../read-handlers.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { sha256 } from "../../access/sha256.ts";

type Wanted = { readonly namespace: string; readonly id: string };

export function listStatuses(context: RequestContext): Reply {
  const children = boolParam(context.search, "include_children");
  if (!children.ok) return text(500, children.error);
  const jobs = [...context.cluster.jobs(context.query.namespace)];
  return statuses(context, children.value ? jobs : jobs.filter((record) => parentOf(record) === ""));
}

const MAX_JOBS = 1000;

/** Those that the body names, and their children where it asks for them. */
export function readStatuses(context: RequestContext): Reply {
  const { body, query, cluster, allowsNamespace } = context;
  const jobs: unknown = body["jobs"];
  if (!Array.isArray(jobs) || jobs.length === 0) return text(400, "no jobs in request");
  if (jobs.length > MAX_JOBS) return text(400, `${jobs.length} jobs are asked for, and ${MAX_JOBS} are the most; ask for pages of GET /v1/jobs/statuses instead`);
  const wanted = jobs.map((each: unknown) => wantedOf(each, query.namespace)).filter(({ namespace }) => allowsNamespace(namespace));
  const found = [...new Map(wanted.map((each) => [keyOf(each), each])).values()].flatMap(({ namespace, id }) => {
    const children = isTrue(body, "IncludeChildren") ? cluster.childrenOf({ namespace, jobId: id }) : [];
    return [cluster.job(namespace, id) ?? [], ...children].flat();
  });
  // A child may be named too.
  const rows = [...new Map(found.map((record) => [record.uid, record])).values()];
  return statuses({ ...context, query: { ...query, namespace: "*" } }, rows);
}

function wantedOf(value: unknown, namespace: string): Wanted {
  const fields = objectOf({ job: value }, "job");
  return { namespace: textOf(fields, "Namespace") || (namespace === "*" ? "default" : namespace), id: textOf(fields, "ID") };
}

const keyOf = ({ namespace, id }: Wanted): string => `${namespace}\0${id}`;

/** The newest first, unless the request turns it round. A job is read only where the page shows it. */
function statuses(context: RequestContext, rows: readonly JobRecord[]): Reply {
  const { cluster, query, allowsNamespace } = context;
  return listReply(
    {
      rows,
      key: ({ object, namespace, jobId }) => `${String(indexOf(object)).padStart(20, "0")}.${namespace}.${jobId}`,
      namespace: ({ namespace }) => namespace,
      id: ({ jobId }) => jobId,
      show: (record) => statusOf(context, record),
      filtered: (record) => cluster.nomadJob(record),
    },
    { options: { ...query, reverse: !query.reverse }, allowsNamespace },
  );
}

function statusOf(context: RequestContext, record: JobRecord) {
  const { cluster } = context;
  const job = cluster.nomadJob(record);
  if (job === undefined) return undefined;
  const { ID, Name, Namespace, Type, Priority, Status, Stop, NodePool, Datacenters, Version, ParentID, SubmitTime, ModifyIndex, TaskGroups, Meta } = job;
  const allocs = stubsOf(context, cluster.allocationsOf(record));
  return {
    ID, Name, Namespace, Type, Priority, Status, Stop, NodePool, Datacenters, Version, ParentID, SubmitTime, ModifyIndex,
    IsPack: Object.hasOwn(Meta, "pack.name"),
    GroupCountSum: TaskGroups.reduce((sum, { Count }) => sum + Count, 0),
    Allocs: allocs.length === 0 ? null : allocs.map(allocationStatus).toSorted((a, b) => (a.ID < b.ID ? -1 : 1)),
    // They are in their parent's namespace, which whoever sees the parent may read.
    ChildStatuses: isParent(job) ? [...cluster.childrenOf(record)].flatMap(({ object }) => (object.kind === "NomadJob" ? [stateOf(object)] : [])) : null,
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
