/**
 * @module The only way to have a launcher do an operation: it takes an OperationGrant, looks once more whether it holds, opens the same exec as a
 * session, and writes the operation itself, from the grant. Who holds the stream can send nothing that starts a command. Wired up by main.
 */
import type { PodExec, PodExecError, PodExecHandlers } from "../api/pod-exec.ts";
import { encodeFrame } from "../contract/frames.ts";
import { LAUNCHER_PATH } from "../contract/launcher-document.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { AccessError } from "./access-error.ts";
import { isGenuineOperation, type OperationGrant } from "./authorize-operation.ts";
import type { ExecGateDeps } from "./exec-gate.ts";

export type OperationStream = {
  /** Sends the operation of the grant, once. */
  readonly begin: () => void;
  /** More bytes of output may come. */
  readonly grantBytes: (bytes: number) => void;
  readonly ping: () => void;
  /** Closes at once; the launcher takes the end of its input for the end of its client. */
  readonly close: () => void;
};

export type OperationGate = (grant: OperationGrant, handlers: PodExecHandlers, signal: AbortSignal) => Promise<Result<OperationStream, PodExecError | AccessError>>;

/** Each grant opens one stream. */
export function operationGate(deps: ExecGateDeps): OperationGate {
  const used = new WeakSet<OperationGrant>();
  return async (grant, handlers, signal) => {
    const message = used.has(grant) ? "the grant was used already" : whyVoid(deps, grant);
    used.add(grant);
    if (message !== undefined) return err({ kind: "grant-void", message });
    const { namespace, podName: pod, container, sessionId } = grant;
    const opened = await deps.openPodExec({ namespace, pod, container, command: [LAUNCHER_PATH, "exec", "--session", sessionId] }, handlers, signal);
    return opened.ok ? ok(streamFor(grant, opened.value)) : opened;
  };
}

function streamFor({ operation }: OperationGrant, pod: PodExec): OperationStream {
  let begun = false;
  return {
    begin: () => {
      if (begun) return;
      begun = true;
      pod.write([encodeFrame({ kind: "operate", message: operation })]);
    },
    grantBytes: (bytes) => pod.write([encodeFrame({ kind: "credit", stream: "stdout", bytes })]),
    ping: () => pod.write([encodeFrame({ kind: "ping" })]),
    close: pod.close,
  };
}

function whyVoid(deps: ExecGateDeps, grant: OperationGrant): string | undefined {
  if (!isGenuineOperation(grant)) return "the permission for this operation was not given by us";
  if (!(grant.expiresAt > deps.now())) return "the permission for this operation has expired; ask again";
  const uid = deps.podUid(grant.namespace, grant.podName);
  return uid === grant.allocId ? undefined : `allocation ${grant.allocId} is gone`;
}
