/**
 * @module From what a person typed to one allocation and one of its tasks, by the rules of Nomad's CLI. Used by alloc exec.
 * Source: developer.hashicorp.com/nomad/commands/alloc/exec
 */
import { err, ok, type Result } from "../lib/result.ts";
import type { NomadClient } from "./client.ts";
import { formatAge, formatTable } from "./table.ts";

type TaskGroup = { readonly name: string; readonly tasks: readonly string[] };
export type Allocation = { readonly id: string; readonly group: string; readonly groups: readonly TaskGroup[] };
export type ResolveDeps = {
  readonly client: NomadClient;
  /** Milliseconds since 1970, for the ages in tables. */
  readonly now: () => number;
  /** At least 0 and below 1, for the choice of one allocation of a job. */
  readonly random: () => number;
};
export type JobChoice = {
  readonly job: string;
  /** Empty means any group. */
  readonly group: string;
  /** What the person asked for, "*" for all; empty is the default namespace. */
  readonly namespace: string;
};

type Fields = Readonly<Record<string, unknown>>;

const SHORT_ID_LENGTH = 8;
const NANOSECONDS_PER_MS = 1e6;
const JOBS_PER_PAGE = "20";

/** The only allocation with this prefix of its ID, hyphens or not. The error is ready to be shown. */
export async function allocationByPrefix(deps: ResolveDeps, prefix: string): Promise<Result<Allocation, string>> {
  const listed = await deps.client.getJson("/v1/allocations", { prefix: evenPrefix(prefix) });
  if (!listed.ok) return err(`Error querying allocation: ${listed.error}`);
  const stubs = rowsOf(listed.value);
  const [stub] = stubs;
  if (stub === undefined) return err(`No allocation(s) with prefix or id "${prefix}" found`);
  if (stubs.length > 1) return err(`Prefix matched multiple allocations\n\n${allocationTable(stubs, deps.now())}`);
  return await readAllocation(deps.client, text(stub, "ID"), text(stub, "Namespace"));
}

/** One allocation of the job by chance: a running one, or any if none is running. The error is ready to be shown. */
export async function allocationOfJob(deps: ResolveDeps, choice: JobChoice): Promise<Result<Allocation, string>> {
  const job = await jobByPrefix(deps.client, choice);
  if (!job.ok) return job;
  const { id, namespace } = job.value;
  const path = `/v1/job/${encodeURIComponent(id)}/allocations`;
  const listed = await deps.client.getJson(path, { all: "false", ...(namespace === "" ? {} : { namespace }) });
  if (!listed.ok) return err(`Error fetching allocations: ${listed.error}`);
  const all = rowsOf(listed.value);
  if (all.length === 0) return err(`Error fetching allocations: job "${id}" doesn't exist or it has no allocations`);
  const wanted = choice.group === "" ? all : all.filter((stub) => text(stub, "TaskGroup") === choice.group);
  if (wanted.length === 0) return err(`Error fetching allocations: task group "${choice.group}" doesn't exist or it has no allocations`);
  const running = wanted.filter((stub) => text(stub, "ClientStatus") === "running");
  const stub = pickOne(running.length > 0 ? running : wanted, deps.random());
  return await readAllocation(deps.client, text(stub, "ID"), text(stub, "Namespace"));
}

/** The task asked for, or the only one of the allocation's group. The error lists what there is. */
export function taskOf(allocation: Allocation, asked: string): Result<string, string> {
  const group = allocation.groups.find((candidate) => candidate.name === allocation.group);
  if (group === undefined) return err(`Could not find allocation task group: ${allocation.group}`);
  if (asked !== "") {
    if (group.tasks.includes(asked)) return ok(asked);
    return err(`Could not find task named: ${asked}, found:\n${group.tasks.join("\n")}`);
  }
  const [only] = group.tasks;
  if (only !== undefined && group.tasks.length === 1) return ok(only);
  const list = group.tasks.map((task) => `  * ${task}`).join("\n");
  const shortId = allocation.id.slice(0, SHORT_ID_LENGTH);
  return err(`Allocation "${shortId}" is running the following tasks:\n${list}\n\nPlease specify the task.`);
}

