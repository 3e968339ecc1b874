/**
 * @module Events of what is derived of a job: its evaluations and deployments. Used by main, which hears of the changes.
 * Source: behaviour of a Nomad 1.11 agent.
 */
import { sha256 } from "../../access/sha256.ts";
import type { Pod } from "../../api/pod.ts";
import { type JobObject, jobRecord } from "../../mapping/job-record.ts";
import { type NomadDeployment, nomadDeployment } from "../../mapping/nomad-deployment.ts";
import { deploymentStates } from "../../mapping/kept-deployments.ts";
import { type NomadEvaluation, nomadEvaluation, nomadEvaluations, shownEvaluation } from "../../mapping/nomad-evaluation.ts";
import { podEvaluationIds } from "../../mapping/nomad-ids.ts";
import { evaluationSource } from "../jobs/evaluations.ts";
import { hasEvaluation } from "../jobs/write-reply.ts";
import type { EventContext, ObjectChange } from "./cluster-events.ts";
import type { EventType, NomadEvent } from "./event.ts";

export type EvaluationEvents = {
  readonly ofJob: (context: EventContext, change: ObjectChange<JobObject>) => readonly NomadEvent[];
  /** After a change of one of the job's pods, whose place is what an evaluation waits for, and whose failure makes others. */
  readonly ofPod: (context: EventContext, job: JobObject, change: ObjectChange<Pod>) => readonly NomadEvent[];
};

/** By evaluation's ID, what was last told of it. */
type Told = ReadonlyMap<string, string>;

/** Remembers jobs while one of their evaluations is under way: what came of it does not show in the job's object alone. */
export function evaluationEvents(): EvaluationEvents {
  const underWay = new Map<string, Told>();
  const tell = (context: EventContext, object: JobObject, before: Told): readonly NomadEvent[] => {
    const evaluations = evaluationsOf(context, object);
    const uid = object.metadata.uid ?? "";
    underWay.delete(uid);
    if (evaluations.some(({ Status }) => Status === "pending" || Status === "blocked")) underWay.set(uid, toldOf(evaluations));
    // The newest come first in lists, and here what was made first.
    return evaluations.toReversed().filter((each) => before.get(each.ID) !== wordOf(each)).map((each) => evaluationEvent(context, each, !before.has(each.ID)));
  };
  return {
    ofJob: (context, { type, object, previous }) => {
      const uid = object.metadata.uid ?? "";
      if (type !== "deleted" && context.cluster.isManaged(object.metadata.namespace ?? "default")) return tell(context, object, underWay.get(uid) ?? toldOf(previous === undefined ? [] : evaluationsOf(context, previous)));
      underWay.delete(uid);
      return type === "deleted" ? purgeEvents(context, object) : [];
    },
    ofPod: (context, job, change) => {
      const made = madeBy(job, change);
      const before = underWay.get(job.metadata.uid ?? "") ?? (made.size === 0 ? undefined : toldOf(evaluationsOf(context, job).filter(({ ID }) => !made.has(ID))));
      return before === undefined ? [] : tell(context, job, before);
    },
  };
}

/** The evaluation of a job's purge, which is over as soon as it is made. A parent has none. */
function purgeEvents(context: EventContext, object: JobObject): readonly NomadEvent[] {
  const { cluster, now } = context;
  const source = cluster.isManaged(object.metadata.namespace ?? "default") ? evaluationSource({ cluster, now: now() }, jobRecord(object)) : undefined;
  if (source === undefined || !hasEvaluation(source.asNomad)) return [];
  const evaluation = nomadEvaluation(source, { kind: "purge" });
  const pending: NomadEvaluation = { ...evaluation, Status: "pending", ModifyIndex: evaluation.CreateIndex };
  return [evaluationEvent(context, pending, true), evaluationEvent(context, evaluation, false)];
}

