/**
 * @module What Nomad's job files may say beyond the fields of its structs: operators as attributes, tasks without a group, blocks that are
 * inherited. Used by job-from-hcl.ts.
 * Source: developer.hashicorp.com/nomad/docs/job-specification
 */
import type { Value } from "../../hcl/evaluated.ts";
import type { DecodedStruct } from "../decoded.ts";
import type { Field, StructName } from "../schema/schema.ts";
import type { Extras } from "./decode-body.ts";

const list = (hcl: string, struct: StructName): Field => ({
  name: `+${hcl}`,
  kind: "block",
  hcl,
  type: { kind: "list", go: "", pointer: false, item: { kind: "struct", struct, go: "", pointer: true } },
});

const single = (hcl: string, struct: StructName): Field => ({ name: `+${hcl}`, kind: "block", hcl, type: { kind: "struct", struct, go: "", pointer: true } });

/** Blocks that stand for something else begin with "+" until `normalise` has put them in their places. */
export const INHERITED = { vault: "+vault", consul: "+consul", secrets: "+secret", tasks: "+task" } as const;

const EXTRAS: Partial<Record<StructName, Extras>> = {
  Job: { labels: ["name"], blocks: [list("task", "Task"), single("vault", "Vault"), single("consul", "Consul"), list("secret", "Secret")], fromLabels: ([id = ""]) => ({ ID: id }) },
  TaskGroup: { blocks: [single("vault", "Vault"), list("secret", "Secret")] },
  ScalingPolicy: { labels: ["name"], labelsOptional: true, fromLabels: ([label = ""]) => (label === "" ? {} : { Type: SCALING_TYPES[label] ?? label }) },
  Constraint: { shorthand: operatorShorthand },
  Affinity: { shorthand: operatorShorthand },
};

/** A task's scaling block is called by what it scales. */
const SCALING_TYPES: Readonly<Record<string, string>> = { cpu: "vertical_cpu", mem: "vertical_mem" };

const NONE: Extras = {};

export const extrasOf = (struct: StructName): Extras => EXTRAS[struct] ?? NONE;

const VALUE_OPERATORS = new Set(["version", "semver", "regexp", "set_contains", "set_contains_all", "set_contains_any"]);

/** `version = "> 2"` is an operator with its value; `distinct_hosts = false` is none at all, and `normalise` drops it. */
function operatorShorthand(name: string, value: Value): DecodedStruct | undefined {
  const isText = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (VALUE_OPERATORS.has(name)) return isText ? { Operand: name, RTarget: String(value) } : undefined;
  if (name === "distinct_property") return isText ? { Operand: name, LTarget: String(value) } : undefined;
  if (name !== "distinct_hosts") return undefined;
  return { Operand: value === true || value === "true" ? name : DROPPED };
}

/** The operand of a constraint that says nothing. */
export const DROPPED = "+dropped";

