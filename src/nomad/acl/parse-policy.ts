/**
 * @module The text of an ACL policy as data, with Nomad's refusals. Used by acl.ts, access and the ACL endpoints.
 * Source: developer.hashicorp.com/nomad/docs/other-specifications/acl-policy
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { type Block, type Body, type Expression, formatHclError, type Position } from "../hcl/syntax.ts";
import {
  expandCapabilities, HOST_VOLUME_VOCABULARY, NAMESPACE_VOCABULARY, NODE_POOL_VOCABULARY, OPERATOR_VOCABULARY, VARIABLE_VOCABULARY, type Vocabulary,
} from "./capabilities.ts";
import {
  EMPTY_POLICY, isEmptyPolicy, type Level, type LevelKind, LEVELS, type NamedRule, type NamespaceRule, type OperatorRule, type Policy, type VariablePathRule,
} from "./policy.ts";
import { policyTree, unexpectedKeys } from "./policy-tree.ts";

/** `strict` is for a policy that someone writes; `lenient` lets keys pass that an older release stored. */
export type PolicyMode = "strict" | "lenient";

type Decoded<T> = Result<T, string>;

const NAME_PATTERN = /^[a-zA-Z0-9*-]{1,128}$/;
const NODE_POOL_NAME_PATTERN = /^[a-zA-Z0-9*_-]{1,128}$/;

/** The rules of a policy, or Nomad's text that says why it is refused. An empty text is a policy without rules. */
export function parsePolicy(text: string, mode: PolicyMode): Decoded<Policy> {
  if (text === "") return ok(EMPTY_POLICY);
  const tree = policyTree(text);
  if (!tree.ok) return err(`Failed to parse ACL Policy: ${formatHclError(tree.error)}`);
  const unexpected = mode === "strict" ? unexpectedKeys(tree.value) : [];
  if (unexpected.length > 0) return err(`Invalid or duplicate policy keys: ${unexpected.join(", ")}`);
  const policy = decodePolicy(tree.value);
  return policy.ok && isEmptyPolicy(policy.value) ? err(`Invalid policy: ${text}`) : policy;
}

function decodePolicy(body: Body): Decoded<Policy> {
  const namespaces = all(blocks(body, "namespace"), decodeNamespace);
  if (!namespaces.ok) return namespaces;
  const nodePools = all(blocks(body, "node_pool"), (block) => decodeNamed(block, NODE_POOL));
  if (!nodePools.ok) return nodePools;
  const hostVolumes = all(blocks(body, "host_volume"), (block) => decodeNamed(block, HOST_VOLUME));
  if (!hostVolumes.ok) return hostVolumes;
  const levels = decodeLevels(body);
  if (!levels.ok) return levels;
  const [operatorBlock] = blocks(body, "operator");
  const rules = { namespaces: namespaces.value, nodePools: nodePools.value, hostVolumes: hostVolumes.value, levels: levels.value };
  if (operatorBlock === undefined) return ok(rules);
  const operator = decodeOperator(operatorBlock);
  return operator.ok ? ok({ ...rules, operator: operator.value }) : operator;
}

/** One kind of rule that carries a name: what it is called in a message, what its names look like, and its words. */
type RuleKind<C extends string> = { readonly title: string; readonly namePattern: RegExp; readonly vocabulary: Vocabulary<C> };

const NAMESPACE = { title: "namespace", namePattern: NAME_PATTERN, vocabulary: NAMESPACE_VOCABULARY };
const NODE_POOL = { title: "node pool", namePattern: NODE_POOL_NAME_PATTERN, vocabulary: NODE_POOL_VOCABULARY };
const HOST_VOLUME = { title: "host volume", namePattern: NAME_PATTERN, vocabulary: HOST_VOLUME_VOCABULARY };

function decodeNamespace(block: Block): Decoded<NamespaceRule> {
  const rule = decodeNamed(block, NAMESPACE);
  if (!rule.ok) return rule;
  const paths = blocks(block.body, "variables").flatMap((variables) => blocks(variables.body, "path"));
  const variables = all(paths, decodeVariablePath);
  return variables.ok ? ok({ ...rule.value, variables: variables.value }) : variables;
}

function decodeNamed<C extends string>(block: Block, kind: RuleKind<C>): Decoded<NamedRule<C>> {
  const name = block.labels[0]?.value ?? "";
  if (!kind.namePattern.test(name)) return err(`Invalid ${kind.title} name: "${name}"${at(block.range.start)}`);
  const rule = decodeWords(block, `${kind.title} "${name}"`, kind);
  return rule.ok ? ok({ name, ...rule.value }) : rule;
}

