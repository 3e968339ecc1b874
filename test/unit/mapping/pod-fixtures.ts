/** @module Pods as a kubelet reports them, for the tests of mapping and controller. */
import type { ContainerStatus, Pod } from "../../../src/api/pod.ts";
import type { TerminationMessage } from "../../../src/contract/launcher-document.ts";
import { ANNOTATION, documentAnnotation, type PodTask } from "../../../src/contract/pod-metadata.ts";

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
    metadata: { name: "nb-web-12345678-0-1", namespace: "team", uid: "pod-uid", resourceVersion: "77", creationTimestamp: at(0), ...metadata, annotations: { [ANNOTATION.group]: "web", ...metadata.annotations } },
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

export const MAIN: PodTask = { task: "web", container: "web", hook: "", sidecar: false };
export const PROXY: PodTask = { task: "proxy", container: "proxy", hook: "prestart", sidecar: true };
export const PREPARE: PodTask = { task: "prepare it", container: "task-2", hook: "prestart", sidecar: false };
export const ANNOUNCE: PodTask = { task: "announce", container: "announce", hook: "poststart", sidecar: false };
export const CLEAN: PodTask = { task: "clean", container: "clean", hook: "poststop", sidecar: false };

type GroupFields = { readonly tasks: readonly PodTask[]; readonly statuses: Readonly<Record<string, Partial<ContainerStatus>>>; readonly rules?: object };

/** A pod of several tasks; `statuses` by container, those of init containers and of "nb-…" among them. */
export function groupPod({ tasks, statuses, rules = RULES, ...fields }: GroupFields & Omit<PodFields, "container">): Pod {
  const isInit = (container: string) => container.startsWith("nb-") || tasks.some((each) => each.container === container && each.hook === "prestart");
  const all = Object.entries(statuses).map(([name, status]) => ({ name, ...status }));
  const documents = Object.fromEntries(tasks.map(({ container }, i) => [documentAnnotation(container, i), JSON.stringify(rules)]));
  const pod = podOf({ ...fields, metadata: { ...fields.metadata, annotations: { [ANNOTATION.tasks]: JSON.stringify(tasks), ...documents, ...fields.metadata?.annotations } } });
  return { ...pod, status: { ...pod.status, containerStatuses: all.filter(({ name }) => !isInit(name)), initContainerStatuses: all.filter(({ name }) => isInit(name)) } };
}

export const RULES = { restart: { attempts: 2, intervalMs: 1_800_000, delayMs: 15_000, mode: "fail" }, killTimeoutMs: 5_000 };
