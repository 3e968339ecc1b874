/**
 * @module The evaluations of jobs that are gone: whoever has purged one watches its evaluation, and nothing of it is stored. Every server sees
 * the object go, so that each can answer for a while.
 */
import type { NomadJob } from "../api/nomad-job.ts";
import type { Cache } from "../kubernetes/types.ts";
import { jobRecord } from "../mapping/job-record.ts";
import { evaluationId } from "../mapping/nomad-ids.ts";
import { sha256 } from "../access/sha256.ts";

/** Many at once are those of a namespace that is emptied; a client looks at its own at once. */
const REMEMBERED = 1000;

/** What an evaluation says of its job, without the rest of it. */
const remains = ({ apiVersion, kind, metadata, spec }: NomadJob): NomadJob => {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = metadata;
  const { id, type, priority } = spec;
  const kept = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const times = { ...(generation === undefined ? {} : { generation }), ...(creationTimestamp === undefined ? {} : { creationTimestamp }) };
  const job = { ID: id, Name: id, Type: type ?? "service", Priority: priority ?? 50, TaskGroups: [] };
  return { apiVersion, kind, metadata: { ...kept, ...times }, spec: { id, job, ...(type === undefined ? {} : { type }), ...(priority === undefined ? {} : { priority }), stop: true } };
};

/** @returns the job whose purge is the evaluation of that ID */
export function purgedJobs(jobs: Pick<Cache<NomadJob>, "onChange">): (evalId: string) => NomadJob | undefined {
  const gone = new Map<string, NomadJob>();
  jobs.onChange(({ type, object }) => {
    if (type !== "deleted") return;
    gone.set(evaluationId(sha256, jobRecord(object).uid, { kind: "purge" }), remains(object));
    const oldest = gone.size > REMEMBERED ? gone.keys().next().value : undefined;
    if (oldest !== undefined) gone.delete(oldest);
  });
  return (evalId) => gone.get(evalId);
}
