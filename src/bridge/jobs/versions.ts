/** @module A job's versions: listed, gone back to, called stable, named. */
import { err, ok, type Result } from "../../lib/result.ts";
import { type JobRecord, requestsOf, versionOf } from "../../mapping/job-record.ts";
import type { JobVersion } from "../../mapping/stored-job.ts";
import { JOB_NOT_FOUND, REVERT_TO_CURRENT, revertEnforced, tagTaken, tagUnknown, unknownVersion, untaggableVersion } from "../../nomad/job-texts.ts";
import { diffJobs, withoutAnnotations } from "../../nomad/jobspec/diff/diff-jobs.ts";
import { jobAsRead } from "../../nomad/jobspec/read-job.ts";
import { multierror } from "../../nomad/jobspec/validation/multierror.ts";
import { textOf } from "../body.ts";
import { boolParam } from "../query.ts";
import { json, QUERY_META, type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { changeRequests } from "./annotate-job.ts";
import { checkJob } from "./check-job.ts";
import { editJob } from "./edit-job.ts";
import { integerOf } from "./fields.ts";
import { asDiffed } from "./job-diff.ts";
import { withPolicies } from "./scaling-policies.ts";
import { type JobContext, mayRegister } from "./register.ts";
import { meta, registered, written } from "./write-reply.ts";
import { indexOf } from "../../mapping/nomad-job.ts";

const NS_PER_MS = 1_000_000;

type ReadContext = Pick<RequestContext, "cluster" | "query" | "params" | "search">;

const namedJob = ({ cluster, query, params }: ReadContext) => cluster.job(query.namespace, params["jobId"] ?? "");

/** With `diffs`, one diff less than versions: each against the one before it, or against one that is named by number or tag. */
export function listVersions(context: ReadContext): Reply {
  const job = namedJob(context);
  const { cluster, search } = context;
  const kept = job === undefined ? [] : cluster.versionsOf(job);
  const versions = kept.flatMap(({ version }) => (job === undefined ? [] : (cluster.jobVersion(job, version) ?? [])));
  if (job === undefined || versions.length === 0) return text(404, "job versions not found");
  const diffs = boolParam(search, "diffs");
  if (!diffs.ok) return text(500, diffs.error);
  const isWanted = diffs.value;
  const base = isWanted ? baseOf(context, job, kept) : ok(undefined);
  if (!base.ok) return base.error;
  return json({ Versions: versions.map((version) => jobAsRead(withPolicies(version, job.uid))), Diffs: isWanted ? diffsOf(kept, base.value) : null, ...meta(cluster.index()), ...QUERY_META });
}

/** The version that all are compared with; undefined: each with the one before it. */
function baseOf({ search }: ReadContext, job: JobRecord, kept: readonly JobVersion[]): Result<JobVersion | undefined, Reply> {
  const tag = search.get("diff_tag") ?? "";
  const number = search.get("diff_version") ?? "";
  if (tag === "" && number === "") return ok(undefined);
  const tags = requestsOf(job).tags ?? {};
  if (tag !== "" && !Object.hasOwn(tags, tag)) return err(text(404, tagUnknown(tag, job.jobId)));
  const wanted = tag === "" ? Number(number) : tags[tag]?.version;
  const base = kept.find(({ version }) => version === wanted);
  return base === undefined ? err(text(404, unknownVersion(job.jobId, job.namespace, wanted ?? -1))) : ok(base);
}

function diffsOf(kept: readonly JobVersion[], base: JobVersion | undefined) {
  if (base !== undefined) return kept.filter((each) => each !== base).map((each) => between(base, each));
  return kept.slice(0, -1).map((each, i) => between(kept[i + 1], each));
}

const between = (before: JobVersion | undefined, after: JobVersion) => withoutAnnotations(diffJobs(before && asDiffed(before), asDiffed(after)));

function keptVersion(context: ReadContext, job: JobRecord, version: number): Result<JobVersion, Reply> {
  const kept = context.cluster.versionsOf(job).find((each) => each.version === version);
  return kept === undefined ? err(text(500, unknownVersion(job.jobId, job.namespace, version))) : ok(kept);
}

/** Registers an older version anew, with all that registering it asks of the caller and of the job. */
export async function revertJob(context: JobContext): Promise<Reply> {
  const misnamed = misnamedJob(context);
  if (misnamed !== undefined) return text(400, misnamed);
  const job = namedJob(context);
  if (job === undefined) return text(500, `job "${context.params["jobId"] ?? ""}" not found`);
  if (job.object.kind === "ExecTask") return text(400, `job "${job.jobId}" is an ExecTask, of which no versions are kept: "kubectl apply" what it was`);
  const wanted = integerOf(context.body, "JobVersion") ?? 0;
  const enforced = integerOf(context.body, "EnforcePriorVersion");
  const kept = keptVersion(context, job, wanted);
  if (!kept.ok) return kept.error;
  const { spec } = kept.value;
  // A version that somebody else was allowed to register: what it mounts, this one needs a right to, too.
  const refusal = mayRegister(context, spec);
  if (refusal !== undefined) return refusal;
  const checked = checkJob(context.cluster, spec);
  if (checked.errors.length > 0) return text(500, multierror(checked.errors));
  const edited = await editJob(context, job, (now) => {
    if (now === undefined) return err(text(404, JOB_NOT_FOUND));
    const current = (now.object.metadata.generation ?? 1) - 1;
    if (enforced !== undefined && enforced !== current) return err(text(500, revertEnforced(current, enforced)));
    return current === wanted ? err(text(500, REVERT_TO_CURRENT)) : ok({ spec, stop: false });
  });
  return edited.ok ? registered(edited.value.object, edited.value.spec, checked.warnings()) : edited.error;
}

type WriteContext = ReadContext & Pick<RequestContext, "jobs" | "body" | "now">;

/** The body names the job, too. */
function misnamedJob({ body, params }: Pick<WriteContext, "body" | "params">): string | undefined {
  const jobId = textOf(body, "JobID");
  if (jobId === "") return "JobID must be specified";
  return jobId === params["jobId"] ? undefined : "Job ID does not match";
}

export async function markStable(context: WriteContext): Promise<Reply> {
  const misnamed = misnamedJob(context);
  if (misnamed !== undefined) return text(400, misnamed);
  const job = namedJob(context);
  const version = integerOf(context.body, "JobVersion") ?? 0;
  if (job === undefined) return text(500, unknownVersion(context.params["jobId"] ?? "", context.query.namespace, version));
  const kept = keptVersion(context, job, version);
  if (!kept.ok) return kept.error;
  const stable = context.body["stable"] === true;
  return changed(await changeRequests(context, job, (now) => ok({ ...requestsOf(now), stable: { version, stable } })));
}

export async function tagVersion(context: WriteContext): Promise<Reply> {
  const job = namedJob(context);
  if (job === undefined) return text(500, untaggableVersion(context.params["jobId"] ?? "", integerOf(context.body, "Version") ?? 0));
  const tag = context.params["tag"] ?? "";
  if (tag.length > 256) return text(400, `the tag has ${tag.length} characters, and at most 256 are kept`);
  const version = integerOf(context.body, "Version") ?? versionOf(job);
  if (!keptVersion(context, job, version).ok) return text(500, untaggableVersion(job.jobId, version));
  const description = textOf(context.body, "Description").slice(0, 1000);
  const taggedTime = context.now * NS_PER_MS;
  return changed(
    await changeRequests(context, job, (now) => {
      const { tags = {}, ...requests } = requestsOf(now);
      const others = Object.entries(tags).filter(([name, each]) => name !== tag && each.version !== version);
      const taken = Object.hasOwn(tags, tag) && tags[tag]?.version !== version;
      return taken ? err(text(500, tagTaken(tag, job.jobId))) : ok({ ...requests, tags: Object.fromEntries([...others, [tag, { version, description, taggedTime }]]) });
    }),
  );
}

export async function untagVersion(context: WriteContext): Promise<Reply> {
  const job = namedJob(context);
  const tag = context.params["tag"] ?? "";
  if (job === undefined) return text(500, tagUnknown(tag, context.params["jobId"] ?? ""));
  return changed(
    await changeRequests(context, job, (now) => {
      const { tags = {}, ...requests } = requestsOf(now);
      if (!Object.hasOwn(tags, tag)) return err(text(500, tagUnknown(tag, job.jobId)));
      return ok({ ...requests, tags: Object.fromEntries(Object.entries(tags).filter(([name]) => name !== tag)) });
    }),
  );
}

function changed(result: Result<JobRecord, Reply>): Reply {
  if (!result.ok) return result.error;
  const index = indexOf(result.value.object);
  return written(result.value.jobId, "", { JobModifyIndex: index, ...meta(index) });
}