/** The server's index wants whole bytes, so an odd hexadecimal digit at the end is left out. */
function evenPrefix(prefix: string): string {
  const digits = prefix.replaceAll("-", "").length;
  return digits % 2 === 0 ? prefix : prefix.slice(0, -1);
}

async function jobByPrefix(client: NomadClient, choice: JobChoice): Promise<Result<{ id: string; namespace: string }, string>> {
  const prefix = choice.job;
  const listed = await client.getJson("/v1/jobs", { prefix, per_page: JOBS_PER_PAGE });
  if (!listed.ok) {
    // Who may not list jobs may still be allowed to use one.
    if (listed.error.includes("Permission denied")) return ok({ id: prefix, namespace: "" });
    return err(`Error querying job prefix "${prefix}": ${listed.error}`);
  }
  const jobs = rowsOf(listed.value);
  const [first] = jobs;
  if (first === undefined) return err(`No job(s) with prefix or ID "${prefix}" found`);
  const repeated = choice.namespace === "*" && jobs.length > 1 && text(jobs[1] ?? {}, "ID") === prefix;
  const exact = text(first, "ID") === prefix && !repeated;
  if (jobs.length > 1 && !exact) {
    const note = jobs.length === Number(JOBS_PER_PAGE) ? "\n\n(results may be truncated)" : "";
    return err(`Prefix "${prefix}" matched multiple jobs\n\n${jobTable(jobs, choice.namespace === "*")}${note}`);
  }
  const summary = first["JobSummary"];
  const namespace = text(first, "Namespace") || (isFields(summary) ? text(summary, "Namespace") : "");
  return ok({ id: text(first, "ID"), namespace });
}

async function readAllocation(client: NomadClient, id: string, namespace: string): Promise<Result<Allocation, string>> {
  const query = namespace === "" ? {} : { namespace };
  const read = await client.getJson(`/v1/allocation/${encodeURIComponent(id)}`, query);
  if (!read.ok) return err(`Error querying allocation: ${read.error}`);
  if (!isFields(read.value)) return err("Error querying allocation: the server's answer is not an allocation");
  const { value } = read;
  const job = value["Job"];
  const groups = isFields(job) ? rowsOf(job["TaskGroups"]).map(taskGroupOf) : [];
  return ok({ id: text(value, "ID") || id, group: text(value, "TaskGroup"), groups });
}

const taskGroupOf = (group: Fields): TaskGroup => ({
  name: text(group, "Name"),
  tasks: rowsOf(group["Tasks"]).map((task) => text(task, "Name")),
});

function allocationTable(stubs: readonly Fields[], nowMs: number): string {
  const age = (stub: Fields, key: string): string => formatAge(nanoseconds(stub, key), nowMs);
  const rows = stubs.map((stub) => [
    text(stub, "ID").slice(0, SHORT_ID_LENGTH),
    text(stub, "NodeID").slice(0, SHORT_ID_LENGTH),
    text(stub, "TaskGroup"),
    text(stub, "JobVersion"),
    text(stub, "DesiredStatus"),
    text(stub, "ClientStatus"),
    age(stub, "CreateTime"),
    age(stub, "ModifyTime"),
  ]);
  return formatTable([["ID", "Node ID", "Task Group", "Version", "Desired", "Status", "Created", "Modified"], ...rows]);
}

function jobTable(jobs: readonly Fields[], withNamespace: boolean): string {
  const columns = ["ID", ...(withNamespace ? ["Namespace"] : []), "Type", "Priority", "Status"];
  const rows = jobs.map((job) => [...columns.map((column) => text(job, column)), submitDate(job)]);
  return formatTable([[...columns, "Submit Date"], ...rows]);
}

function submitDate(job: Fields): string {
  const ms = nanoseconds(job, "SubmitTime");
  return ms > 0 ? new Date(ms).toISOString().replace(/\.\d+Z$/, "Z") : "";
}

/** A count of nanoseconds since 1970, in milliseconds; 0 when there is none. */
function nanoseconds(fields: Fields, key: string): number {
  const value = fields[key];
  return typeof value === "number" ? value / NANOSECONDS_PER_MS : 0;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function pickOne(stubs: readonly Fields[], random: number): Fields {
  return stubs[Math.floor(random * stubs.length)] ?? {};
}

const rowsOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
