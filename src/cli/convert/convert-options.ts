/** @module The words after `convert` as options. The help is in convert-help.ts. */
import { err, ok, type Result } from "../../lib/result.ts";
import { parseMixedFlags, type FlagFailure, type FlagTable } from "../go-flags.ts";

export const CONVERT_TARGETS = ["nomadjob", "exectask", "kubernetes", "json"] as const;
export type ConvertTarget = (typeof CONVERT_TARGETS)[number];
const REPORT_FORMATS = ["text", "json", "markdown"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type ConvertOptions = {
  /** "-" is standard input. */
  readonly files: readonly string[];
  readonly target: ConvertTarget;
  /** `name=value` each. */
  readonly variables: readonly string[];
  readonly variableFiles: readonly string[];
  /** Undefined: the job's own. */
  readonly namespace: string | undefined;
  readonly config: string | undefined;
  /** Of tasks without one of their own; for target kubernetes. */
  readonly image: string | undefined;
  readonly report: ReportFormat;
  readonly reportFile: string | undefined;
  /** Directory; undefined: standard output. */
  readonly out: string | undefined;
  readonly strict: boolean;
};

export const CONVERT_FLAGS = {
  to: "string",
  var: "strings",
  "var-file": "strings",
  namespace: "string",
  n: "string",
  config: "string",
  image: "string",
  report: "string",
  "report-file": "string",
  out: "string",
  strict: "bool",
} as const satisfies FlagTable;

export function readConvertOptions(argv: readonly string[]): Result<ConvertOptions, FlagFailure> {
  const parsed = parseMixedFlags(CONVERT_FLAGS, argv);
  if (!parsed.ok) return parsed;
  const { flags, args } = parsed.value;
  const target = chosen("to", flags.to ?? "nomadjob", CONVERT_TARGETS);
  if (!target.ok) return target;
  const report = chosen("report", flags.report ?? "text", REPORT_FORMATS);
  if (!report.ok) return report;
  const empty = (["namespace", "n", "config", "image", "report-file", "out"] as const).find((name) => flags[name] === "");
  if (empty !== undefined) return invalid(`-${empty} is empty; leave it out or give it a value`);
  if (args.length === 0 || args.includes("")) return invalid('what is to be converted? Name one or more job files, or "-" for standard input');
  if (flags.image !== undefined && target.value !== "kubernetes") return invalid("-image is for -to=kubernetes alone: elsewhere the root file system is the profile's");
  const badVariable = flags.var?.find((each) => !each.includes("="));
  if (badVariable !== undefined) return invalid(`-var "${badVariable}" has no value; write -var ${badVariable || "name"}=value`);
  return ok({
    files: args,
    target: target.value,
    variables: flags.var ?? [],
    variableFiles: flags["var-file"] ?? [],
    namespace: flags.namespace ?? flags.n,
    config: flags.config,
    image: flags.image,
    report: report.value,
    reportFile: flags["report-file"],
    out: flags.out,
    strict: flags.strict === true,
  });
}

const invalid = (message: string): Result<never, FlagFailure> => err({ kind: "invalid", message });

function chosen<T extends string>(flag: string, value: string, allowed: readonly T[]): Result<T, FlagFailure> {
  const found = allowed.find((each) => each === value);
  return found === undefined ? invalid(`-${flag} is "${value}"; it must be one of ${allowed.join(", ")}`) : ok(found);
}
