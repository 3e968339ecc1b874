/** @module What is wrong with an ExecTask or a BridgeConfig that a person wrote, in words that say what to write instead. Used by explain. */
import { bridgeConfigSpec, type BridgeConfigSpec } from "../api/bridge-config.ts";
import { execTaskSpec } from "../api/exec-task.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { shellWords } from "../nomad/driver/legacy-config.ts";

export type Dictionary = Readonly<Record<string, unknown>>;
export const isDictionary = (value: unknown): value is Dictionary => typeof value === "object" && value !== null && !Array.isArray(value);

/** A BridgeConfig's spec with its defaults, or what is wrong with it. */
export function readConfig(spec: unknown, where: string): Result<BridgeConfigSpec, string> {
  const parsed = bridgeConfigSpec.safeParse(spec ?? {});
  const problems = parsed.success
    ? unknownFields(spec, parsed.data, { kind: "BridgeConfig", path: "" })
    : parsed.error.issues.map(({ path, message }) => `${path.join(".") || "spec"}: ${message}`);
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(`the BridgeConfig of ${where} is not valid: ${problems.join("; ")}`);
}

/**
 * What is wrong with a spec, in words that say what to write; never a value of env. Empty for a spec that passes its schema and has no
 * field that the schema does not know: the API server would drop such a field, and kubectl refuses it.
 */
export function specProblems(spec: unknown): readonly string[] {
  const parsed = execTaskSpec.safeParse(spec);
  if (parsed.success) return unknownFields(spec, parsed.data, ROOT);
  const issues = parsed.error.issues.map(({ path, message }) => mistake(path, message, spec));
  const unknown = isDictionary(spec) ? unknownFields(spec, execTaskSpec.shape, ROOT, 0) : [];
  return [...new Set([...unknown, ...issues])];
}

type Place = { readonly kind: "ExecTask" | "BridgeConfig"; readonly path: string };
const ROOT: Place = { kind: "ExecTask", path: "" };

/** What the parser kept is what the schema knows. @param depth how much deeper to look */
function unknownFields(given: unknown, kept: unknown, { kind, path }: Place, depth = Infinity): readonly string[] {
  if (Array.isArray(given) && Array.isArray(kept)) return given.flatMap((each, i) => unknownFields(each, kept[i], { kind, path: `${path}[${i}]` }, depth - 1));
  if (!isDictionary(given) || !isDictionary(kept)) return [];
  return Object.keys(given).flatMap((key) => {
    const inner = path === "" ? key : `${path}.${key}`;
    if (!Object.hasOwn(kept, key)) return [`${inner} is not a field of ${kind}${advice(key, { kind, path })}`];
    return depth > 0 ? unknownFields(given[key], kept[key], { kind, path: inner }, depth - 1) : [];
  });
}

function advice(key: string, { kind, path }: Place): string {
  if (kind === "ExecTask" && key === "config" && path === "") return ": what Nomad has in config stands directly in spec, such as spec.command";
  const camel = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const ours = [camel, `${camel}s`].find((name) => Object.hasOwn(execTaskSpec.shape, name));
  if (kind === "ExecTask" && path === "" && ours !== undefined) return `; write ${ours}`;
  return camel === key ? "" : `; did you mean ${camel}?`;
}

const DURATION_FIELD = /(^|\.)(killTimeout|shutdownDelay|delay|interval|splay)$/;

function mistake(path: readonly PropertyKey[], message: string, spec: unknown): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("").replace(/^\./, "");
  const value = path.reduce<unknown>((inner, part) => (typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[part] : undefined), spec);
  if (place.endsWith("args")) {
    const list = argsList(value);
    if (list !== undefined) return `${place} ${list}`;
  }
  if (typeof value === "number" && DURATION_FIELD.test(place)) return `${place} is a number, and must be a duration: write "${value}s" for seconds`;
  if ((typeof value === "number" || typeof value === "boolean") && /expected string/.test(message)) return `${place} is a ${typeof value}, and must be text: put it in quotes`;
  if (value === undefined && /received undefined/.test(message)) return `${place} is missing`;
  return `${place === "" ? "spec" : place}: ${message}`;
}

/** Nomad 0.1 split one string into words; 0.2 took any scalar for a list of one. */
function argsList(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const words = shellWords(String(value));
  const split = JSON.stringify(words.ok ? words.value : [String(value)]);
  const whole = JSON.stringify([String(value)]);
  if (split === whole) return `must be a list: write args: ${whole}`;
  return `must be a list: write args: ${split} if it is for Nomad 0.1, which split it into words, or args: ${whole} if it is one argument`;
}
