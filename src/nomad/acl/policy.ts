/** @module An ACL policy as data: what parse-policy.ts makes of its text, acl.ts of several, and `acl policy info` shows. */
import type { HostVolumeCapability, NamespaceCapability, NodePoolCapability, OperatorCapability, VariableCapability } from "./capabilities.ts";

/** `name` may be a glob. `capabilities` holds what `policy` stands for too; `policy` is "" where the rule has none. */
export type NamedRule<C extends string> = { readonly name: string; readonly policy: string; readonly capabilities: readonly C[] };

export type VariablePathRule = { readonly path: string; readonly capabilities: readonly VariableCapability[] };

export type NamespaceRule = NamedRule<NamespaceCapability> & { readonly variables: readonly VariablePathRule[] };

/** The rules that say one word for the whole cluster, with the words each may say. */
export const LEVELS = {
  agent: ["deny", "read", "write"],
  node: ["deny", "read", "write"],
  quota: ["deny", "read", "write"],
  plugin: ["deny", "read", "list", "write"],
  sentinel: ["deny", "read", "write"],
} as const;

export type LevelKind = keyof typeof LEVELS;
export type Level = "deny" | "write" | "read" | "list";

/** `level` is "" where the rule has capabilities only. */
export type OperatorRule = { readonly policy: string; readonly capabilities: readonly OperatorCapability[] };

export type Policy = {
  readonly namespaces: readonly NamespaceRule[];
  readonly nodePools: readonly NamedRule<NodePoolCapability>[];
  readonly hostVolumes: readonly NamedRule<HostVolumeCapability>[];
  readonly operator?: OperatorRule;
  readonly levels: Readonly<Partial<Record<LevelKind, Level>>>;
};

/** What an empty text says: nothing is granted, nothing denied. */
export const EMPTY_POLICY: Policy = { namespaces: [], nodePools: [], hostVolumes: [], levels: {} };

export function isEmptyPolicy(policy: Policy): boolean {
  const named = policy.namespaces.length + policy.nodePools.length + policy.hostVolumes.length;
  return named === 0 && policy.operator === undefined && Object.keys(policy.levels).length === 0;
}

/** The `RulesJSON` of `GET /v1/acl/policy/:name`, in Nomad's field names; absent rules are null, as Go prints them. */
export function rulesJson(policy: Policy): Readonly<Record<string, unknown>> {
  const level = (kind: LevelKind): unknown => (policy.levels[kind] === undefined ? null : { Policy: policy.levels[kind] });
  const operator = policy.operator;
  return {
    Namespaces: policy.namespaces.map((rule) => ({ ...namedJson(rule), Variables: variablesJson(rule.variables) })),
    NodePools: policy.nodePools.map(namedJson),
    HostVolumes: policy.hostVolumes.map(namedJson),
    Agent: level("agent"),
    Node: level("node"),
    Operator: operator === undefined ? null : { Policy: operator.policy, Capabilities: operator.capabilities },
    Quota: level("quota"),
    Plugin: level("plugin"),
  };
}

const namedJson = (rule: NamedRule<string>): object => ({ Name: rule.name, Policy: rule.policy, Capabilities: rule.capabilities });

function variablesJson(rules: readonly VariablePathRule[]): unknown {
  if (rules.length === 0) return null;
  return { Paths: rules.map(({ path, capabilities }) => ({ PathSpec: path, Capabilities: capabilities })) };
}
