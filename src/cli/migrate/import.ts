/** @module The command import: the jobs of a live Nomad, registered at a bridge. Says what it would do, and does it with -yes. Never deletes. */
import { createClient } from "../client.ts";
import { plain, plainJson } from "../plain-text.ts";
import { formatTable } from "../table.ts";
import { adviceFor, type MigrateDeps } from "./assess.ts";
import { type ImportAction, type ImportedJob, importJob } from "./import-job.ts";
import { IMPORT_HELP, type ImportOptions, readImportOptions } from "./import-options.ts";
import { type ListedJob, listJobs, readJobs } from "./nomad-jobs.ts";

const INCOMPLETE = 1;
const UNUSABLE = 2;

/** @returns the exit code: 0 all is done, or could be, 1 a job could not be read or is refused, 2 nothing was done */
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
  if (!listed.ok) return unusable(`cannot list the jobs of ${options.source.origin}: ${listed.error}${adviceFor(listed.error)}`);
  const jobs = listed.value.filter(({ parentId, stopped }) => parentId === "" && (options.stopped || !stopped));
  const twice = options.toNamespace === undefined ? undefined : sameIdTwice(jobs);
  if (twice !== undefined) return unusable(`two namespaces have a job "${twice}", and -to-namespace would make one of them; import each namespace with -namespace`);
  const imported = await readJobs(source.value, jobs, (job) => importJob(job, { ...options, target: target.value }));
  deps.out(options.format === "json" ? plainJson(report(options, imported, listed.value.length)) : text(options, imported, listed.value.length));
  return imported.some(({ action }) => action === "refused" || action === "failed") ? INCOMPLETE : 0;
}

const sameIdTwice = (jobs: readonly ListedJob[]): string | undefined => {
  const seen = new Set<string>();
  return jobs.find(({ id }) => seen.size === seen.add(id).size)?.id;
};

const ACTIONS: readonly ImportAction[] = ["create", "replace", "same", "differs", "gone", "refused", "failed"];
const totalsOf = (jobs: readonly ImportedJob[]) => ACTIONS.map((action) => ({ action, count: jobs.filter((job) => job.action === action).length }));

const report = ({ yes, source, target }: ImportOptions, jobs: readonly ImportedJob[], listed: number) => ({
  version: 1,
  done: yes,
  from: source.origin,
  to: target.origin,
  totals: { ...Object.fromEntries(totalsOf(jobs).map(({ action, count }) => [action, count])), leftOut: listed - jobs.length },
  jobs,
});

function text({ yes, source, target }: ImportOptions, jobs: readonly ImportedJob[], listed: number): string {
  const counted = totalsOf(jobs).flatMap(({ action, count }) => (count === 0 ? [] : [`${count} ${action}`]));
  const rows = jobs.map(({ action, namespace, id, detail }) => [action, plain(namespace), plain(id), plain(detail)]);
  const leftOut = listed - jobs.length;
  return [
    `From ${plain(source.origin)} to ${plain(target.origin)}${yes ? "" : ": what -yes would do"}`,
    "",
    rows.length === 0 ? "no jobs" : formatTable([["action", "namespace", "job", ""], ...rows]),
    "",
    `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}${counted.length === 0 ? "" : `: ${counted.join(", ")}`}.${leftOut === 0 ? "" : ` Left out: ${leftOut} children or stopped jobs.`}`,
    yes ? "They go on running at the source until they are stopped there." : "Nothing was changed.",
    "",
  ].join("\n");
}
