/** @module The command convert: Nomad job files as Kubernetes objects, and what becomes of each field. Reads and writes through `main`. */
import type { Result } from "../../lib/result.ts";
import { err, ok } from "../../lib/result.ts";
import type { Sha256 } from "../../mapping/object-names.ts";
import type { FileAccess } from "../../nomad/hcl/functions/files.ts";
import { builtInConfig, configOfFile, type FoundConfig, type ReadText } from "../config-file.ts";
import type { Env } from "../settings.ts";
import { type ConvertedFile, convertFile, type ConvertInputs } from "./convert-file.ts";
import { CONVERT_HELP } from "./convert-help.ts";
import { type ConvertOptions, readConvertOptions } from "./convert-options.ts";
import { type ConvertReport, totalsOf } from "./report.ts";
import { formatReport } from "./report-format.ts";
import { documentsText, fileNames, withoutTwins } from "./written-objects.ts";

export type ConvertDeps = {
  readonly out: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly readText: ReadText;
  /** Makes the folder too. The error is for a person. */
  readonly writeText: (path: string, text: string) => Result<undefined, string>;
  /** What functions of a job file may read. @param path of the job file, "-" for standard input */
  readonly filesBeside: (path: string) => FileAccess;
  readonly env: Env;
  readonly sha256: Sha256;
};

const FAILED = 1;
const UNUSABLE = 2;
const LOST = 3;

/** @returns the exit code: 0 all is converted, 1 a file is not or its job is refused, 2 the options are wrong, 3 -strict and something is lost */
export async function convert(deps: ConvertDeps, argv: readonly string[]): Promise<number> {
  const options = readConvertOptions(argv);
  if (!options.ok) {
    if (options.error.kind === "help") deps.out(CONVERT_HELP);
    else deps.complain(`nomad-bridge convert: ${options.error.message}\nFor all options and examples: nomad-bridge convert --help\n`);
    return options.error.kind === "help" ? 0 : UNUSABLE;
  }
  const inputs = await inputsOf(deps, options.value);
  if (!inputs.ok) {
    deps.complain(`nomad-bridge convert: ${inputs.error}\n`);
    return UNUSABLE;
  }
  const files: ConvertedFile[] = [];
  for (const file of options.value.files) files.push(await convertOne(deps, options.value, inputs.value, file));
  return finish(deps, options.value, withoutTwins(files), inputs.value.config);
}

type Inputs = Omit<ConvertInputs, "source"> & { readonly config: FoundConfig; readonly variableFiles: readonly { readonly name: string; readonly text: string }[] };

async function inputsOf(deps: ConvertDeps, options: ConvertOptions): Promise<Result<Inputs, string>> {
  const config = options.config === undefined ? builtInConfig("none is given", "-config brings yours") : await configOfFile(deps.readText, options.config);
  if (!config.ok) return config;
  const variableFiles: { name: string; text: string }[] = [];
  for (const name of options.variableFiles) {
    const text = await deps.readText(name);
    if (!text.ok) return text;
    variableFiles.push({ name, text: text.value });
  }
  return ok({ options, config: config.value, sha256: deps.sha256, variableFiles });
}

async function convertOne(deps: ConvertDeps, { variables }: ConvertOptions, inputs: Inputs, file: string): Promise<ConvertedFile> {
  const name = file === "-" ? "standard input" : file;
  const text = await deps.readText(file);
  if (!text.ok) return { report: { file: name, jobs: [], converted: false, error: text.error }, jobs: [] };
  const environment = Object.fromEntries(Object.entries(deps.env).flatMap(([key, value]) => (key.startsWith("NOMAD_VAR_") && value !== undefined ? [[key, value]] : [])));
  const hcl = { flags: variables, variableFiles: inputs.variableFiles, environment, files: deps.filesBeside(file) };
  return convertFile({ ...inputs, source: { name, text: text.value, hcl } });
}

function finish(deps: ConvertDeps, options: ConvertOptions, files: readonly ConvertedFile[], config: FoundConfig): number {
  const reports = files.map(({ report }) => report);
  const report: ConvertReport = { version: 1, target: options.target, config: config.words, totals: totalsOf(reports), files: reports };
  const written = writeAll(deps, options, files, formatReport(report, options.report));
  if (!written.ok) {
    deps.complain(`nomad-bridge convert: ${written.error}\n`);
    return FAILED;
  }
  if (reports.some(({ converted }) => !converted) || report.totals.refused > 0) return FAILED;
  if (options.strict && report.totals.lost > 0) return LOST;
  return reports.some(({ jobs }) => jobs.some(({ objects }) => objects.length === 0)) ? FAILED : 0;
}

function writeAll(deps: ConvertDeps, { out, target, reportFile }: ConvertOptions, files: readonly ConvertedFile[], report: string): Result<undefined, string> {
  const jobs = files.flatMap((file) => file.jobs).filter(({ objects }) => objects.length > 0);
  if (out === undefined) deps.out(documentsText(jobs.flatMap(({ objects }) => objects), target));
  for (const { name, objects } of out === undefined ? [] : fileNames(jobs, target)) {
    const written = deps.writeText(`${out}/${name}`, documentsText(objects, target));
    if (!written.ok) return err(written.error);
  }
  if (reportFile !== undefined) return deps.writeText(reportFile, report);
  if (out === undefined) deps.complain(report);
  else deps.out(report);
  return ok(undefined);
}
