/** @module The command assess: every job of a live Nomad, graded by how well it would run here. Reads only. */
import { createClient } from "../client.ts";
import { builtInConfig, configOfFile, type ReadText } from "../config-file.ts";
import type { Sha256 } from "../../mapping/object-names.ts";
import type { Env } from "../settings.ts";
import { formatAssessment } from "./assess-format.ts";
import { adviceFor, SOURCE } from "./advice.ts";
import { ASSESS_HELP, type AssessOptions, readAssessOptions } from "./assess-options.ts";
import { type AssessedJob, assessmentOf } from "./assessment.ts";
import { gradeJob } from "./grade-job.ts";
import { type ListedJob, listJobs, namespaceWords, type ReadJob, readJobs } from "./nomad-jobs.ts";
import { patientClient } from "./patient-client.ts";
import type { Judging } from "../convert/judge-job.ts";

export type MigrateDeps = {
  readonly out: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly readText: ReadText;
  readonly env: Env;
  readonly sha256: Sha256;
  /** Aborted by Ctrl-C: what is begun is ended, and the report is of what was done. */
  readonly signal: AbortSignal;
};

const INCOMPLETE = 1;
const UNUSABLE = 2;
/** Of a program that SIGINT has ended. */
export const INTERRUPTED = 130;

/** @returns the exit code: 0 every job is graded, 1 one could not be read, 2 none could, 130 interrupted */
export async function assess(deps: MigrateDeps, argv: readonly string[]): Promise<number> {
  const options = readAssessOptions(argv, deps.env);
  if (options.ok) return await assessWith(deps, options.value);
  if (options.error.kind === "help") {
    deps.out(ASSESS_HELP);
    return 0;
  }
  deps.complain(`nomad-bridge assess: ${options.error.message}\nFor all options and examples: nomad-bridge assess --help\n`);
  return UNUSABLE;
}

async function assessWith(deps: MigrateDeps, options: AssessOptions): Promise<number> {
  const unusable = (error: string) => {
    deps.complain(`nomad-bridge assess: ${error}\n`);
    return UNUSABLE;
  };
  const config = options.config === undefined ? builtInConfig("none is given", "-config brings yours") : await configOfFile(deps.readText, options.config);
  if (!config.ok) return unusable(config.error);
  const client = createClient(options.settings);
  if (!client.ok) return unusable(client.error);
  const listed = await listJobs(client.value, options.namespace);
  if (!listed.ok) return unusable(`cannot list the jobs of ${options.settings.origin}: ${listed.error}${adviceFor(listed.error, SOURCE)}`);
  const isGraded = (job: ListedJob) => job.parentId === "" && (options.stopped || !job.stopped);
  const graded = listed.value.filter(isGraded);
  const judging = { config: config.value.spec, sha256: deps.sha256 };
  if (listed.value.length === 0) deps.complain(`nomad-bridge assess: ${options.settings.origin} shows no job of ${namespaceWords(options.namespace)}; is the namespace right, and may the token read it?\n`);
  const reading = { signal: deps.signal, progress: (done: number, all: number) => deps.complain(`nomad-bridge assess: ${done} of ${all} jobs\n`) };
  const jobs = await readJobs(patientClient(client.value), graded, reading, (job) => assessed(job, judging));
  if (deps.signal.aborted) {
    deps.complain("nomad-bridge assess: interrupted; run it again\n");
    return INTERRUPTED;
  }
  const children = listed.value.filter(({ parentId }) => parentId !== "").length;
  const assessment = assessmentOf({ from: options.settings.origin, config: config.value.words, jobs, children, stopped: listed.value.length - children - graded.length });
  deps.out(formatAssessment(assessment, options.format));
  return assessment.unreadable.length > 0 ? INCOMPLETE : 0;
}

function assessed(job: ReadJob, judging: Judging): AssessedJob {
  const { id, namespace, type, running } = job.listed;
  if (job.kind === "gone") return { kind: "gone" };
  if (job.kind === "unreadable") return { kind: "unreadable", id, namespace, error: job.error };
  return { kind: "graded", id, namespace, type, running, ...gradeJob(job.spec, job.stopped, judging) };
}
