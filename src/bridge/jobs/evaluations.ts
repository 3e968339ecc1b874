/** @module Evaluations: read, listed, counted, forced. They are derived, by src/mapping/nomad-evaluation.ts. */
import { ok, type Result } from "../../lib/result.ts";
import { type JobRecord, requestsOf } from "../../mapping/job-record.ts";
import { causesOf, concerns, type EvaluationSource, evaluationSourceOf, type NomadEvaluation, nomadEvaluation, nomadEvaluations, shownEvaluation } from "../../mapping/nomad-evaluation.ts";
import { withRelated } from "../../mapping/related-evaluations.ts";
import { evaluationId, type EvaluationCause } from "../../mapping/nomad-ids.ts";

import { compileFilter } from "../../nomad/filter/filter.ts";
import { EVAL_NOT_FOUND, EVALUATE_PARAMETERIZED, EVALUATE_PERIODIC, JOB_NOT_FOUND } from "../../nomad/job-texts.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { canonicalUuidPrefix, uuidError, uuidPrefixError } from "../../nomad/uuid.ts";
import { isTrue, textOf } from "../body.ts";
import { listReply } from "../lists/list-page.ts";
import { json, QUERY_META, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { boolParam } from "../query.ts";
import { isVisible, stubsOf, visibleJobs } from "../read-handlers.ts";
import { changeRequests } from "./annotate-job.ts";
import { nestedOf } from "./fields.ts";
import { sha256 } from "../../access/sha256.ts";
import { evaluatedAgain, requested } from "./write-reply.ts";

type ReadContext = Pick<RequestContext, "cluster" | "stubs" | "query" | "params" | "search" | "allowsNamespace" | "now">;

/** Undefined for a job that cannot be read as it is stored. */
export function evaluationSource({ cluster, now }: Pick<ReadContext, "cluster" | "now">, job: JobRecord): EvaluationSource | undefined {
  const asNomad = cluster.nomadJob(job);
  if (asNomad === undefined) return undefined;
  return evaluationSourceOf({ sha256, job, asNomad, versions: cluster.versionsOf(job), pods: cluster.allocationsOf(job).map(({ pod }) => pod), now });
}

type Found = { readonly source: EvaluationSource; readonly cause: EvaluationCause };

/**
 * The evaluation that the path names, or why not.
 * @param lookup what Nomad puts before the problem of an ID that can be none
 */
function find(context: ReadContext, lookup = ""): Found | Reply {
  const evalId = (context.params["evalId"] ?? "").toLowerCase();
  const malformed = uuidError(context.params["evalId"] ?? "");
  if (malformed !== undefined) return text(500, `${lookup}${malformed}`);
  const job = context.cluster.jobOfEvaluation(evalId);
  if (job === undefined) return text(404, EVAL_NOT_FOUND);
  if (!context.allowsNamespace(job.namespace)) return text(403, PERMISSION_DENIED);
  const source = evaluationSource(context, job);
  const cause = source === undefined ? undefined : causesOf(source).find((each) => evaluationId(sha256, job.uid, each) === evalId);
  return source === undefined || cause === undefined ? text(404, EVAL_NOT_FOUND) : { source, cause };
}

export function readEvaluation(context: ReadContext): Reply {
  const found = find(context, "failed to lookup eval: eval lookup failed: ");
  if ("kind" in found) return found;
  const related = boolParam(context.search, "related");
  if (!related.ok) return text(500, related.error);
  const evaluation = nomadEvaluation(found.source, found.cause);
  return json(shownEvaluation(related.value ? withRelated(evaluation, nomadEvaluations(found.source)) : evaluation));
}

export function listEvaluationAllocations(context: ReadContext): Reply {
  const malformed = uuidError(context.params["evalId"] ?? "");
  if (malformed !== undefined) return text(500, malformed);
  const found = find(context);
  if ("kind" in found) return found.status === 404 ? json([]) : found;
  const { source, cause } = found;
  const allocations = context.cluster.allocationsOf(source.job).filter(({ pod }) => concerns(source, cause, pod));
  return json(stubsOf(context, allocations));
}

/** The jobs of that ID that the caller may see, one in each namespace at most; without one, all that may have an evaluation whose ID begins so. */
function visibleJobsOf(context: ReadContext, { jobId, prefix }: { readonly jobId: string; readonly prefix: string }): readonly JobRecord[] {
  const { cluster, query } = context;
  if (jobId === "" && prefix === "") return visibleJobs(context);
  if (jobId === "") return cluster.jobsOfEvaluations(prefix).filter((job) => isVisible(context, job));
  const namespaces = query.namespace === "*" ? [...cluster.namespaces()].map(({ metadata }) => metadata.name) : [query.namespace];
  return namespaces.flatMap((namespace) => cluster.job(namespace, jobId) ?? []).filter((job) => isVisible(context, job));
}

function visibleEvaluations(context: ReadContext): readonly NomadEvaluation[] {
  const { query, search } = context;
  const status = search.get("status") ?? "";
  const prefix = canonicalUuidPrefix(query.prefix);
  const sources = visibleJobsOf(context, { jobId: search.get("job") ?? "", prefix }).flatMap((job) => evaluationSource(context, job) ?? []);
  return sources.flatMap(nomadEvaluations).filter(({ ID, Status }) => ID.startsWith(prefix) && (status === "" || Status === status));
}

export function listEvaluations(context: ReadContext): Reply {
  const malformed = uuidPrefixError(context.query.prefix);
  if (malformed !== undefined) return text(500, `eval lookup failed: ${malformed}`);
  return listReply(
    {
      rows: visibleEvaluations(context),
      key: ({ CreateIndex, ID }) => `${String(CreateIndex).padStart(20, "0")}.${ID}`,
      namespace: ({ Namespace }) => Namespace,
      id: ({ ID }) => ID,
      show: shownEvaluation,
      filtered: (evaluation) => evaluation,
    },
    listRequest(context),
  );
}

export const listRequest = ({ query, allowsNamespace }: Pick<ReadContext, "query" | "allowsNamespace">) => ({
  options: { ...query, prefix: canonicalUuidPrefix(query.prefix) },
  allowsNamespace,
});

export function countEvaluations(context: ReadContext): Reply {
  const filter = context.query.filter === "" ? ok(undefined) : compileFilter(context.query.filter);
  if (!filter.ok) return text(500, filter.error);
  let count = 0;
  for (const evaluation of visibleEvaluations(context)) {
    const fits: Result<boolean, string> = filter.value === undefined ? ok(true) : filter.value(evaluation);
    if (!fits.ok) return text(500, fits.error);
    if (fits.value) count += 1;
  }
  return json({ Count: count, ...QUERY_META, Index: context.cluster.index() });
}

export function listJobEvaluations(context: ReadContext): Reply {
  const job = context.cluster.job(context.query.namespace, context.params["jobId"] ?? "");
  const source = job === undefined ? undefined : evaluationSource(context, job);
  return json(source === undefined ? [] : nomadEvaluations(source).map(shownEvaluation));
}

/** Failed allocations are placed again at once where that is asked for; all else the controller looks at anyway. */
export async function evaluateJob(context: ReadContext & Pick<RequestContext, "jobs" | "body">): Promise<Reply> {
  const { cluster, query, params, body, now } = context;
  // Without a body there is nothing that could name another job.
  const jobId = Object.keys(body).length === 0 ? params["jobId"] : textOf(body, "JobID");
  if (jobId === "") return text(400, "Job ID must be specified");
  if (jobId !== params["jobId"]) return text(400, "JobID not same as job name");
  const job = cluster.job(query.namespace, params["jobId"] ?? "");
  const asNomad = job === undefined ? undefined : cluster.nomadJob(job);
  if (job === undefined || asNomad === undefined) return text(500, JOB_NOT_FOUND);
  if (asNomad.Periodic !== null) return text(500, EVALUATE_PERIODIC);
  if (asNomad.ParameterizedJob !== null && !asNomad.Dispatched) return text(500, EVALUATE_PARAMETERIZED);
  if (!isTrue(nestedOf(body, "EvalOptions"), "ForceReschedule")) return await evaluatedAgain(context, job, { trigger: "job-register" });
  const changed = await changeRequests(context, job, (record) => ok({ ...requestsOf(record), reschedule: now }));
  return changed.ok ? requested(changed.value, { kind: "reschedule", at: now }) : changed.error;
}
