/** @module Pods as a kubelet reports them, for the tests of mapping and controller. */
import type { ContainerStatus, Pod } from "../../../src/api/pod.ts";
import type { TerminationMessage } from "../../../src/contract/launcher-document.ts";

export const CREATED = Date.parse("2026-01-01T00:00:00Z");
/** RFC 3339 text `seconds` after the pod's creation. */
export const at = (seconds: number): string => new Date(CREATED + seconds * 1000).toISOString().replace(".000Z", "Z");
export const ms = (seconds: number): number => CREATED + seconds * 1000;

type PodFields = {
  readonly phase?: string;
  /** Seconds after creation at which the Ready condition became true. */
  readonly readyAt?: number;
  readonly container?: Partial<ContainerStatus>;
  readonly metadata?: Partial<Pod["metadata"]>;
  readonly spec?: Partial<Pod["spec"]>;
};

export function podOf({ phase = "Running", readyAt, container, metadata = {}, spec = {} }: PodFields = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "nb-web-12345678-0-1", namespace: "team", uid: "pod-uid", resourceVersion: "77", creationTimestamp: at(0), ...metadata },
    spec: { containers: [{ name: "web" }], ...spec },
    status: {
      phase,
      conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: at(0) }, readyAt === undefined ? { type: "Ready", status: "False" } : { type: "Ready", status: "True", lastTransitionTime: at(readyAt) }],
      ...(container === undefined ? {} : { containerStatuses: [{ name: "web", ...container }] }),
    },
  };
}

export const running = (seconds: number) => ({ running: { startedAt: at(seconds) } });
export const terminated = (exitCode: number, seconds: number, message?: string, reason = "Error") => ({
  terminated: { exitCode, reason, finishedAt: at(seconds), ...(message === undefined ? {} : { message }) },
});

/** What the launcher leaves behind. */
export const lastWords = (fields: Partial<TerminationMessage> = {}): string => JSON.stringify({ version: 1, reason: "exited", exitCode: 1, message: "", attempt: 1, ...fields });
