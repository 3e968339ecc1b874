/** @module One job brought to a bridge: what would happen, and with -yes what happens. Nothing of the job itself is ever printed. Used by import. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { canonicalise } from "../../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../nomad/jobspec/decode-job.ts";
import type { WritingClient } from "../client.ts";
import { isDictionary } from "../explain-problems.ts";
import { isMissing, jobPath, type ReadJob } from "./nomad-jobs.ts";
import { missingNamespace } from "./target-namespaces.ts";

/**
 * create and replace were done, or would be without -yes. same: it is there as it is. differs: it is there, and -overwrite is not given.
 * refused and failed say why.
 */
export type ImportAction = "create" | "replace" | "same" | "differs" | "gone" | "refused" | "failed";

export type ImportedJob = {
  readonly id: string;
  readonly namespace: string;
  readonly action: ImportAction;
  /** Why, or what the target warns of; "" where there is nothing to say. */
  readonly detail: string;
};

export type ImportInputs = {
  readonly target: WritingClient;
  /** Of the target; undefined: not known. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly toNamespace: string | undefined;
  readonly overwrite: boolean;
  readonly yes: boolean;
};

export async function importJob(job: ReadJob, inputs: ImportInputs): Promise<ImportedJob> {
  const { id, namespace } = job.listed;
  const done = (action: ImportAction, detail = ""): ImportedJob => ({ id, namespace: inputs.toNamespace ?? namespace, action, detail });
  if (job.kind === "gone") return done("gone");
  if (job.kind === "unreadable") return done("failed", job.error);
  const spec: JobSpec = { ...job.spec, Namespace: inputs.toNamespace ?? namespace };
  if (inputs.namespaces?.has(spec.Namespace) === false) return done("refused", missingNamespace(spec.Namespace));
  const there = await jobThere(inputs.target, spec);
  if (!there.ok) return done("failed", there.error);
  if (there.value !== undefined && isSame(there.value, spec, job.stopped)) return done("same");
  if (there.value !== undefined && !inputs.overwrite) return done("differs", "-overwrite replaces it");
  const checked = await checkedBy(inputs.target, spec, job.stopped);
  if (!checked.ok) return done("refused", checked.error);
  const action = there.value === undefined ? "create" : "replace";
  if (!inputs.yes) return done(action, checked.value);
  const registered = await register(inputs.target, { spec, stopped: job.stopped, index: there.value?.index ?? 0 });
  return registered.ok ? done(action, checked.value) : done("failed", registered.error);
}

type JobThere = { readonly spec: JobSpec; readonly stopped: boolean; readonly index: number };

async function jobThere(target: WritingClient, { ID, Namespace }: JobSpec): Promise<Result<JobThere | undefined, string>> {
  const read = await target.getJson(jobPath(ID), { namespace: Namespace });
  if (!read.ok) return isMissing(read.error) ? ok(undefined) : read;
  const decoded = decodeJob(read.value);
  if (!decoded.ok) return err(`the target's answer is no job: ${decoded.error}`);
  const { spec, readOnly } = canonicalise(decoded.value);
  return ok({ spec, stopped: readOnly.Stop, index: readOnly.JobModifyIndex });
}

/** Regions differ by place, and payloads belong to children. */
const isSame = (there: JobThere, spec: JobSpec, stopped: boolean): boolean => there.stopped === stopped && comparable(there.spec) === comparable(spec);
const comparable = (spec: JobSpec): string => canonicalJson({ ...spec, Region: "", Payload: null });

/** In the region of the target, whatever it is called. */
const sent = (spec: JobSpec, stopped: boolean) => ({ ...spec, Region: "", Stop: stopped });

/** What the target says against the job, or its warnings on one line. */
async function checkedBy(target: WritingClient, spec: JobSpec, stopped: boolean): Promise<Result<string, string>> {
  const answer = await target.putJson("/v1/validate/job", { namespace: spec.Namespace }, { Job: sent(spec, stopped) });
  if (!answer.ok) return answer;
  const { Error: error, Warnings: warnings } = isDictionary(answer.value) ? answer.value : {};
  if (typeof error === "string" && error !== "") return err(onOneLine(error));
  return ok(typeof warnings === "string" ? onOneLine(warnings) : "");
}

const MAX_DETAIL = 2000;
const onOneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, MAX_DETAIL);

/** By the index that was read, so that what somebody else has written meanwhile stays. 0: the job must not be there yet. */
async function register(target: WritingClient, { spec, stopped, index }: JobThere): Promise<Result<undefined, string>> {
  const answer = await target.putJson("/v1/jobs", { namespace: spec.Namespace }, { Job: sent(spec, stopped), EnforceIndex: true, JobModifyIndex: index });
  return answer.ok ? ok(undefined) : err(onOneLine(answer.error));
}
