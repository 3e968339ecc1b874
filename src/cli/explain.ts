/** @module The command explain: what would become of ExecTasks, said before anything is changed. Reads files, or the cluster through `main`. */
import type { ExecTask } from "../api/exec-task.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { Sha256 } from "../mapping/object-names.ts";
import { builtInConfig, configOfFile, type FoundConfig, namedConfig } from "./config-file.ts";
import { formatExplanation } from "./explain-format.ts";
import { readObjects } from "./explain-input.ts";
import { EXPLAIN_HELP, type ExplainOptions, readExplainOptions } from "./explain-options.ts";
import { explainTask, type TaskReport } from "./explain-report.ts";

/** What explain reads of a cluster. Errors are for a person. */
export type ClusterReader = {
  /** The kubeconfig's own namespace. */
  readonly namespace: string | undefined;
  readonly task: (namespace: string, name: string) => Promise<Result<ExecTask, string>>;
  /** The spec of BridgeConfig "default" as it is stored; undefined where there is none. */
  readonly config: () => Promise<Result<unknown, string>>;
  readonly close: () => Promise<void>;
};

export type ExplainDeps = {
  readonly out: (text: string) => void;
  readonly complain: (text: string) => void;
  /** @param path of a file, or "-" for standard input */
  readonly readText: (path: string) => Promise<Result<string, string>>;
  /** @param kubeconfig undefined: the one that kubectl would take */
  readonly openCluster: (kubeconfig: string | undefined) => Promise<Result<ClusterReader, string>>;
  readonly sha256: Sha256;
};

const REFUSED = 1;
const UNUSABLE = 2;

/** @returns the exit code: 0 all tasks are accepted, 1 one is refused, 2 nothing could be said */
export async function explain(deps: ExplainDeps, argv: readonly string[]): Promise<number> {
  const options = readExplainOptions(argv);
  if (!options.ok) {
    deps.complain(`nomad-bridge explain: ${options.error}\nFor all options and examples: nomad-bridge explain --help\n`);
    return UNUSABLE;
  }
  if (options.value === undefined) {
    deps.out(EXPLAIN_HELP);
    return 0;
  }
  const explained = await explainAll(deps, options.value);
  if (!explained.ok) {
    deps.complain(`nomad-bridge explain: ${explained.error}\n`);
    return UNUSABLE;
  }
  const { config, tasks } = explained.value;
  deps.out(formatExplanation({ version: 1, config, tasks }, options.value.format));
  return tasks.every(({ accepted }) => accepted) ? 0 : REFUSED;
}

type Explained = { readonly config: string; readonly tasks: readonly TaskReport[] };

async function explainAll(deps: ExplainDeps, options: ExplainOptions): Promise<Result<Explained, string>> {
  const { subject, kubeconfig } = options;
  if (subject.kind === "file" && kubeconfig === undefined) return await explainWith(deps, options, undefined);
  const cluster = await deps.openCluster(kubeconfig);
  if (!cluster.ok) return cluster;
  try {
    return await explainWith(deps, options, cluster.value);
  } finally {
    await cluster.value.close();
  }
}

async function explainWith(deps: ExplainDeps, options: ExplainOptions, cluster: ClusterReader | undefined): Promise<Result<Explained, string>> {
  const namespace = options.namespace ?? cluster?.namespace ?? "default";
  const found = await findTasks(deps, options, namespace, cluster);
  if (!found.ok) return found;
  const config = await findConfig(deps, options, found.value.configs, cluster);
  if (!config.ok) return config;
  const tasks = found.value.tasks.map((task) => explainTask(inNamespace(task, namespace), config.value.spec, deps.sha256));
  return ok({ config: config.value.words, tasks });
}

const inNamespace = (task: ExecTask, namespace: string): ExecTask => ({ ...task, metadata: { ...task.metadata, namespace: task.metadata.namespace ?? namespace } });

type Found = { readonly tasks: readonly ExecTask[]; readonly configs: readonly unknown[] };

async function findTasks(deps: ExplainDeps, { subject }: ExplainOptions, namespace: string, cluster: ClusterReader | undefined): Promise<Result<Found, string>> {
  if (subject.kind === "task") {
    const task = await cluster?.task(namespace, subject.name);
    if (task === undefined) return err("no cluster to read from; pass --kubeconfig");
    return task.ok ? ok({ tasks: [task.value], configs: [] }) : task;
  }
  const text = await deps.readText(subject.path);
  if (!text.ok) return text;
  const name = subject.path === "-" ? "standard input" : subject.path;
  const objects = readObjects(text.value, name);
  if (!objects.ok) return objects;
  const { tasks, configs, passedOver } = objects.value;
  if (tasks.length === 0) return err(`${name} holds no ExecTask${heldInstead(passedOver, configs.length)}`);
  if (configs.length > 1) return err(`${name} holds ${configs.length} BridgeConfigs; there can be one`);
  if (passedOver.length > 0) deps.complain(`nomad-bridge explain: nothing is said of ${passedOver.join(", ")} in ${name}\n`);
  return ok({ tasks, configs });
}

function heldInstead(passedOver: readonly string[], configs: number): string {
  const kinds = [...passedOver, ...(configs > 0 ? ["BridgeConfig"] : [])];
  return kinds.length === 0 ? ": it is empty" : `, but ${kinds.join(", ")}`;
}

async function findConfig(deps: ExplainDeps, options: ExplainOptions, inFile: readonly unknown[], cluster: ClusterReader | undefined): Promise<Result<FoundConfig, string>> {
  const { config: path, subject } = options;
  if (path !== undefined) return await configOfFile(deps.readText, path);
  if (subject.kind === "file" && inFile.length > 0) return namedConfig(inFile[0], subject.path);
  const stored = await cluster?.config();
  if (stored !== undefined && !stored.ok) return stored;
  if (stored?.value !== undefined) return namedConfig(stored.value, "the cluster");
  const why = cluster === undefined ? "none is given" : "the cluster has none";
  return builtInConfig(why, "--config or --kubeconfig brings yours");
}
