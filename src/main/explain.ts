/** @module `nomad-bridge explain`: gives the command files, standard input and a cluster to read. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { BridgeConfig } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { ClusterReader, ExplainDeps } from "../cli/explain.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { filesBeside } from "./files-beside.ts";
import { readText } from "./read-text.ts";
import { sha256 } from "../access/sha256.ts";

export function explainDeps(): ExplainDeps {
  return {
    out: (line) => process.stdout.write(line),
    complain: (line) => process.stderr.write(line),
    readText,
    openCluster,
    filesBeside,
    env: process.env,
    sha256,
  };
}

/** Only here, as reading a file needs no client. */
async function openCluster(given: string | undefined): Promise<Result<ClusterReader, string>> {
  const path = kubeconfigPath(given, process.env["KUBECONFIG"]);
  if (!path.ok) return path;
  const [{ clusterAccess }, { createKubeClient }, { RESOURCES }] = await Promise.all([import("../kubernetes/credentials.ts"), import("../kubernetes/client.ts"), import("./resources.ts")]);
  const access = await clusterAccess(path.value, process.env);
  if (!access.ok) return given === undefined ? err(`${access.error}; name a kubeconfig with --kubeconfig`) : access;
  const client = createKubeClient(access.value, { deadlineMs: 10_000 });
  const at = `the cluster of ${path.value}`;
  return ok({
    namespace: access.value.namespace,
    task: async (namespace, name) => {
      const task = await client.get<ExecTask>({ resource: RESOURCES.execTasks, namespace, name });
      if (task.ok) return task;
      return err(isNotFound(task.error) ? `${at} has no ExecTask "${name}" in namespace "${namespace}"; -n names another namespace` : `${at}: ${task.error.message}`);
    },
    config: async () => {
      const config = await client.get<BridgeConfig>({ resource: RESOURCES.bridgeConfigs, name: "default" });
      if (config.ok) return ok(config.value.spec);
      return isNotFound(config.error) ? ok(undefined) : err(`${at}: ${config.error.message}`);
    },
    close: client.close,
  });
}

const isNotFound = (error: { readonly kind: string; readonly code?: number }) => error.kind === "status" && error.code === 404;

function kubeconfigPath(given: string | undefined, variable: string | undefined): Result<string, string> {
  if (given !== undefined) return ok(given);
  if (variable === undefined || variable === "") return ok(join(homedir(), ".kube", "config"));
  return variable.includes(":") ? err("KUBECONFIG names several files; pass one with --kubeconfig") : ok(variable);
}
