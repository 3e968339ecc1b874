/** @module The way back from bringUp: the server, the cluster if it is ours, and the files. Used by `down` and the tests. */
import { downCluster, downKind } from "../../../local-cluster/cluster.ts";
import { withHostLock } from "../../../local-cluster/host-lock.ts";
import { ok, type Result } from "../../lib/result.ts";
import { homePaths, type HomePaths, readUpState, removeHomeFiles } from "./home.ts";
import { stopServer } from "./local-server.ts";

export type TakeDownOptions = { readonly home: string; readonly log: (line: string) => void };

/** Idempotent. The error lists what could not be removed; run it again then. */
export async function takeDown({ home, log }: TakeDownOptions): Promise<Result<undefined, string>> {
  return withHostLock(`up ${home}`, () => log("another up or down is at work here; waiting for it"), () => locked(homePaths(home), log));
}

async function locked(paths: HomePaths, log: (line: string) => void): Promise<Result<undefined, string>> {
  const state = readUpState(paths);
  if (state?.server !== undefined) {
    log("stopping nomad-bridge server");
    await stopServer(state.server.process);
  }
  // A cut first run may have left a cluster that was never recorded here; its own state file knows it.
  const down = await clusterDown(paths, state?.cluster ?? "local", log);
  if (!down.ok) return down;
  removeHomeFiles(paths);
  return ok(undefined);
}

async function clusterDown(paths: HomePaths, kind: "local" | "kind" | "given", log: (line: string) => void): Promise<Result<unknown, string>> {
  const options = { dir: paths.cluster, log };
  if (kind === "local") return downCluster(options);
  if (kind === "kind") return downKind(options);
  log("the cluster was given, so what was installed into it stays: tasks, kinds and policies; remove it with kubectl delete -f manifests/ -f manifests/crds/");
  return ok(undefined);
}
