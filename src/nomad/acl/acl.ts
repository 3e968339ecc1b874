/**
 * @module What a token may do: its policies merged into one set of rules, and the questions asked of it. Used by access.
 * Source: developer.hashicorp.com/nomad/docs/other-specifications/acl-policy
 */
import type { HostVolumeCapability, NamespaceCapability, NodePoolCapability, OperatorCapability, VariableCapability } from "./capabilities.ts";
import { closestRule } from "./glob.ts";
import type { Level, LevelKind, NamespaceRule, Policy } from "./policy.ts";

type Capabilities<C extends string> = ReadonlyMap<string, ReadonlySet<C>>;

export type RulesAcl = {
  readonly kind: "rules";
  readonly namespaces: Capabilities<NamespaceCapability>;
  /** Keyed by namespace and path, joined by a character that neither can hold. */
  readonly variables: Capabilities<VariableCapability>;
  readonly nodePools: Capabilities<NodePoolCapability>;
  readonly hostVolumes: Capabilities<HostVolumeCapability>;
  readonly operator: Level | undefined;
  readonly operatorCapabilities: ReadonlySet<OperatorCapability>;
  readonly levels: Readonly<Partial<Record<LevelKind, Level>>>;
};

/** `management` may do everything. */
export type Acl = { readonly kind: "management" } | RulesAcl;

export const MANAGEMENT_ACL: Acl = { kind: "management" };

/** Strongest first: of two words for the same thing, the one that stands further left holds. */
const STRENGTH: readonly Level[] = ["deny", "write", "read", "list"];

/** Any number of policies as one; their order does not matter, and `deny` wins over everything said of the same name. None: nothing is allowed. */
export function compileAcl(policies: readonly Policy[]): RulesAcl {
  const namespaces = policies.flatMap((policy) => policy.namespaces);
  const operators = policies.flatMap(({ operator }) => (operator === undefined ? [] : [operator]));
  return {
    kind: "rules",
    namespaces: merge(namespaces),
    variables: merge(namespaces.flatMap(variableRules)),
    nodePools: merge(policies.flatMap((policy) => policy.nodePools)),
    hostVolumes: merge(policies.flatMap((policy) => policy.hostVolumes)),
    operator: strongest(operators.map(({ policy }) => policy)),
    operatorCapabilities: merge(operators.map(({ capabilities }) => ({ name: "", capabilities }))).get("") ?? new Set(),
    levels: mergeLevels(policies),
  };
}

/** What a token with no policies may do. */
export const DENY_ALL_ACL: Acl = compileAcl([]);

/** Whether the capability is granted in the namespace. For "*": whether it is granted in any, so that rows can be filtered after. */
export function allowNamespaceOperation(acl: Acl, namespace: string, capability: NamespaceCapability): boolean {
  if (acl.kind === "management") return true;
  if (namespace === "*") return [...acl.namespaces.values()].some((granted) => grants(granted, capability));
  return grants(closestRule(acl.namespaces, namespace), capability);
}

/** Whether anything at all is granted in the namespace: such a namespace may be seen. For "*": in any. */
export function allowNamespace(acl: Acl, namespace: string): boolean {
  if (acl.kind === "management") return true;
  if (namespace === "*") return [...acl.namespaces.values()].some(isGranting);
  return isGranting(closestRule(acl.namespaces, namespace));
}

export type VariableName = { readonly namespace: string; readonly path: string };

export function allowVariableOperation(acl: Acl, variable: VariableName, capability: VariableCapability): boolean {
  if (acl.kind === "management") return true;
  return grants(closestRule(acl.variables, variableKey(variable.namespace, variable.path)), capability);
}

export function allowNodePoolOperation(acl: Acl, nodePool: string, capability: NodePoolCapability): boolean {
  return acl.kind === "management" || grants(closestRule(acl.nodePools, nodePool), capability);
}

export function allowHostVolumeOperation(acl: Acl, hostVolume: string, capability: HostVolumeCapability): boolean {
  return acl.kind === "management" || grants(closestRule(acl.hostVolumes, hostVolume), capability);
}

export function allowAgentRead(acl: Acl): boolean {
  return allowsLevel(acl, "agent", ["read", "write"]);
}

export function allowAgentWrite(acl: Acl): boolean {
  return allowsLevel(acl, "agent", ["write"]);
}

export function allowNodeRead(acl: Acl): boolean {
  return allowsLevel(acl, "node", ["read", "write"]);
}

export function allowNodeWrite(acl: Acl): boolean {
  return allowsLevel(acl, "node", ["write"]);
}

export function allowQuotaRead(acl: Acl): boolean {
  return allowsLevel(acl, "quota", ["read", "write"]);
}

export function allowQuotaWrite(acl: Acl): boolean {
  return allowsLevel(acl, "quota", ["write"]);
}

/** Nomad takes the word literally here: `write` is not enough. */
export function allowPluginRead(acl: Acl): boolean {
  return allowsLevel(acl, "plugin", ["read"]);
}

export function allowPluginList(acl: Acl): boolean {
  return allowsLevel(acl, "plugin", ["list", "read"]);
}

export function allowOperatorRead(acl: Acl): boolean {
  return acl.kind === "management" || acl.operator === "read" || acl.operator === "write";
}

export function allowOperatorWrite(acl: Acl): boolean {
  return acl.kind === "management" || acl.operator === "write";
}

export function allowOperatorOperation(acl: Acl, capability: OperatorCapability): boolean {
  return acl.kind === "management" || grants(acl.operatorCapabilities, capability);
}

export function isManagement(acl: Acl): boolean {
  return acl.kind === "management";
}

function allowsLevel(acl: Acl, kind: LevelKind, sufficient: readonly Level[]): boolean {
  if (acl.kind === "management") return true;
  const level = acl.levels[kind];
  return level !== undefined && sufficient.includes(level);
}

function grants<C extends string>(granted: ReadonlySet<C | "deny"> | undefined, capability: C): boolean {
  return granted !== undefined && !granted.has("deny") && granted.has(capability);
}

const isGranting = (granted: ReadonlySet<NamespaceCapability> | undefined): boolean => granted !== undefined && granted.size > 0 && !granted.has("deny");

function merge<C extends string>(rules: readonly { readonly name: string; readonly capabilities: readonly C[] }[]): Map<string, ReadonlySet<C>> {
  const merged = new Map<string, ReadonlySet<C>>();
  for (const { name, capabilities } of rules) merged.set(name, new Set([...(merged.get(name) ?? []), ...capabilities]));
  return merged;
}

function mergeLevels(policies: readonly Policy[]): RulesAcl["levels"] {
  const kinds = new Set(policies.flatMap(({ levels }) => Object.keys(levels) as LevelKind[]));
  const merged: Partial<Record<LevelKind, Level>> = {};
  for (const kind of kinds) {
    const level = strongest(policies.map(({ levels }) => levels[kind] ?? ""));
    if (level !== undefined) merged[kind] = level;
  }
  return merged;
}

function strongest(words: readonly string[]): Level | undefined {
  return STRENGTH.find((level) => words.includes(level));
}

function variableRules({ name, variables }: NamespaceRule): readonly { readonly name: string; readonly capabilities: readonly VariableCapability[] }[] {
  return variables.map(({ path, capabilities }) => ({ name: variableKey(name, path), capabilities }));
}

const variableKey = (namespace: string, path: string): string => `${namespace}\u0000${path}`;