/** The IDs of the evaluations that are there since the change. */
function madeBy({ metadata: { uid = "" } }: JobObject, { object, previous }: ObjectChange<Pod>): ReadonlySet<string> {
  const before = new Set(previous === undefined ? [] : podEvaluationIds(sha256, uid, previous));
  return new Set(podEvaluationIds(sha256, uid, object).filter((id) => !before.has(id)));
}

const toldOf = (evaluations: readonly NomadEvaluation[]): Told => new Map(evaluations.map((each) => [each.ID, wordOf(each)]));

const wordOf = ({ Status, StatusDescription }: NomadEvaluation): string => `${Status} ${StatusDescription}`;

const evaluationEvent = ({ index }: EventContext, evaluation: NomadEvaluation, isNew: boolean): NomadEvent => ({
  topic: "Evaluation",
  type: isNew ? (MADE_BY[evaluation.TriggeredBy] ?? "EvaluationUpdated") : "EvaluationUpdated",
  key: evaluation.ID,
  namespace: evaluation.Namespace,
  filterKeys: [evaluation.JobID, evaluation.DeploymentID],
  index,
  payload: () => ({ Evaluation: shownEvaluation(evaluation) }),
});

/** The request that makes an evaluation gives its event the name, be it a user's or, of a failure, its client's. */
const MADE_BY: Readonly<Record<string, EventType>> = { "job-register": "JobRegistered", "job-deregister": "JobDeregistered", "alloc-stop": "AllocationUpdateDesiredStatus", "alloc-failure": "AllocationUpdated" };

/** By a look at both ends of the change: the deployment is a part of the job's object. What goes with its job has no event of its own. */
export function deploymentEvents(context: EventContext, { type, object, previous }: ObjectChange<JobObject>): readonly NomadEvent[] {
  if (type === "deleted" || !context.cluster.isManaged(object.metadata.namespace ?? "default")) return [];
  const known = new Map((previous === undefined ? [] : deploymentsOf(context, previous)).map((each) => [each.ID, each]));
  return deploymentsOf(context, object).flatMap((after) => {
    const before = known.get(after.ID);
    const isSame = before !== undefined && before.Status === after.Status && groupsOf(before) === groupsOf(after);
    return isSame ? [] : [deploymentEvent(context, before, after)];
  });
}

const deploymentEvent = ({ index }: EventContext, before: NomadDeployment | undefined, after: NomadDeployment): NomadEvent => ({
  topic: "Deployment",
  type: deploymentChange(before, after),
  key: after.ID,
  namespace: after.Namespace,
  filterKeys: [after.JobID],
  index,
  payload: () => ({ Deployment: after }),
});

const groupsOf = ({ TaskGroups }: NomadDeployment): string => JSON.stringify(TaskGroups);

/** What a deployment becomes by its job's next plan; all else is its watcher's word. */
const BY_PLAN: ReadonlySet<string> = new Set(["successful", "cancelled"]);

function deploymentChange(before: NomadDeployment | undefined, after: NomadDeployment): EventType {
  if (before === undefined) return "PlanResult";
  const isPromoted = Object.entries(after.TaskGroups).some(([name, { Promoted }]) => Promoted && before.TaskGroups[name]?.Promoted === false);
  if (isPromoted) return "DeploymentPromotion";
  if (before.Status === after.Status) return "AllocationUpdated";
  return BY_PLAN.has(after.Status) ? "PlanResult" : "DeploymentStatusUpdate";
}

function evaluationsOf({ cluster, now }: EventContext, object: JobObject): readonly NomadEvaluation[] {
  const source = evaluationSource({ cluster, now: now() }, jobRecord(object));
  return source === undefined ? [] : nomadEvaluations(source);
}

function deploymentsOf({ cluster }: EventContext, object: JobObject): readonly NomadDeployment[] {
  const job = jobRecord(object);
  const asNomad = cluster.nomadJob(job);
  if (asNomad === undefined) return [];
  const source = { sha256, job, asNomad, versions: cluster.versionsOf(job) };
  return deploymentStates(job).map((state) => nomadDeployment(source, state));
}