function decodeOperator(block: Block): Decoded<OperatorRule> {
  return decodeWords(block, "operator", { title: "operator", vocabulary: OPERATOR_VOCABULARY });
}

type Words<C extends string> = { readonly policy: string; readonly capabilities: readonly C[] };

function decodeWords<C extends string>(block: Block, where: string, kind: Omit<RuleKind<C>, "namePattern">): Decoded<Words<C>> {
  const policy = stringAttribute(block.body, "policy");
  if (!policy.ok) return policy;
  if (policy.value !== "" && !Object.hasOwn(kind.vocabulary.policies, policy.value)) {
    return err(`Invalid ${kind.title} policy '${policy.value}': ${where}${at(block.range.start)}`);
  }
  const named = decodeCapabilities(block, where, kind);
  if (!named.ok) return named;
  return ok({ policy: policy.value, capabilities: expandCapabilities(kind.vocabulary, policy.value, named.value) });
}

function decodeCapabilities<C extends string>(block: Block, where: string, kind: Omit<RuleKind<C>, "namePattern">): Decoded<readonly C[]> {
  const words = stringsAttribute(block.body, "capabilities");
  if (!words.ok) return words;
  const known = (word: string): word is C => kind.vocabulary.capabilities.some((capability) => capability === word);
  const unknown = words.value.find((word) => !known(word));
  if (unknown !== undefined) return err(`Invalid ${kind.title} capability '${unknown}': ${where}${at(block.range.start)}`);
  return ok(words.value.filter(known));
}

function decodeVariablePath(block: Block): Decoded<VariablePathRule> {
  const path = block.labels[0]?.value ?? "";
  if (path === "") return err(`Invalid variables path: a path needs a label${at(block.range.start)}`);
  if (path.startsWith("/")) return err(`Invalid variables path "${path}": it must not begin with "/"${at(block.range.start)}`);
  const capabilities = decodeCapabilities(block, `path "${path}"`, { title: "variables", vocabulary: VARIABLE_VOCABULARY });
  return capabilities.ok ? ok({ path, capabilities: expandCapabilities(VARIABLE_VOCABULARY, "", capabilities.value) }) : capabilities;
}

function decodeLevels(body: Body): Decoded<Policy["levels"]> {
  const levels: Partial<Record<LevelKind, Level>> = {};
  for (const kind of Object.keys(LEVELS) as LevelKind[]) {
    for (const block of blocks(body, kind)) {
      const word = stringAttribute(block.body, "policy");
      if (!word.ok) return word;
      const level = LEVELS[kind].find((known) => known === word.value);
      if (level === undefined) return err(`Invalid ${kind} policy: '${word.value}'${at(block.range.start)}`);
      levels[kind] = level;
    }
  }
  return ok(levels);
}

function blocks(body: Body, type: string): readonly Block[] {
  return body.items.filter((item) => item.kind === "block" && item.type === type) as readonly Block[];
}

/** "" where the attribute is absent. Of several, which only a lenient reading lets pass, the last one counts. */
function stringAttribute(body: Body, name: string): Decoded<string> {
  const value = lastAttribute(body, name);
  return value === undefined ? ok("") : stringOf(value, `"${name}" must be a string`);
}

function stringsAttribute(body: Body, name: string): Decoded<readonly string[]> {
  const value = lastAttribute(body, name);
  if (value === undefined) return ok([]);
  const complaint = `"${name}" must be a list of strings`;
  return value.kind === "tuple" ? all(value.items, (item) => stringOf(item, complaint)) : refuse(value, complaint);
}

function lastAttribute(body: Body, name: string): Expression | undefined {
  const found = body.items.findLast((item) => item.kind === "attribute" && item.name === name);
  return found?.kind === "attribute" ? found.value : undefined;
}

function stringOf(value: Expression, complaint: string): Decoded<string> {
  return value.kind === "literal" && typeof value.value === "string" ? ok(value.value) : refuse(value, complaint);
}

const refuse = (value: Expression, complaint: string): Decoded<never> =>
  err(`Failed to parse ACL Policy: ${formatHclError({ message: complaint, position: value.range.start })}`);

const at = (position: Position): string => ` (line ${position.line})`;

function all<T, R>(items: readonly T[], decode: (item: T) => Decoded<R>): Decoded<readonly R[]> {
  const results: R[] = [];
  for (const item of items) {
    const result = decode(item);
    if (!result.ok) return result;
    results.push(result.value);
  }
  return ok(results);
}
