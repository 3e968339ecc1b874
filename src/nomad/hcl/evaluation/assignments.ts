/** @module Values given to variables by the environment, files and flags, the weakest first. Used by evaluate.ts. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { parseJson } from "../json.ts";
import { type HclLimits, parseHcl } from "../parse.ts";
import type { HclError, Position, Range } from "../syntax.ts";
import { errorAt, fail, type Run } from "./run.ts";
import type { Assignment } from "./variables.ts";

const START: Position = { offset: 0, line: 1, column: 1 };
const NOWHERE: Range = { start: START, end: START };
const PREFIX = "NOMAD_VAR_";

export type SourceFile = { readonly name: string; readonly text: string };

export type Given = {
  /** Names with or without "NOMAD_VAR_" in front. */
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly SourceFile[];
  /** Of the form "name=value". */
  readonly flags: readonly string[];
};

export function assignmentsOf(given: Given, run: Run, limits: HclLimits): readonly Assignment[] {
  const environment = Object.entries(given.environment).map(([key, value]) => {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key;
    return textAssignment(name, value, "environment", run);
  });
  const files = given.files.flatMap((file) => fileAssignments(file, run, limits));
  return [...environment, ...files, ...given.flags.flatMap((flag) => flagAssignment(flag, run))];
}

function textAssignment(name: string, value: string, source: "flag" | "environment", run: Run): Assignment {
  const filename = `<value for var.${name} from ${source === "flag" ? "arguments" : "env"}>`;
  return { name, value, source, run: { ...run, filename, unknownNames: "refuse" }, range: NOWHERE };
}

function flagAssignment(flag: string, run: Run): readonly Assignment[] {
  const at = flag.indexOf("=");
  if (at > 0) return [textAssignment(flag.slice(0, at), flag.slice(at + 1), "flag", run)];
  const why = "The given -var option is not correctly specified. Must be a variable name and value separated by an equals sign, like -var=\"key=value\".";
  fail({ ...run, filename: "<arguments>" }, NOWHERE, `Invalid -var option; ${why}`);
  return [];
}

/** HCL, or JSON where the text begins with "{". Strings of a JSON file are no templates. */
function fileAssignments({ name: filename, text }: SourceFile, run: Run, limits: HclLimits): readonly Assignment[] {
  const own: Run = { ...run, filename, unknownNames: "refuse", functions: new Map() };
  const entries = /^\s*\{/.test(text) ? jsonEntries(text, limits) : hclEntries(text, own, limits);
  if (!entries.ok) {
    run.errors.push({ ...entries.error, filename });
    return [];
  }
  return entries.value.map((entry) => ({ ...entry, source: "file", run: own }));
}

type Entry = Pick<Assignment, "name" | "value" | "range">;

function jsonEntries(text: string, limits: HclLimits): Result<readonly Entry[], HclError> {
  const json = parseJson(text, limits);
  if (!json.ok) return json;
  if (json.value.kind !== "object") return err({ message: "expected an object", position: json.value.range.start });
  return ok(json.value.items.map(({ key, value }) => ({ name: key.name, value, range: value.range })));
}

function hclEntries(text: string, run: Run, limits: HclLimits): Result<readonly Entry[], HclError> {
  const body = parseHcl(text, "hcl2", limits);
  if (!body.ok) return body;
  const block = body.value.items.find((item) => item.kind === "block");
  if (block?.kind === "block") return err(errorAt(run, block.typeRange, `Unexpected ${JSON.stringify(block.type)} block; Blocks are not allowed here.`));
  return ok(body.value.items.flatMap((item) => (item.kind === "attribute" ? [{ name: item.name, value: item.value, range: item.value.range }] : [])));
}
