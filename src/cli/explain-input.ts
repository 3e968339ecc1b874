/** @module Objects in a file as what explain works on: ExecTasks, NomadJobs and BridgeConfigs, and in words what is wrong with them. */
import { parseAllDocuments } from "yaml";
import { API_VERSION, type ExecTask } from "../api/exec-task.ts";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { type Dictionary, isDictionary } from "./explain-problems.ts";

export type FileObjects = {
  readonly tasks: readonly ExecTask[];
  /** NomadJobs as they are written, with the place of each; not yet checked. */
  readonly jobs: readonly Document[];
  /** Specs as they are written; not yet checked. */
  readonly configs: readonly unknown[];
  /** Kinds that nothing is said of, each once. */
  readonly passedOver: readonly string[];
};

/** All objects of a YAML or JSON text, those of lists too. The error names the file and the document. @param name of the file, for errors */
export function readObjects(text: string, name: string): Result<FileObjects, string> {
  const documents = readDocuments(text, name);
  if (!documents.ok) return documents;
  const tasks: ExecTask[] = [];
  const configs: unknown[] = [];
  const jobs: Document[] = [];
  const passedOver = new Set<string>();
  for (const { value, at } of documents.value) {
    const kind = value["kind"];
    if (kind === "ExecTask") {
      const task = taskObject(value, at);
      if (!task.ok) return task;
      tasks.push(task.value);
    } else if (kind === "NomadJob") jobs.push({ value, at });
    else if (kind === "BridgeConfig") configs.push(value["spec"]);
    else if (typeof kind === "string" && kind !== "") passedOver.add(kind);
    else return err(`${at} has no kind: an ExecTask begins with "apiVersion: ${API_VERSION}" and "kind: ExecTask"`);
  }
  return ok({ tasks, jobs, configs, passedOver: [...passedOver] });
}

export type Document = { readonly value: Dictionary; readonly at: string };

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
    if (!isDictionary(value.value)) return err(`${at} holds no object: an ExecTask begins with "apiVersion: ${API_VERSION}" and "kind: ExecTask"`);
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

/** Whether it is a job file, in HCL or Nomad's JSON, and not Kubernetes objects. */
export const isJobFile = (text: string, name: string): boolean => /\.(hcl|nomad)$/.test(name) || /^[ \t]*job[ \t]+"[^"\n]*"[ \t]*\{/m.test(text) || /^\s*\{\s*"(?:Job|ID)"\s*:/i.test(text);

function taskObject(value: Dictionary, at: string): Result<ExecTask, string> {
  const { apiVersion, metadata, spec } = value;
  if (apiVersion !== API_VERSION) return err(`${at}: apiVersion is ${typeof apiVersion === "string" ? `"${apiVersion}"` : "missing"}; write ${API_VERSION}`);
  const name = isDictionary(metadata) ? metadata["name"] : undefined;
  if (typeof name !== "string" || name === "") return err(`${at}: metadata.name is missing; it is the job's ID`);
  const namespace = isDictionary(metadata) ? metadata["namespace"] : undefined;
  if (namespace !== undefined && typeof namespace !== "string") return err(`${at}: metadata.namespace of ExecTask "${name}" is not text`);
  if (!isDictionary(spec)) return err(`${at}: ExecTask "${name}" has no spec; it needs at least spec.command`);
  return ok(value as unknown as ExecTask);
}
