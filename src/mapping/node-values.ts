/** @module Whether a task's texts name values of the node that it runs on. Used by the mapping to mount the node's record. */
import type { TaskSpec } from "../api/task-fields.ts";

const REFERENCE = /\b(node|attr|meta)\b|\bnomad\s*\.\s*datacenter\b/;
/** Outside the driver's config Nomad replaces by pattern, whatever stands around it. */
const BY_PATTERN = /\$\{((node|attr|meta)\.|nomad\.datacenter)/;

/** Whether the launcher or `fetch` may need the node's record for this task. May say yes too often, never no too often. */
export const needsNodeValues = (spec: TaskSpec): boolean => interpolatedTexts(spec).some(namesNodeValue);

/** What the scheduler reads, and not the task. */
const OF_PLACEMENT = new Set(["Constraints", "Affinities", "Spreads"]);

/** The same of a Nomad job as it is stored, whatever is in it. */
export function jobNeedsNodeValues(value: unknown): boolean {
  if (typeof value === "string") return namesNodeValue(value);
  if (Array.isArray(value)) return value.some(jobNeedsNodeValues);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, member]) => !OF_PLACEMENT.has(key) && jobNeedsNodeValues(member));
}

/** `data` of a template is no such text: templates have functions of their own. */
function interpolatedTexts(spec: TaskSpec): readonly string[] {
  return [
    spec.command,
    ...spec.args,
    spec.workDir,
    ...Object.values(spec.env),
    ...Object.values(spec.meta),
    spec.artifactSource ?? "",
    spec.checksum ?? "",
    ...spec.artifacts.flatMap(({ source, destination, options, headers }) => [source, destination, ...Object.values(options), ...Object.values(headers)]),
    ...spec.templates.flatMap(({ source, destination }) => [source ?? "", destination]),
  ];
}

/** Whether a `${…}` of the text refers to node, attr, meta or nomad.datacenter. What stands in quotes is no reference, what is interpolated there is. */
export function namesNodeValue(text: string): boolean {
  return text.includes("${") && (BY_PATTERN.test(text) || REFERENCE.test(expressionsOf(text)));
}

/** The expressions of a text, without the strings in them, which become blanks. */
function expressionsOf(text: string): string {
  const open: ("expression" | "string")[] = [];
  let expressions = "";
  for (let i = 0; i < text.length; i++) {
    const inside = open.at(-1);
    if (inside !== "expression" && text.startsWith("${", i)) {
      open.push("expression");
      expressions += " ";
      i++;
    } else if (inside === "expression") {
      const character = text.charAt(i);
      if (character === "{") open.push("expression");
      if (character === "}") open.pop();
      if (character === '"') open.push("string");
      expressions += character === '"' ? " " : character;
    } else if (inside === "string") {
      if (text.charAt(i) === "\\") i++;
      else if (text.charAt(i) === '"') open.pop();
    }
  }
  return expressions;
}
