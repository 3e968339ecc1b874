/** @module The command import: the jobs of a live Nomad, registered at a bridge. Says what it would do, and does it with -yes. Never deletes. */
import { createClient } from "../client.ts";
import { adviceFor, SOURCE } from "./advice.ts";
import { INTERRUPTED, type MigrateDeps } from "./assess.ts";
import { type ImportAction, type ImportedJob, importJob } from "./import-job.ts";
import { IMPORT_HELP, type ImportOptions, readImportOptions } from "./import-options.ts";
import { formatImport, type ImportReport } from "./import-format.ts";
import { type ListedJob, listJobs, namespaceWords, readJobs } from "./nomad-jobs.ts";
import { patientClient } from "./patient-client.ts";
import { targetNamespaces } from "./target-namespaces.ts";

const INCOMPLETE = 1;
const UNUSABLE = 2;

/** @returns the exit code: 0 all is done, or could be, 1 a job could not be read or is refused, 2 nothing was done, 130 interrupted */
export async function importJobs(deps: MigrateDeps, argv: readonly string[]): Promise<number> {
  const options = readImportOptions(argv, deps.env);
  if (options.ok) return await importWith(deps, options.value);
  if (options.error.kind === "help") {
    deps.out(IMPORT_HELP);
    return 0;
  }
  deps.complain(`nomad-bridge import: ${options.error.message}\nFor all options and examples: nomad-bridge import --help\n`);
  return UNUSABLE;
}

async function importWith(deps: MigrateDeps, options: ImportOptions): Promise<number> {
  const unusable = (error: string) => {
    deps.complain(`nomad-bridge import: ${error}\n`);
    return UNUSABLE;
  };
  const source = createClient(options.source);
  if (!source.ok) return unusable(source.error);
  const target = createClient(options.target);
  if (!target.ok) return unusable(target.error);
  const listed = await listJobs(source.value, options.namespace);
  if (!listed.ok) return unusable(`cannot list the jobs of ${options.source.origin}: ${listed.error}${adviceFor(listed.error, SOURCE)}`);
  const jobs = listed.value.filter(({ parentId, stopped }) => parentId === "" && (options.stopped || !stopped));
  const twice = options.toNamespace === undefined ? undefined : sameIdTwice(jobs);
  if (twice !== undefined) return unusable(`two namespaces have a job "${twice}", and -to-namespace would make one of them; import each namespace with -namespace`);
  if (listed.value.length === 0) deps.complain(`nomad-bridge import: ${options.source.origin} shows no job of ${namespaceWords(options.namespace)}; is the namespace right, and may the token read it?\n`);
  const namespaces = await targetNamespaces(target.value, options.target.origin);
  if (!namespaces.ok) return unusable(namespaces.error);
  const reading = { signal: deps.signal, progress: (done: number, all: number) => deps.complain(`nomad-bridge import: ${done} of ${all} jobs\n`) };
  const inputs = { ...options, target: patientClient(target.value), namespaces: namespaces.value };
  const imported = await readJobs(patientClient(source.value), jobs, reading, (job) => importJob(job, inputs));
  deps.out(formatImport(reportOf(options, imported, { listed: listed.value.length, wanted: jobs.length }), options.format));
  if (imported.length < jobs.length) return INTERRUPTED;
  return imported.some(({ action }) => action === "refused" || action === "failed") ? INCOMPLETE : 0;
}

const sameIdTwice = (jobs: readonly ListedJob[]): string | undefined => {
  const seen = new Set<string>();
  return jobs.find(({ id }) => seen.size === seen.add(id).size)?.id;
};

const ACTIONS: readonly ImportAction[] = ["create", "replace", "same", "differs", "gone", "refused", "failed"];

function reportOf({ yes, source, target }: ImportOptions, jobs: readonly ImportedJob[], { listed, wanted }: { readonly listed: number; readonly wanted: number }): ImportReport {
  const counts = Object.fromEntries(ACTIONS.map((action) => [action, jobs.filter((job) => job.action === action).length]));
  return { version: 1, done: yes, from: source.origin, to: target.origin, totals: { ...counts, leftOut: listed - wanted, interrupted: wanted - jobs.length }, jobs };
}
