/** @module What explain found, as text, JSON or Markdown. Nothing depends on the terminal, so a pipe and a file get the same. */
import type { Finding } from "../api/exec-task.ts";
import { assertNever } from "../lib/result.ts";
import { toYaml } from "../lib/yaml.ts";
import type { PodSecurity } from "../mapping/pod-security.ts";
import { LINUX_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import type { ExplainFormat } from "./explain-options.ts";
import type { TaskCapabilities, TaskReport } from "./explain-report.ts";
import { BEYOND_ASCII, code, markdownCell, markdownTable, plain, plainJson } from "./plain-text.ts";
import { formatTable } from "./table.ts";

export type Explanation = {
  /** Changes when the meaning of a member does; new members may come at any time. */
  readonly version: 1;
  /** Where the BridgeConfig came from, in words. */
  readonly config: string;
  readonly tasks: readonly TaskReport[];
};

type Accepted = Extract<TaskReport, { readonly accepted: true }>;

/** With a newline at the end. */
export function formatExplanation(explanation: Explanation, format: ExplainFormat): string {
  switch (format) {
    case "json":
      return plainJson(explanation);
    case "text":
      return [`BridgeConfig: ${explanation.config}\n`, ...explanation.tasks.map(taskText)].join("\n");
    case "markdown":
      return [`# What becomes of ${countOf(explanation.tasks)}\n`, `BridgeConfig: ${markdownCell(explanation.config)}\n`, ...explanation.tasks.map(taskMarkdown)].join("\n");
    default:
      return assertNever(format, "formatExplanation");
  }
}

/** A group of a job runs as an ExecTask does. */
function countOf(tasks: readonly TaskReport[]): string {
  const word = tasks.some(({ isJob }) => isJob === true) ? "group" : "ExecTask";
  return tasks.length === 1 ? `one ${word}` : `${tasks.length} ${word}s`;
}

function titleOf({ namespace, name, isJob, group }: TaskReport, shown: (text: string) => string): string {
  if (isJob !== true) return `ExecTask ${shown(`${namespace}/${name}`)}`;
  return `Job ${shown(`"${name}"`)} in namespace ${shown(namespace)}${group === undefined ? "" : `, group ${shown(`"${group}"`)}`}`;
}

const plainYaml = (value: unknown) => toYaml(value).replace(BEYOND_ASCII, "\uFFFD");

function taskText(report: TaskReport): string {
  const title = titleOf(report, plain);
  if (!report.accepted) return `${title}: refused\n\n  ${plain(report.refusal.reason)}: ${plain(report.refusal.message)}\n`;
  return [
    `${title}: accepted, under profile "${plain(report.profile)}"\n`,
    section("What running here changes, the most serious first", formatTable(report.findings.map(({ level, path, message }) => [level, plain(path), plain(message)]))),
    section("Linux capabilities", formatTable(report.capabilities.flatMap(capabilityRows))),
    section(`Pod Security level that the namespace must allow: ${report.podSecurity.level}`, securityTable(report.podSecurity)),
    section(podTitle(report), plainYaml(report.pod).trimEnd()),
  ].join("\n");
}

const section = (title: string, body: string) => `${title}\n\n${body === "" ? "  nothing" : body.replace(/^(?=.)/gm, "  ")}\n`;

const podTitle = ({ hidden }: Accepted) => (hidden.length === 0 ? "The pod of its first allocation" : `The pod of its first allocation; hidden: ${plain(hidden.join(", "))}`);

function capabilityRows({ task, user, nomad, here }: TaskCapabilities): readonly (readonly string[])[] {
  const name = `task ${plain(task)}, user ${plain(user)}`;
  return [
    [name, "on Nomad", capabilityText(nomad)],
    ["", "here", isSame(nomad, here) ? "the same" : capabilityText(here)],
  ];
}

const isSame = (a: readonly string[], b: readonly string[]) => a.join() === b.join();

function capabilityText(names: readonly string[]): string {
  if (names.length === LINUX_CAPABILITIES.length) return "all";
  return names.length === 0 ? "none" : `${names.join(", ")} (${names.length})`;
}

const securityTable = ({ forcedBy }: PodSecurity) => formatTable(forcedBy.map(({ field, needs, why }) => [needs, field, plain(why)]));

function taskMarkdown(report: TaskReport): string {
  const title = `## ${report.isJob === true ? titleOf(report, markdownCell) : markdownCell(`${report.namespace}/${report.name}`)}\n`;
  if (!report.accepted) return `${title}\n**Refused**, ${markdownCell(report.refusal.reason)}: ${markdownCell(report.refusal.message)}\n`;
  return [
    title,
    `Accepted, under profile ${code(report.profile)}.\n`,
    "### What running here changes\n",
    markdownTable(["level", "field", "what"], report.findings.map(findingCells)),
    "### Linux capabilities\n",
    markdownTable(["task", "user", "on Nomad", "here"], report.capabilities.map(({ task, user, nomad, here }) => [code(task), code(user), markdownCell(capabilityText(nomad)), isSame(nomad, here) ? "the same" : markdownCell(capabilityText(here))])),
    `### Pod Security level that the namespace must allow: ${report.podSecurity.level}\n`,
    markdownTable(["needs", "field", "why"], report.podSecurity.forcedBy.map(({ field, needs, why }) => [needs, code(field), markdownCell(why)])),
    `### ${markdownCell(podTitle(report))}\n`,
    fenced(plainYaml(report.pod)),
  ].join("\n");
}

const findingCells = ({ level, path, message }: Finding) => [level, code(path), markdownCell(message)];

/** A fence longer than any run of backquotes inside. */
function fenced(yaml: string): string {
  const longest = Math.max(2, ...[...yaml.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}yaml\n${yaml}${fence}\n`;
}
