/**
 * @module The only way to open an exec in a pod: it takes a Grant, looks once more whether it still holds, and writes the command itself.
 * Wired up by main, used by the bridge.
 */
import type { PodExec, PodExecError, PodExecHandlers, PodExecTarget } from "../api/pod-exec.ts";
import { LAUNCHER_PATH } from "../contract/launcher-document.ts";
import { err, type Result } from "../lib/result.ts";
import type { AccessError } from "./access-error.ts";
import { type Grant, isGenuine } from "./authorize-exec.ts";

export type ExecGateDeps = {
  readonly openPodExec: (target: PodExecTarget, handlers: PodExecHandlers, signal: AbortSignal) => Promise<Result<PodExec, PodExecError>>;
  /** The UID of the pod that has this name now; undefined where there is none. */
  readonly podUid: (namespace: string, podName: string) => string | undefined;
  /** Epoch ms. */
  readonly now: () => number;
};

/** Each grant opens one exec: the second attempt is refused, as a session's ID must lead to one process. */
export type ExecGate = (grant: Grant, handlers: PodExecHandlers, signal: AbortSignal) => Promise<Result<PodExec, PodExecError | AccessError>>;

export function execGate(deps: ExecGateDeps): ExecGate {
  const used = new WeakSet<Grant>();
  return async (grant, handlers, signal) => {
    const message = used.has(grant) ? "the grant was used already" : whyVoid(deps, grant);
    used.add(grant);
    if (message !== undefined) return err({ kind: "grant-void", message });
    return deps.openPodExec(targetOf(grant), handlers, signal);
  };
}

function whyVoid(deps: ExecGateDeps, grant: Grant): string | undefined {
  if (!isGenuine(grant)) return "the permission for this session was not given by us";
  if (!(grant.expiresAt > deps.now())) return "the permission for this session has expired; start it again";
  const uid = deps.podUid(grant.namespace, grant.podName);
  return uid === grant.allocId ? undefined : `allocation ${grant.allocId} is gone`;
}

/** No part of it comes from the client: what to run goes to the launcher over its stdin. */
function targetOf(grant: Grant): PodExecTarget {
  const command = [LAUNCHER_PATH, "exec", "--session", grant.sessionId];
  return { namespace: grant.namespace, pod: grant.podName, container: grant.container, command };
}
