/** @module One job file as objects and a report. Pure. Used by the command convert. */
import { err, ok, type Result } from "../../lib/result.ts";
import { isSubdomain, jobObjectName, type Sha256 } from "../../mapping/object-names.ts";
import { plainJob } from "../../mapping/plain/plain-job.ts";
import type { JobSpec } from "../../nomad/job.ts";
import type { JobFileOptions } from "../../nomad/jobspec/parse-job-file.ts";
import { validateJob } from "../../nomad/jobspec/validation/validate-job.ts";
import type { FoundConfig } from "../config-file.ts";
import type { ConvertOptions } from "./convert-options.ts";
import { judgeJob, nomadJobObject } from "./judge-job.ts";
import { readJobs, type SourceJob } from "./read-jobs.ts";
import { type FileReport, type JobReport, type Made, type MadeObject, type Observed, observedRefusal, reportEntries } from "./report.ts";
import { ownRemedy } from "./remedies.ts";
import { execTasksOf } from "./to-exec-task.ts";

export type ConvertInputs = {
  readonly options: ConvertOptions;
  readonly config: FoundConfig;
  readonly sha256: Sha256;
  /** `name` is the file's, for errors and places. */
  readonly source: { readonly name: string; readonly text: string; readonly hcl: Omit<JobFileOptions, "filename"> };
};

export type ConvertedJob = { readonly jobId: string; readonly namespace: string; readonly objectName: string; readonly objects: readonly object[] };
export type ConvertedFile = { readonly report: FileReport; readonly jobs: readonly ConvertedJob[] };

export function convertFile(inputs: ConvertInputs): ConvertedFile {
  const { name, text, hcl } = inputs.source;
  const failed = (error: string): ConvertedFile => ({ report: { file: name, jobs: [], converted: false, error }, jobs: [] });
  const read = readJobs(text, { ...hcl, filename: name });
  if (!read.ok) return failed(read.error);
  if (read.value.length === 0) return failed(`${name} holds no job`);
  const converted: { readonly job: ConvertedJob; readonly report: JobReport }[] = [];
  for (const source of read.value) {
    const job = convertJob(inputs, source);
    if (!job.ok) return failed(job.error);
    converted.push(job.value);
  }
  return { report: { file: name, converted: true, jobs: converted.map(({ report }) => report) }, jobs: converted.map(({ job }) => job) };
}

function convertJob(inputs: ConvertInputs, source: SourceJob): Result<{ readonly job: ConvertedJob; readonly report: JobReport }, string> {
  const { options, sha256 } = inputs;
  const namespace = options.namespace ?? source.spec.Namespace;
  if (!isSubdomain(namespace) || namespace.includes(".") || namespace.length > 63) return err(`namespace "${namespace}" is no name of a namespace in Kubernetes: write -namespace=<name>, in lower-case letters, digits and dashes`);
  const spec: JobSpec = { ...source.spec, Namespace: namespace };
  const { errors, warnings } = validateJob(spec);
  if (errors.length > 0) return err(errors.map((error) => error.trim()).join("\n"));
  const made = makeObjects(inputs, source, spec);
  const entries = reportEntries(inputs.source.name, source.places, [...movedFrom(source.spec.Namespace, namespace), ...source.dropped, ...made.observed]);
  const objectName = jobObjectName(sha256, { namespace, jobId: spec.ID });
  return ok({
    job: { jobId: spec.ID, namespace, objectName, objects: made.objects },
    report: { job: spec.ID, namespace, objects: made.objects.map((object) => madeObject(object, options.target)), entries, warnings },
  });
}

const movedFrom = (from: string, to: string): readonly Observed[] =>
  from === to ? [] : [{ level: "equivalent", path: "Namespace", message: `is "${to}" here, and was "${from}"`, remedy: "nothing: -namespace says so" }];

function makeObjects({ options, config, sha256 }: ConvertInputs, source: SourceJob, spec: JobSpec): Made {
  const object = nomadJobObject(spec, sha256, source);
  if (options.target === "json") return { objects: [{ Job: { ...spec, Stop: source.stop } }], observed: [] };
  if (options.target === "kubernetes") {
    const { objects, findings, refusals } = plainJob(spec, source.stop, { image: options.image, config: config.spec });
    const observed: readonly Observed[] = [...findings, ...refusals.map(({ message }) => observedRefusal(message))];
    return { objects, observed: observed.map((each) => ({ ...each, remedy: ownRemedy(each.level, each.message) })) };
  }
  const judged = judgeJob(object, spec, { config: config.spec, sha256 });
  const observed: readonly Observed[] = [...judged.findings, ...judged.refusals.map(({ message }) => observedRefusal(message))];
  if (options.target === "nomadjob") return { objects: [object], observed };
  return execTasksOf(spec, { groups: judged.groups, datacenter: config.spec.datacenter }, observed);
}

type Identified = { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } };

function madeObject(object: object, target: ConvertOptions["target"]): MadeObject {
  if (target === "json") return jsonObject(object as { readonly Job: JobSpec });
  const { kind, metadata } = object as Identified;
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

const jsonObject = ({ Job }: { readonly Job: JobSpec }): MadeObject => ({ kind: "Job", namespace: Job.Namespace, name: Job.ID });
