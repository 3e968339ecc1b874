/** @module The end of a job: stopped and kept, or purged. */
import { parseGoBool } from "../../lib/go-bool.ts";
import { err, ok } from "../../lib/result.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import type { JobObject, JobRecord } from "../../mapping/job-record.ts";
import { evaluationId } from "../../mapping/nomad-ids.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { sha256 } from "../../access/sha256.ts";
import { allowNamespaceOperation } from "../../nomad/acl/acl.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { type HurryContext, skipShutdownDelay } from "../client/skip-shutdown-delay.ts";
import { json, type Reply, text } from "../reply.ts";
import { editJob, failed } from "./edit-job.ts";
import type { JobContext } from "./register.ts";
import { withPoliciesOff } from "./scaling-policies.ts";
import { hasEvaluation, meta, registeredAgain, written } from "./write-reply.ts";

/** Who may stop may not purge, and the other way round; who may submit may both. */
export async function deregister(context: JobContext & HurryContext): Promise<Reply> {
  const { identity, query, search, cluster, params } = context;
  const isPurge = parseGoBool(search.get("purge") ?? "") === true;
  const finer = isPurge ? "purge-job" : "deregister-job";
  const may = identity === undefined || (["submit-job", finer] as const).some((capability) => allowNamespaceOperation(identity.acl, query.namespace, capability));
  if (!may) return text(403, PERMISSION_DENIED);
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  // To end what is not there is no error, on Nomad since 1.5.1.
  if (job === undefined) return json({ EvalID: "", EvalCreateIndex: 0, JobModifyIndex: 0, ...meta(cluster.index()) });
  // A launcher that has left its delay out has no way back: what is refused must not come to that.
  if (!isPurge && job.object.kind === "ExecTask") return text(400, stopOfExecTask(job));
  if (parseGoBool(search.get("no_shutdown_delay") ?? "") === true) await skipShutdownDelay(context, cluster.allocationsOf(job));
  return isPurge ? purge(context, job) : stop(context, job);
}

const stopOfExecTask = ({ namespace, jobId }: JobRecord): string =>
  `job "${jobId}" is an ExecTask, which has no state "stopped": "kubectl scale exectask ${jobId} -n ${namespace} --replicas=0" or "nomad job scale" to 0 stops its allocations, "nomad job stop -purge" deletes it`;

async function stop(context: JobContext, { namespace, jobId }: JobRecord): Promise<Reply> {
  const edited = await editJob(context, { namespace, jobId }, (now) => {
    if (now === undefined) return err(json({ EvalID: "", EvalCreateIndex: 0, JobModifyIndex: 0, ...meta(context.cluster.index()) }));
    if (now.spec === undefined) return err(text(500, `job "${jobId}" cannot be read as it is stored: purge it, or write it anew`));
    return ok({ spec: withPoliciesOff(now.spec), stop: true, priority: priorityOf(context) });
  });
  return edited.ok ? await registeredAgain(context, edited.value, { trigger: "job-deregister" }) : edited.error;
}

/** Of the evaluation; undefined: the job's. */
function priorityOf({ search }: JobContext): number | undefined {
  const priority = Number(search.get("eval_priority") ?? "");
  return Number.isInteger(priority) && priority >= 1 && priority <= 100 ? priority : undefined;
}

/** Its evaluation is remembered by whoever has seen the object go. A parent has none, and neither has what is no NomadJob. */
async function purge({ jobs, cluster }: JobContext, job: JobRecord): Promise<Reply> {
  const { object, jobId } = job;
  const asNomad = object.kind === "NomadJob" ? cluster.nomadJob(job) : undefined;
  const evalId = asNomad !== undefined && hasEvaluation(asNomad) ? evaluationId(sha256, job.uid, { kind: "purge" }) : "";
  const removed = await jobs.remove(object);
  if (!removed.ok && removed.error.kind !== "missing" && removed.error.kind !== "conflict") return failed(removed.error);
  const index = indexOfJob(object);
  return written(jobId, evalId, { EvalID: evalId, EvalCreateIndex: evalId === "" ? 0 : index, JobModifyIndex: index, ...meta(index) });
}

const indexOfJob = (object: JobObject): number => (object.kind === "NomadJob" ? jobModifyIndex(object) : indexOf(object));
