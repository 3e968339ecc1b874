/** @module Which Kubernetes `up` uses: one that was given on purpose, kind where Docker runs, else one of our own. */
import { mkdirSync } from "node:fs";
import { bootCluster, bootKind, kindAvailable, preflight, type ProgramImages } from "../../../local-cluster/cluster.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { HomePaths, UpState } from "./home.ts";

export type FoundCluster = {
  readonly kind: UpState["cluster"];
  readonly kubeconfig: string;
  readonly images: ProgramImages;
  /** Where kubectl is, if it is ours; otherwise it is the person's own. */
  readonly binDir: string | undefined;
};

export type FindOptions = {
  readonly paths: HomePaths;
  /** NOMAD_BRIDGE_KUBECONFIG, NOMAD_BRIDGE_LAUNCHER_IMAGE and NOMAD_BRIDGE_FETCH_IMAGE; everything else in it is ignored. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

export async function findCluster(options: FindOptions): Promise<Result<FoundCluster, string>> {
  const given = options.env["NOMAD_BRIDGE_KUBECONFIG"];
  if (given !== undefined && given !== "") return givenCluster(given, options);
  const { paths, log } = options;
  mkdirSync(paths.cluster, { recursive: true, mode: 0o700 });
  if (await kindAvailable()) {
    const kind = await bootKind({ dir: paths.cluster, log });
    return kind.ok ? ok({ kind: "kind", ...kind.value, binDir: undefined }) : kind;
  }
  return ownCluster(options);
}

function givenCluster(kubeconfig: string, { env, log }: FindOptions): Result<FoundCluster, string> {
  const launcher = env["NOMAD_BRIDGE_LAUNCHER_IMAGE"] ?? "";
  const fetch = env["NOMAD_BRIDGE_FETCH_IMAGE"] ?? "";
  const missing = Object.entries({ NOMAD_BRIDGE_LAUNCHER_IMAGE: launcher, NOMAD_BRIDGE_FETCH_IMAGE: fetch }).flatMap(([name, image]) => (image === "" ? [name] : []));
  if (missing.length > 0) {
    return err(`NOMAD_BRIDGE_KUBECONFIG is set, so ${missing.join(" and ")} must name an image that its nodes can pull: build the Dockerfile and push it`);
  }
  log(`using the cluster of ${kubeconfig}`);
  return ok({ kind: "given", kubeconfig, images: { launcher, fetch }, binDir: undefined });
}

async function ownCluster({ paths, log, signal }: FindOptions): Promise<Result<FoundCluster, string>> {
  const ready = await preflight({ log });
  if (!ready.ok) return err(["this machine cannot run a local cluster yet:", ...ready.error.map((line) => `  - ${line}`)].join("\n"));
  const booted = await bootCluster({ dir: paths.cluster, name: "nomad-bridge", log, signal });
  if (!booted.ok) return booted;
  const { kubeconfig, images, binDir } = booted.value;
  return ok({ kind: "local", kubeconfig, images, binDir });
}
