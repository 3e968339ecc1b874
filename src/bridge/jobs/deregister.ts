/** @module The end of a job: stopped and kept, or purged. */
import { parseGoBool } from "../../lib/go-bool.ts";
import { err, ok } from "../../lib/result.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import type { JobObject, JobRecord } from "../../mapping/job-record.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { allowNamespaceOperation } from "../../nomad/acl/acl.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { json, type Reply, text } from "../reply.ts";
import { editJob, failed } from "./edit-job.ts";
import type { JobContext } from "./register.ts";
import { meta, registered, written } from "./write-reply.ts";

/** Who may stop may not purge, and the other way round; who may submit may both. */
export async function deregister(context: JobContext): Promise<Reply> {
  const { identity, query, search, cluster, params } = context;
  const isPurge = parseGoBool(search.get("purge") ?? "") === true;
  const finer = isPurge ? "purge-job" : "deregister-job";
  const may = identity === undefined || (["submit-job", finer] as const).some((capability) => allowNamespaceOperation(identity.acl, query.namespace, capability));
  if (!may) return text(403, PERMISSION_DENIED);
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  // To end what is not there is no error, on Nomad since 1.5.1.
  if (job === undefined) return json({ EvalID: "", EvalCreateIndex: 0, JobModifyIndex: 0, ...meta(cluster.index()) });
  return isPurge ? purge(context, job) : stop(context, job);
}

async function stop(context: JobContext, { object, namespace, jobId }: JobRecord): Promise<Reply> {
  if (object.kind === "ExecTask") {
    return text(400, `job "${jobId}" is an ExecTask, which has no state "stopped": "kubectl scale exectask ${jobId} -n ${namespace} --replicas=0" or "nomad job scale" to 0 stops its allocations, "nomad job stop -purge" deletes it`);
  }
  const edited = await editJob(context, { namespace, jobId }, (now) => {
    if (now === undefined) return err(json({ EvalID: "", EvalCreateIndex: 0, JobModifyIndex: 0, ...meta(context.cluster.index()) }));
    if (now.spec === undefined) return err(text(500, `job "${jobId}" cannot be read as it is stored: purge it, or write it anew`));
    return ok({ spec: now.spec, stop: true });
  });
  return edited.ok ? registered(edited.value.object, edited.value.spec) : edited.error;
}

/** Nothing is left to be watched, so there is no evaluation: the CLI then ends with 0. */
async function purge({ jobs }: JobContext, { object, jobId }: JobRecord): Promise<Reply> {
  const removed = await jobs.remove(object);
  if (!removed.ok && removed.error.kind !== "missing" && removed.error.kind !== "conflict") return failed(removed.error);
  const index = indexOfJob(object);
  return written(jobId, "", { EvalID: "", EvalCreateIndex: 0, JobModifyIndex: index, ...meta(index) });
}

const indexOfJob = (object: JobObject): number => (object.kind === "NomadJob" ? jobModifyIndex(object) : indexOf(object));
