/** @module The report of convert as text, JSON or Markdown. Nothing depends on the terminal, so a pipe and a file get the same. */
import { code, markdownCell, markdownTable, plain, plainJson } from "../plain-text.ts";
import type { ReportFormat } from "./convert-options.ts";
import type { ConvertReport, FileReport, JobReport, ReportEntry } from "./report.ts";
import { SEVERITIES } from "./severity.ts";

/** With a newline at the end. */
export function formatReport(report: ConvertReport, format: ReportFormat): string {
  if (format === "json") return plainJson(report);
  return format === "text" ? textReport(report) : markdownReport(report);
}

function textReport(report: ConvertReport): string {
  return [`BridgeConfig: ${plain(report.config)}\n`, ...report.files.map(fileText), `${totalsLine(report)}\n`].join("\n");
}

const totalsLine = ({ files, totals }: ConvertReport): string => {
  const failed = files.filter(({ converted }) => !converted).length;
  const counted = SEVERITIES.filter((severity) => severity !== "same").map((severity) => `${totals[severity]} ${severity}`);
  return `${files.length} ${files.length === 1 ? "file" : "files"}${failed > 0 ? `, ${failed} not converted` : ""}: ${counted.join(", ")}`;
};

function fileText(file: FileReport): string {
  if (!file.converted) return `${plain(file.file)}: not converted\n\n${indented(file.error.split("\n").map(plain).join("\n"))}\n`;
  return file.jobs.map((job) => jobText(file.file, job)).join("\n");
}

function jobText(file: string, job: JobReport): string {
  const made = job.objects.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(", ");
  const lines = [...job.entries.map(entryText), ...job.warnings.map((warning) => `warning  ${plain(warning.trim())}`)];
  return `${plain(file)}: job "${plain(job.job)}": ${made === "" ? "nothing is made of it" : made}\n\n${lines.length === 0 ? "  nothing is lost or changed" : indented(lines.join("\n"))}\n`;
}

function entryText({ file, line, column, path, severity, message, remedy }: ReportEntry): string {
  const place = line === undefined ? plain(file) : `${plain(file)}:${line}:${column ?? 1}`;
  return `${severity.padEnd(10)}  ${place}  ${plain(path === "" ? "job" : path)}\n            ${plain(message)}${severity === "equivalent" ? "" : `\n            do: ${plain(remedy)}`}`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

function markdownReport(report: ConvertReport): string {
  const rows = SEVERITIES.filter((severity) => severity !== "same").map((severity) => [severity, String(report.totals[severity])]);
  return [
    `# What becomes of ${report.files.length === 1 ? "one job file" : `${report.files.length} job files`} as ${report.target}\n`,
    `BridgeConfig: ${markdownCell(report.config)}\n`,
    markdownTable(["severity", "count"], rows),
    ...report.files.map(fileMarkdown),
  ].join("\n");
}

function fileMarkdown(file: FileReport): string {
  if (!file.converted) return `## ${markdownCell(file.file)}\n\n**Not converted**: ${markdownCell(file.error)}\n`;
  return file.jobs.map((job) => jobMarkdown(file.file, job)).join("\n");
}

function jobMarkdown(file: string, job: JobReport): string {
  const made = job.objects.map(({ kind, namespace, name }) => code(`${kind} ${namespace}/${name}`)).join(", ");
  const rows = job.entries.map(({ line, column, path, severity, message, remedy }) => [severity, line === undefined ? "" : `${line}:${column ?? 1}`, path === "" ? "job" : code(path), markdownCell(message), markdownCell(remedy)]);
  return [
    `## ${markdownCell(file)}: job ${code(job.job)}\n`,
    made === "" ? "Nothing is made of it.\n" : `Becomes ${made}.\n`,
    markdownTable(["severity", "place", "field", "what", "remedy"], rows),
    ...(job.warnings.length === 0 ? [] : [`${job.warnings.map((warning) => `- ${markdownCell(warning.trim())}`).join("\n")}\n`]),
  ].join("\n");
}

