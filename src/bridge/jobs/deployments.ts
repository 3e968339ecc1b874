/** @module Deployments: read, listed, and what may be said to one. */
import type { DeploymentRequest } from "../../contract/job-requests.ts";
import { type DeploymentState, isActive } from "../../contract/deployment-state.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { isDeployed } from "../../mapping/allocation-health.ts";
import { type JobRecord, requestsOf } from "../../mapping/job-record.ts";
import { type NomadDeployment, nomadDeployment } from "../../mapping/nomad-deployment.ts";
import { deploymentOf, deploymentStates } from "../../mapping/kept-deployments.ts";
import { deploymentId, type DeploymentVerb } from "../../mapping/nomad-ids.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { versionOfPod } from "../../mapping/pod-group.ts";
import { DEPLOYMENT_NOT_FOUND, NO_CANARIES, terminalDeployment, unhealthyCanaries, unknownAlloc } from "../../nomad/job-texts.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { uuidError, uuidPrefixError } from "../../nomad/uuid.ts";
import { isTrue, textOf, textsOf } from "../body.ts";
import { listReply } from "../lists/list-page.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { changeRequests } from "./annotate-job.ts";
import { stubsOf, visibleJobs } from "../read-handlers.ts";
import { listRequest } from "./evaluations.ts";
import { sha256 } from "../../access/sha256.ts";
import { meta, requested, written } from "./write-reply.ts";

type ReadContext = Pick<RequestContext, "cluster" | "stubs" | "query" | "params" | "search" | "allowsNamespace" | "now">;
type WriteContext = ReadContext & Pick<RequestContext, "jobs" | "body">;

type Found = { readonly job: JobRecord; readonly state: DeploymentState };

/** The deployment that the path names, or why not; undefined where there is none of that ID. */
function find({ cluster, params, allowsNamespace }: ReadContext, lookup = "deployment lookup failed: "): Found | Reply | undefined {
  const id = (params["deploymentId"] ?? "").toLowerCase();
  const malformed = uuidError(params["deploymentId"] ?? "");
  if (malformed !== undefined) return text(500, `${lookup}${malformed}`);
  const job = cluster.jobOfDeployment(id);
  if (job === undefined) return undefined;
  if (!allowsNamespace(job.namespace)) return text(403, PERMISSION_DENIED);
  const state = deploymentStates(job).find(({ jobVersion }) => deploymentId(sha256, job.uid, jobVersion) === id);
  return state === undefined ? undefined : { job, state };
}

/** All but `fail` name the deployment in their body, too. */
function misnamed({ body, params }: Pick<WriteContext, "body" | "params">): Reply | undefined {
  const id = textOf(body, "DeploymentID");
  if (id === "") return text(400, "DeploymentID must be specified");
  return id === params["deploymentId"] ? undefined : text(400, "Deployment ID does not match");
}

/** What a write says where there is none: Nomad puts no status on it, other than for a read. */
const UNKNOWN_TO_WRITES = text(500, DEPLOYMENT_NOT_FOUND);

function views({ cluster }: Pick<ReadContext, "cluster">, job: JobRecord): readonly NomadDeployment[] {
  const asNomad = cluster.nomadJob(job);
  if (asNomad === undefined) return [];
  const source = { sha256, job, asNomad, versions: cluster.versionsOf(job) };
  return deploymentStates(job).map((state) => nomadDeployment(source, state));
}

export function readDeployment(context: ReadContext): Reply {
  const found = find(context) ?? text(404, DEPLOYMENT_NOT_FOUND);
  if ("kind" in found) return found;
  const view = views(context, found.job).find(({ JobVersion }) => JobVersion === found.state.jobVersion);
  return view === undefined ? text(404, DEPLOYMENT_NOT_FOUND) : json(view);
}

/** Of a deployment that nobody knows there are none, as on Nomad. */
export function listDeploymentAllocations(context: ReadContext): Reply {
  const found = find(context, "") ?? json([]);
  if ("kind" in found) return found;
  const { job, state } = found;
  const ofVersion = context.cluster.allocationsOf(job).filter(({ pod }) => versionOfPod(pod) === state.jobVersion);
  const asNomad = context.cluster.jobVersion(job, state.jobVersion);
  const own = asNomad === undefined ? ofVersion : ofVersion.filter(({ pod }) => isDeployed({ pod, job: asNomad, record: job, now: context.now }));
  return json(stubsOf(context, own));
}

export function listDeployments(context: ReadContext): Reply {
  const malformed = uuidPrefixError(context.query.prefix);
  if (malformed !== undefined) return text(500, malformed);
  const rows = visibleJobs(context).flatMap((job) => views(context, job));
  const key = ({ CreateIndex, ID }: NomadDeployment) => `${String(CreateIndex).padStart(20, "0")}.${ID}`;
  return listReply({ rows, key, namespace: ({ Namespace }) => Namespace, id: ({ ID }) => ID, show: (deployment) => deployment }, listRequest(context));
}

const namedJob = ({ cluster, query, params }: ReadContext) => cluster.job(query.namespace, params["jobId"] ?? "");

