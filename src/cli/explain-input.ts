/** @module Objects in a file as what explain works on: ExecTasks and BridgeConfigs, and in words what is wrong with them. */
import { parseAllDocuments } from "yaml";
import { bridgeConfigSpec, type BridgeConfigSpec } from "../api/bridge-config.ts";
import { API_VERSION, type ExecTask, execTaskSpec } from "../api/exec-task.ts";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { shellWords } from "../nomad/driver/legacy-config.ts";

export type FileObjects = {
  readonly tasks: readonly ExecTask[];
  /** Specs as they are written; not yet checked. */
  readonly configs: readonly unknown[];
  /** Kinds that nothing is said of, each once. */
  readonly passedOver: readonly string[];
};

type Dictionary = Readonly<Record<string, unknown>>;
const isDictionary = (value: unknown): value is Dictionary => typeof value === "object" && value !== null && !Array.isArray(value);

/** All objects of a YAML or JSON text, those of lists too. The error names the file and the document. @param name of the file, for errors */
export function readObjects(text: string, name: string): Result<FileObjects, string> {
  const documents = readDocuments(text, name);
  if (!documents.ok) return documents;
  const tasks: ExecTask[] = [];
  const configs: unknown[] = [];
  const passedOver = new Set<string>();
  for (const { value, at } of documents.value) {
    const kind = value["kind"];
    if (kind === "ExecTask") {
      const task = taskObject(value, at);
      if (!task.ok) return task;
      tasks.push(task.value);
    } else if (kind === "BridgeConfig") configs.push(value["spec"]);
    else if (typeof kind === "string" && kind !== "") passedOver.add(kind);
    else return err(`${at} has no kind: an ExecTask begins with "apiVersion: ${API_VERSION}" and "kind: ExecTask"${jobHint(value)}`);
  }
  return ok({ tasks, configs, passedOver: [...passedOver] });
}

type Document = { readonly value: Dictionary; readonly at: string };

function readDocuments(text: string, name: string): Result<readonly Document[], string> {
  const parsed = parseAllDocuments(text);
  const found: Document[] = [];
  for (const [i, document] of [...parsed].entries()) {
    const at = parsed.length > 1 ? `document ${i + 1} of ${name}` : name;
    const problem = document.errors[0];
    if (problem !== undefined) return err(`${at} is not YAML: ${problem.message.split("\n")[0] ?? ""}`.replace(/:$/, ""));
    const value = plainValue(document);
    if (!value.ok) return err(`${at}: ${value.error}`);
    if (value.value === null || value.value === undefined) continue;
    if (!isDictionary(value.value)) return err(`${at} holds no object: an ExecTask begins with "apiVersion: ${API_VERSION}" and "kind: ExecTask"${/\.(hcl|nomad)$/.test(name) ? NO_JOB_FILES : ""}`);
    found.push(...itemsOf(value.value, at));
  }
  return ok(found);
}

/** An error for aliases that would blow up. */
function plainValue(document: { readonly toJS: () => unknown }): Result<unknown, string> {
  try {
    return ok(document.toJS());
  } catch (error) {
    return err(messageOf(error));
  }
}

/** `kubectl get -o yaml` gives several objects as a list. */
function itemsOf(value: Dictionary, at: string): readonly Document[] {
  const { kind, items } = value;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ value, at }];
  return items.filter(isDictionary).map((item, i) => ({ value: item, at: `item ${i + 1} of ${at}` }));
}

const NO_JOB_FILES = "; Nomad job files cannot be explained yet";
const jobHint = (value: Dictionary) => ("job" in value || "Job" in value ? NO_JOB_FILES : "");

function taskObject(value: Dictionary, at: string): Result<ExecTask, string> {
  const { apiVersion, metadata, spec } = value;
  if (apiVersion !== API_VERSION) return err(`${at}: apiVersion is ${JSON.stringify(apiVersion) ?? "missing"}; write ${API_VERSION}`);
  const name = isDictionary(metadata) ? metadata["name"] : undefined;
  if (typeof name !== "string" || name === "") return err(`${at}: metadata.name is missing; it is the job's ID`);
  const namespace = isDictionary(metadata) ? metadata["namespace"] : undefined;
  if (namespace !== undefined && typeof namespace !== "string") return err(`${at}: metadata.namespace of ExecTask "${name}" is not text`);
  if (!isDictionary(spec)) return err(`${at}: ExecTask "${name}" has no spec; it needs at least spec.command`);
  return ok(value as unknown as ExecTask);
}

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
