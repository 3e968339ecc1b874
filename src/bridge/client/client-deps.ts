/** @module What the routes below /v1/client need of the world, and what each of their handlers is given. main wires it. */
import type { AuditSink } from "../../access/audit.ts";
import type { Identity } from "../../access/authenticate.ts";
import type { OperationGate } from "../../access/operation-gate.ts";
import type { Pod } from "../../api/pod.ts";
import type { TaskMark } from "../../contract/task-marks.ts";
import type { Result } from "../../lib/result.ts";
import type { Body } from "../body.ts";
import type { ClusterState } from "../bridge-deps.ts";
import type { SessionRegistry } from "../session-registry.ts";

/** What the kubelet has kept of one container's last run. */
export type PodLogRequest = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly stream: "stdout" | "stderr";
  /** Absent: all lines. */
  readonly tailLines?: number;
};

/** `apart`: it is the stream that was asked for; else both of them in one, as most API servers have them. */
export type PodLog = { readonly apart: boolean; readonly bytes: AsyncIterable<Uint8Array> };

export type ClientDeps = {
  readonly gate: OperationGate;
  readonly audit: AuditSink;
  /** How many logs and files may be open at a time, and which of them have lost their right. */
  readonly streams: SessionRegistry;
  readonly podLog: (request: PodLogRequest, signal: AbortSignal) => Promise<Result<PodLog, string>>;
  /** Notes on a pod what was done to its tasks, so that their events tell of it. Resolves when reads show it. */
  readonly markTasks: (pod: Pod, marks: readonly TaskMark[]) => Promise<void>;
  /** Epoch ms: a stream is longer than its request. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** A part of a RequestContext, with a caller that is known. */
export type ClientContext = {
  readonly client: ClientDeps;
  readonly cluster: ClusterState;
  /** In lower case. */
  readonly allocId: string;
  readonly search: URLSearchParams;
  readonly identity: Identity;
  readonly identityNow: () => Identity | undefined;
  readonly allowsNamespace: (namespace: string) => boolean;
  readonly source: string;
  readonly body: Body;
};
