/** @module What explain found, as text, JSON or Markdown. Nothing depends on the terminal, so a pipe and a file get the same. */
import type { Finding } from "../api/exec-task.ts";
import { assertNever } from "../lib/result.ts";
import { toYaml } from "../lib/yaml.ts";
import type { PodSecurity } from "../mapping/pod-security.ts";
import { LINUX_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import type { ExplainFormat } from "./explain-options.ts";
import type { TaskCapabilities, TaskReport } from "./explain-report.ts";
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
      return `${JSON.stringify(explanation, null, 2).replace(BEYOND_ASCII, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)}\n`;
    case "text":
      return [`BridgeConfig: ${explanation.config}\n`, ...explanation.tasks.map(taskText)].join("\n");
    case "markdown":
      return [`# What becomes of ${explanation.tasks.length === 1 ? "one ExecTask" : `${explanation.tasks.length} ExecTasks`}\n`, `BridgeConfig: ${cell(explanation.config)}\n`, ...explanation.tasks.map(taskMarkdown)].join("\n");
    default:
      return assertNever(format, "formatExplanation");
  }
}

/** Control characters that JSON and YAML leave as they are. */
const BEYOND_ASCII = /[\u007f-\u009f]/g;
/** A task's own words may hold what moves a terminal's cursor. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const plain = (text: string) => text.replace(/[\t\n]/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "\uFFFD");
const plainYaml = (value: unknown) => toYaml(value).replace(BEYOND_ASCII, "\uFFFD");

function taskText(report: TaskReport): string {
  const title = `ExecTask ${plain(`${report.namespace}/${report.name}`)}`;
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

/** Text for a cell of a table: no bar, tag, link or line end of it has a meaning. */
const cell = (text: string) => plain(text).replace(/[\\`*_[\]<>|~#]/g, "\\$&");
/** Code for a cell. A bar ends a cell even there. */
const code = (text: string) => `\`${plain(text).replaceAll("`", "'").replaceAll("|", "\\|")}\``;

function taskMarkdown(report: TaskReport): string {
  const title = `## ${cell(`${report.namespace}/${report.name}`)}\n`;
  if (!report.accepted) return `${title}\n**Refused**, ${cell(report.refusal.reason)}: ${cell(report.refusal.message)}\n`;
  return [
    title,
    `Accepted, under profile ${code(report.profile)}.\n`,
    "### What running here changes\n",
    table(["level", "field", "what"], report.findings.map(findingCells)),
    "### Linux capabilities\n",
    table(["task", "user", "on Nomad", "here"], report.capabilities.map(({ task, user, nomad, here }) => [code(task), code(user), cell(capabilityText(nomad)), isSame(nomad, here) ? "the same" : cell(capabilityText(here))])),
    `### Pod Security level that the namespace must allow: ${report.podSecurity.level}\n`,
    table(["needs", "field", "why"], report.podSecurity.forcedBy.map(({ field, needs, why }) => [needs, code(field), cell(why)])),
    `### ${cell(podTitle(report))}\n`,
    fenced(plainYaml(report.pod)),
  ].join("\n");
}

const findingCells = ({ level, path, message }: Finding) => [level, code(path), cell(message)];

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "Nothing.\n";
  return `${[titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

/** A fence longer than any run of backquotes inside. */
function fenced(yaml: string): string {
  const longest = Math.max(2, ...[...yaml.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}yaml\n${yaml}${fence}\n`;
}
