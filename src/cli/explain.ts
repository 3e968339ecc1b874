/** @module The command explain: what would become of ExecTasks and Nomad jobs, said before anything is changed. Reads files, or the cluster through `main`. */
import type { ExecTask } from "../api/exec-task.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { Sha256 } from "../mapping/object-names.ts";
import { builtInConfig, configOfFile, type FoundConfig, namedConfig } from "./config-file.ts";
import { formatExplanation } from "./explain-format.ts";
import type { FileAccess } from "../nomad/hcl/functions/files.ts";
import { explainJob } from "./explain-job.ts";
import { EXPLAIN_HELP, type ExplainOptions, readExplainOptions } from "./explain-options.ts";
import { explainTask, type TaskReport } from "./explain-report.ts";
import { type Subjects, subjectsOf } from "./explain-subjects.ts";
import type { Env } from "./settings.ts";

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
  /** What functions of a job file may read. @param path of the job file, "-" for standard input */
  readonly filesBeside: (path: string) => FileAccess;
  readonly env: Env;
  readonly sha256: Sha256;
};

const REFUSED = 1;
const UNUSABLE = 2;

/** @returns the exit code: 0 all tasks and jobs are accepted, 1 one is refused, 2 nothing could be said */
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
  const judging = { config: config.value.spec, sha256: deps.sha256 };
  const tasks = found.value.tasks.map((task) => explainTask(inNamespace(task, namespace), judging.config, judging.sha256));
  return ok({ config: config.value.words, tasks: [...tasks, ...found.value.jobs.flatMap((job) => explainJob(job, judging))] });
}

const inNamespace = (task: ExecTask, namespace: string): ExecTask => ({ ...task, metadata: { ...task.metadata, namespace: task.metadata.namespace ?? namespace } });

async function findTasks(deps: ExplainDeps, options: ExplainOptions, namespace: string, cluster: ClusterReader | undefined): Promise<Result<Subjects, string>> {
  const { subject } = options;
  if (subject.kind === "task") {
    const task = await cluster?.task(namespace, subject.name);
    if (task === undefined) return err("no cluster to read from; pass --kubeconfig");
    return task.ok ? ok({ tasks: [task.value], jobs: [], configs: [], passedOver: [] }) : task;
  }
  const text = await deps.readText(subject.path);
  if (!text.ok) return text;
  const variableFiles: { name: string; text: string }[] = [];
  for (const name of options.variableFiles) {
    const values = await deps.readText(name);
    if (!values.ok) return values;
    variableFiles.push({ name, text: values.value });
  }
  const name = subject.path === "-" ? "standard input" : subject.path;
  const found = subjectsOf(text.value, name, namespace, { variables: options.variables, variableFiles, env: deps.env, files: deps.filesBeside(subject.path) });
  if (found.ok && found.value.passedOver.length > 0) deps.complain(`nomad-bridge explain: nothing is said of ${found.value.passedOver.join(", ")} in ${name}\n`);
  return found;
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
