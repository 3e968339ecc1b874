/**
 * @module From the claims of somebody's proof to what they get: mappings, selectors, binding rules. Pure. Used by the login endpoints.
 * Source: developer.hashicorp.com/nomad/docs/secure/authentication
 */
import type { AclAuthMethodConfig, AclBindingRuleSpec } from "../../api/acl.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { compileFilter } from "../../nomad/filter/filter.ts";
import { errorIf, multierror } from "../../nomad/jobspec/validation/multierror.ts";

/** Of a proof that was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** What selectors and names may speak of: `value.<name>`, `list.<name>`. */
export type SelectorData = { readonly value: Readonly<Record<string, string>>; readonly list: Readonly<Record<string, readonly string[]>> };

/** A claim that is not there is left out, and a selector that speaks of it does not fit. */
export function selectorData(claims: Claims, { claimMappings, listClaimMappings }: Pick<AclAuthMethodConfig, "claimMappings" | "listClaimMappings">): SelectorData {
  const value = Object.entries(claimMappings).flatMap(([source, name]) => {
    const text = plainText(claimAt(claims, source));
    return text === undefined ? [] : [[name, text] as const];
  });
  const list = Object.entries(listClaimMappings).flatMap(([source, name]) => {
    const claim = claimAt(claims, source);
    const items = Array.isArray(claim) ? claim : [claim];
    const texts = items.flatMap((item) => plainText(item) ?? []);
    return claim === undefined || claim === null ? [] : [[name, texts] as const];
  });
  return { value: Object.fromEntries(value), list: Object.fromEntries(list) };
}

/** By name, or by a JSON pointer where it begins with a slash. */
function claimAt(claims: Claims, source: string): unknown {
  if (!source.startsWith("/")) return Object.hasOwn(claims, source) ? claims[source] : undefined;
  return source.slice(1).split("/").reduce<unknown>((at, part) => {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;
  }, claims);
}

const plainText = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;

export type BindingTargets = {
  readonly hasPolicy: (name: string) => boolean;
  readonly roleId: (name: string) => string | undefined;
};

/** `management` makes the others superfluous. */
export type Bindings = { readonly management: boolean; readonly policies: readonly string[]; readonly roles: readonly string[] };

/** What the rules that fit give. A policy or role that does not exist is given to nobody. */
export function bindingsFor(rules: readonly AclBindingRuleSpec[], data: SelectorData, targets: BindingTargets): Bindings {
  const fitting = rules.filter(({ selector }) => fits(selector, data));
  const named = (type: AclBindingRuleSpec["bindType"]) =>
    fitting.filter(({ bindType }) => bindType === type).flatMap(({ bindName }) => {
      const name = fillIn(bindName, data);
      return name === undefined ? [] : [name.toLowerCase()];
    });
  return {
    management: fitting.some(({ bindType }) => bindType === "management"),
    policies: [...new Set(named("policy"))].filter(targets.hasPolicy),
    roles: [...new Set(named("role"))].flatMap((name) => targets.roleId(name) ?? []),
  };
}

function fits(selector: string, data: SelectorData): boolean {
  if (selector === "") return true;
  const filter = compileFilter(selector);
  if (!filter.ok) return false;
  const passed = filter.value(data);
  return passed.ok && passed.value;
}

const VARIABLE = /\$\{\s*([a-zA-Z_][\w.]*)\s*\}/g;

/** Undefined where a name is not known: half a name must not be the name of something else. */
export function fillIn(text: string, data: SelectorData, others: Readonly<Record<string, string>> = {}): string | undefined {
  let isWhole = true;
  const filled = text.replaceAll(VARIABLE, (_all, name: string) => {
    const known = name.startsWith("value.") ? data.value[name.slice("value.".length)] : others[name];
    isWhole &&= known !== undefined;
    return known ?? "";
  });
  return isWhole ? filled : undefined;
}

const BIND_TYPES = ["policy", "role", "management"] as const;

/** A rule as it was sent; the error is for a 400. */
export function checkBindingRule(rule: Pick<AclBindingRuleSpec, "authMethod" | "description" | "selector" | "bindName"> & { readonly bindType: string }): Result<AclBindingRuleSpec["bindType"], string> {
  const type = BIND_TYPES.find((each) => each === rule.bindType);
  const selector = rule.selector === "" ? undefined : compileFilter(rule.selector);
  const problems = [
    ...errorIf(rule.authMethod === "", "auth method is missing"),
    ...errorIf(rule.bindType === "", "bind type is missing"),
    ...errorIf(rule.bindType !== "" && type === undefined, `unsupported bind type: "${rule.bindType}"`),
    ...errorIf(type === "management" && rule.bindName !== "", "bind name should be empty"),
    ...errorIf(type !== undefined && type !== "management" && rule.bindName === "", "bind name is missing"),
    ...errorIf(rule.description.length > 256, "description longer than 256"),
    ...(selector === undefined || selector.ok ? [] : [`selector is invalid: ${selector.error}`]),
  ];
  return type !== undefined && problems.length === 0 ? ok(type) : err(`binding rule 0 invalid: ${multierror(problems)}`);
}
