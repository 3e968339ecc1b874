/** @module Constraints of a job against what is known of a node, as Nomad's scheduler decides them. Pure. */
import type { NodeRecord } from "../../../contract/node-record.ts";
import { compileRegexp } from "../../../nomad/filter/regexp/program.ts";
import type { Constraint } from "../../../nomad/job.ts";
import { isVersionConstraint, meetsVersion } from "./versions.ts";

type Target = { readonly found: boolean; readonly value: string };

/** What a target such as "${attr.kernel.name}" is on this node; a text without a variable is itself. */
function resolveTarget(target: string, node: NodeRecord): Target {
  if (!target.startsWith("${")) return { found: true, value: target };
  const value = valueOf(target.slice(2, -1), node);
  return { found: value !== undefined, value: value ?? "" };
}

function valueOf(name: string, node: NodeRecord): string | undefined {
  switch (name) {
    case "node.unique.id":
      return node.id;
    case "node.unique.name":
      return node.name;
    case "node.datacenter":
      return node.datacenter;
    case "node.class":
      return node.class;
    case "node.pool":
      return node.pool;
    case "node.region":
      return node.region;
  }
  if (name.startsWith("attr.")) return own(node.attributes, name.slice("attr.".length));
  return name.startsWith("meta.") ? own(node.meta, name.slice("meta.".length)) : undefined;
}

const own = (map: Readonly<Record<string, string>>, key: string): string | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

/** Those that are about several allocations, and no node can answer alone. */
export const isDistinct = ({ Operand }: Constraint): boolean => Operand === "distinct_hosts" || Operand === "distinct_property";

/** What is wrong with the constraint itself; undefined: nothing. */
export function constraintProblem({ Operand: operand, RTarget: right, LTarget: left }: Constraint): string | undefined {
  if (right.startsWith("${") || left.startsWith("${")) {
    const open = [left, right].find((target) => target.startsWith("${") && !target.endsWith("}"));
    if (open !== undefined) return `target "${open}" has no closing brace`;
  }
  switch (operand) {
    case "regexp": {
      const pattern = compileRegexp(right);
      return pattern.ok ? undefined : `Regular expression failed to compile: ${pattern.error}`;
    }
    case "version":
      return isVersionConstraint(right, false) ? undefined : `Version constraint is invalid: Malformed constraint: ${right.slice(0, 100)}`;
    case "semver":
      return isVersionConstraint(right, true) ? undefined : `Semver constraint is invalid: Malformed constraint: ${right.slice(0, 100)}`;
    case "distinct_property":
      return right === "" || /^[1-9]\d{0,8}$/.test(right) ? undefined : `Failed to convert RTarget "${right.slice(0, 100)}" to uint64`;
    default:
      return KNOWN.has(operand) ? undefined : `Unknown constraint type "${operand}"`;
  }
}

/** Of one pattern on one text of a node; what takes more does not match. */
const MOST_STEPS = 1_000_000;

const KNOWN: ReadonlySet<string> = new Set(["=", "==", "is", "!=", "not", ">", ">=", "<", "<=", "set_contains", "set_contains_all", "set_contains_any", "is_set", "is_not_set", "distinct_hosts"]);

export function meetsConstraint({ LTarget, RTarget, Operand: operand }: Constraint, node: NodeRecord): boolean {
  const [left, right] = [resolveTarget(LTarget, node), resolveTarget(RTarget, node)];
  switch (operand) {
    case "is_set":
      return left.found;
    case "is_not_set":
      return !left.found;
    case "!=":
    case "not":
      return left.found !== right.found || left.value !== right.value;
    default:
      return left.found && right.found && compares(left.value, operand, right.value);
  }
}

function compares(left: string, operand: string, right: string): boolean {
  switch (operand) {
    case "=":
    case "==":
    case "is":
      return left === right;
    case "regexp": {
      const pattern = compileRegexp(right);
      return pattern.ok && pattern.value.matches(left, { left: MOST_STEPS });
    }
    case "version":
      return meetsVersion(left, right, false);
    case "semver":
      return meetsVersion(left, right, true);
    case "set_contains":
    case "set_contains_all":
      return listOf(right).every((item) => listOf(left).includes(item));
    case "set_contains_any":
      return listOf(right).some((item) => listOf(left).includes(item));
    default:
      return isOrdered(left, operand, right);
  }
}

const listOf = (text: string): readonly string[] => text.split(",").map((item) => item.trim());

/** Numbers as numbers where both are, else by their bytes. */
function isOrdered(left: string, operand: string, right: string): boolean {
  const isNumber = (text: string) => /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text);
  const order = isNumber(left) && isNumber(right) ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0;
  switch (operand) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return false;
  }
}

/** As Nomad's metrics name it. */
export const constraintText = ({ LTarget, Operand, RTarget }: Constraint): string => `${LTarget} ${Operand} ${RTarget}`;
