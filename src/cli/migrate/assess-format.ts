/** @module An assessment as text, JSON or Markdown. Nothing depends on the terminal, so a pipe and a file get the same. */
import { code, markdownCell, markdownTable, plain, plainJson } from "../plain-text.ts";
import { formatTable } from "../table.ts";
import type { AssessFormat } from "./assess-options.ts";
import type { Assessment } from "./assessment.ts";
import { GRADES } from "./grade-job.ts";

/** More tasks than these are in the JSON alone. */
const MOST_TASKS = 20;

/** With a newline at the end. */
export function formatAssessment(assessment: Assessment, format: AssessFormat): string {
  if (format === "json") return plainJson(assessment);
  return format === "text" ? textOf(assessment) : markdownOf(assessment);
}

const JOB_TITLES = ["grade", "runs", "changes", "decisions", "running", "type", "namespace", "job"];
const jobRows = ({ jobs }: Assessment) =>
  jobs.map(({ grade, runs, effort, running, type, namespace, id }) => [grade, runs ? "yes" : "no", String(effort.changes), String(effort.decisions), String(running), type, namespace, id]);

const TASK_TITLES = ["jobs", "severity", "what", "do", "in"];
const taskRows = ({ tasks }: Assessment) => tasks.slice(0, MOST_TASKS).map(({ jobs, severity, message, remedy, examples }) => [String(jobs), severity, message, remedy, `${examples.join(", ")}${jobs > examples.length ? ", …" : ""}`]);

function summary({ totals }: Assessment): string {
  const { jobs, run, changes, decisions, children, stopped, gone } = totals;
  const grades = GRADES.map((grade) => `${totals[grade]} ${grade}`).join(", ");
  const aside = [`${children} children`, `${stopped} stopped`, `${gone} gone meanwhile`].filter((text) => !text.startsWith("0 "));
  return `${jobs} ${jobs === 1 ? "job" : "jobs"}: ${grades}. ${run} run as they are. Left to do: ${changes} changes, ${decisions} decisions.${aside.length === 0 ? "" : ` Not graded: ${aside.join(", ")}.`}`;
}

function textOf(assessment: Assessment): string {
  const { from, config, unreadable } = assessment;
  const table = (titles: readonly string[], rows: readonly (readonly string[])[]) => (rows.length === 0 ? "nothing" : formatTable([titles, ...rows.map((row) => row.map(plain))]));
  return [
    `Nomad:        ${plain(from)}`,
    `BridgeConfig: ${plain(config)}`,
    "",
    summary(assessment),
    "",
    table(JOB_TITLES, jobRows(assessment)),
    ...(unreadable.length === 0 ? [] : ["", "Could not be read:", "", formatTable(unreadable.map(({ namespace, id, error }) => [plain(namespace), plain(id), plain(error)]))]),
    "",
    "What to do, the most common first:",
    "",
    ...(assessment.tasks.length === 0 ? ["nothing"] : taskRows(assessment).map(([jobs = "", severity = "", message = "", remedy = "", jobIds = ""]) => `${jobs.padStart(6)}  ${severity.padEnd(8)}  ${plain(message)}\n${" ".repeat(18)}do: ${plain(remedy)}\n${" ".repeat(18)}in: ${plain(jobIds)}`)),
    "",
  ].join("\n");
}

function markdownOf(assessment: Assessment): string {
  const { from, config, unreadable } = assessment;
  return [
    `# The jobs of ${markdownCell(from)}\n`,
    `BridgeConfig: ${markdownCell(config)}\n`,
    `${summary(assessment)}\n`,
    markdownTable(JOB_TITLES, jobRows(assessment).map((row) => row.map((cell, column) => (column === row.length - 1 ? code(cell) : markdownCell(cell))))),
    ...(unreadable.length === 0 ? [] : ["## Could not be read\n", markdownTable(["namespace", "job", "why"], unreadable.map(({ namespace, id, error }) => [markdownCell(namespace), code(id), markdownCell(error)]))]),
    "## What to do, the most common first\n",
    markdownTable(TASK_TITLES, taskRows(assessment).map((row) => row.map(markdownCell))),
  ].join("\n");
}
