/** @module A launcher that says what a test tells it to, behind a gate like main's. Used by the unit tests of the bridge. */
import type { OperationGrant } from "../../../../src/access/authorize-operation.ts";
import type { ClientDeps } from "../../../../src/bridge/client/client-deps.ts";
import { createSessionRegistry } from "../../../../src/bridge/session-registry.ts";
import type { PodExecHandlers } from "../../../../src/api/pod-exec.ts";
import { encodeFrame, type Frame } from "../../../../src/contract/frames.ts";
import type { TaskMark } from "../../../../src/contract/task-marks.ts";
import { err, ok } from "../../../../src/lib/result.ts";

const OPERATIONS = ["fs-list", "fs-stat", "fs-read", "fs-stream", "logs", "stats", "restart", "signal", "skip-shutdown-delay"];

export type FakeLauncher = {
  readonly grant: OperationGrant;
  readonly say: (...frames: readonly Frame[]) => void;
  /** The stream to the pod breaks. */
  readonly breakOff: (message: string) => void;
  readonly granted: () => number;
  readonly pings: () => number;
  readonly isClosed: () => boolean;
};

export type FakeWorld = { readonly deps: ClientDeps; readonly launchers: FakeLauncher[]; readonly lines: string[]; readonly marked: TaskMark[] };

/** @param onBegin what a launcher does when it gets its operation; it has said hello before */
export function fakeLaunchers(onBegin: (launcher: FakeLauncher) => void, fields: Partial<ClientDeps> = {}, hello: object = {}): FakeWorld {
  const launchers: FakeLauncher[] = [];
  const lines: string[] = [];
  const marked: TaskMark[] = [];
  const deps: ClientDeps = {
    gate: async (grant, handlers) => {
      const counts = { granted: 0, pings: 0, closed: false };
      const launcher = launcherFor(grant, handlers, counts);
      launchers.push(launcher);
      queueMicrotask(() => launcher.say({ kind: "hello", message: { version: 1, podUid: grant.allocId, operations: OPERATIONS, ...hello } }));
      return ok({
        begin: () => onBegin(launcher),
        grantBytes: (bytes) => void (counts.granted += bytes),
        ping: () => void counts.pings++,
        close: () => void (counts.closed = true),
      });
    },
    audit: (line) => {
      lines.push(line);
      return ok(undefined);
    },
    streams: createSessionRegistry({ all: 100, perAccessor: 100 }, "logs and files"),
    markTasks: async (_pod, marks) => void marked.push(...marks),
    podLog: () => Promise.resolve(err("no kubelet")),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    ...fields,
  };
  return { deps, launchers, lines, marked };
}

function launcherFor(grant: OperationGrant, handlers: PodExecHandlers, counts: { readonly granted: number; readonly pings: number; readonly closed: boolean }): FakeLauncher {
  return {
    grant,
    say: (...frames) => handlers.onStdout(Buffer.concat(frames.map(encodeFrame))),
    breakOff: (message) => handlers.onEnd({ error: { kind: "lost", message } }),
    granted: () => counts.granted,
    pings: () => counts.pings,
    isClosed: () => counts.closed,
  };
}