export function listJobDeployments(context: ReadContext): Reply {
  const job = namedJob(context);
  return json(job === undefined ? [] : views(context, job));
}

/** Null, four bytes of it, where a job has none, or is not there. */
export function readLatestDeployment(context: ReadContext): Reply {
  const job = namedJob(context);
  return json(job === undefined ? null : (views(context, job)[0] ?? null));
}

/** What somebody says of a deployment, for the controller to find; refused for one that is over. */
async function say(context: WriteContext, verb: Exclude<DeploymentVerb, "end">, add: (now: DeploymentRequest, state: DeploymentState) => Result<DeploymentRequest, Reply>): Promise<Reply> {
  const found = find(context) ?? UNKNOWN_TO_WRITES;
  if ("kind" in found) return found;
  const version = found.state.jobVersion;
  const id = deploymentId(sha256, found.job.uid, version);
  const changed = await changeRequests(context, found.job, (now) => {
    const state = deploymentOf(now, version);
    if (state === undefined) return err(UNKNOWN_TO_WRITES);
    if (!isActive(state)) return err(text(500, terminalDeployment(verb === "health" ? "set health of allocations for" : verb)));
    const requests = requestsOf(now);
    const said = add(requests.deployment?.id === id ? requests.deployment : { id }, state);
    return said.ok ? ok({ ...requests, deployment: said.value }) : said;
  });
  if (!changed.ok) return changed.error;
  const { object } = changed.value;
  // Whoever pauses one has nothing to watch.
  if (verb === "pause") return written(found.job.jobId, "", { EvalID: "", EvalCreateIndex: 0, DeploymentModifyIndex: indexOf(object), RevertedJobVersion: null, ...meta(indexOf(object)) });
  return requested(changed.value, { kind: "deployment", version, verb }, { DeploymentModifyIndex: indexOf(object), RevertedJobVersion: null });
}

export const failDeployment = async (context: WriteContext): Promise<Reply> => say(context, "fail", (now) => ok({ ...now, failed: true }));

/** Without a word of pausing it is resumed, as on Nomad. */
export async function pauseDeployment(context: WriteContext): Promise<Reply> {
  const wrong = misnamed(context);
  if (wrong !== undefined) return wrong;
  const paused = isTrue(context.body, "Pause");
  return say(context, paused ? "pause" : "resume", (now) => ok({ ...now, paused }));
}

export async function promoteDeployment(context: WriteContext): Promise<Reply> {
  const wrong = misnamed(context);
  if (wrong !== undefined) return wrong;
  const groups = isTrue(context.body, "All") ? ["*"] : textsOf(context.body, "Groups");
  return say(context, "promote", (now, state) => {
    const problem = promotionProblem(state, groups);
    if (problem !== undefined) return err(text(500, problem));
    const before = now.promote ?? [];
    return ok({ ...now, promote: [...before, ...groups.filter((each) => !before.includes(each))] });
  });
}

function promotionProblem({ groups }: DeploymentState, wanted: readonly string[]): string | undefined {
  const named = Object.entries(groups).filter(([name]) => wanted.includes("*") || wanted.includes(name));
  const waiting = named.filter(([, { desiredCanaries, promoted }]) => desiredCanaries > 0 && !promoted);
  if (waiting.length === 0) return NO_CANARIES;
  const ill = waiting.find(([, { healthyCanaries, desiredCanaries }]) => healthyCanaries < desiredCanaries);
  return ill === undefined ? undefined : unhealthyCanaries(ill[0], ill[1].healthyCanaries, ill[1].desiredCanaries);
}

export async function setAllocationHealth(context: WriteContext): Promise<Reply> {
  const wrong = misnamed(context);
  if (wrong !== undefined) return wrong;
  const own = new Set(textsOf(context.body, "HealthyAllocationIDs"));
  const ill = new Set(textsOf(context.body, "UnhealthyAllocationIDs"));
  if (own.size + ill.size === 0) return text(500, "must specify at least one healthy/unhealthy allocation ID");
  const found = find(context) ?? UNKNOWN_TO_WRITES;
  if ("kind" in found) return found;
  const stranger = isActive(found.state) ? [...own, ...ill].find((id) => context.cluster.allocation(id.toLowerCase())?.job.uid !== found.job.uid) : undefined;
  if (stranger !== undefined) return text(500, unknownAlloc(stranger));
  return say(context, "health", (now) => {
    const healthy = [...new Set([...(now.healthy ?? []), ...own])].filter((id) => !ill.has(id));
    const unhealthy = [...new Set([...(now.unhealthy ?? []), ...ill])].filter((id) => !own.has(id));
    return ok({ ...now, healthy, unhealthy });
  });
}

/** Only deployments over several regions can be blocked, and there are none here. */
export function unblockDeployment(context: WriteContext): Reply {
  const wrong = misnamed(context);
  if (wrong !== undefined) return wrong;
  const found = find(context) ?? UNKNOWN_TO_WRITES;
  return "kind" in found ? found : text(500, "can't unblock a deployment that is not blocked");
}
