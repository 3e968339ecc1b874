/** @module The same cluster in Docker, with kind, for machines where Docker runs. Used by `up` and the demo. */
import { join } from "node:path";
import { ok, type Result } from "../src/lib/result.ts";
import { CHECKOUT, clusterPaths } from "./layout.ts";
import { imageNames, prepareImages, type ProgramImages } from "./program-image.ts";
import { runCommand } from "./run-command.ts";

export const KIND_CLUSTER = "nomad-bridge";

export type KindOptions = { readonly dir: string; readonly log: (line: string) => void };
export type KindCluster = { readonly kubeconfig: string; readonly images: ProgramImages };

/** Whether Docker answers and kind is on PATH. */
export async function kindAvailable(): Promise<boolean> {
  const [docker, kind] = await Promise.all([runCommand("docker", ["info"]), runCommand("kind", ["version"])]);
  return docker.ok && kind.ok;
}

/** Creates the kind cluster, or finds it, and loads the images of the checkout into its node. */
export async function bootKind({ dir, log }: KindOptions): Promise<Result<KindCluster, string>> {
  const { kubeconfig, images } = clusterPaths(dir);
  const created = await createOrFind(kubeconfig, log);
  if (!created.ok) return created;
  const prepared = await prepareImages({ imagesDir: images, log });
  if (!prepared.ok) return prepared;
  for (const { tar } of Object.values(prepared.value)) {
    const loaded = await runCommand("kind", ["load", "image-archive", tar, "--name", KIND_CLUSTER]);
    if (!loaded.ok) return loaded;
  }
  return ok({ kubeconfig, images: imageNames(prepared.value) });
}

/** Deletes the kind cluster; without one it does nothing. */
export async function downKind({ dir, log }: KindOptions): Promise<Result<void, string>> {
  const deleted = await runCommand("kind", ["delete", "cluster", "--name", KIND_CLUSTER, "--kubeconfig", clusterPaths(dir).kubeconfig]);
  if (!deleted.ok) return deleted;
  log(`kind cluster "${KIND_CLUSTER}" is gone`);
  return ok(undefined);
}

async function createOrFind(kubeconfig: string, log: (line: string) => void): Promise<Result<string, string>> {
  const names = await runCommand("kind", ["get", "clusters"]);
  if (!names.ok) return names;
  const target = ["--name", KIND_CLUSTER, "--kubeconfig", kubeconfig];
  if (names.value.split("\n").includes(KIND_CLUSTER)) return runCommand("kind", ["export", "kubeconfig", ...target]);
  log(`creating kind cluster "${KIND_CLUSTER}"`);
  return runCommand("kind", ["create", "cluster", "--config", join(CHECKOUT, "kind-config.yaml"), "--wait", "120s", ...target]);
}
