/**
 * @module The JSON document that configures the launcher of one task, version 1. The controller writes it into a pod
 * annotation, which the admission policies keep; the downward API mounts it (root only, by subPath, so that it does not change under a
 * running container).
 * Go twin: launcher/document.go.
 */
import type { HangupPolicy } from "./frames.ts";

/** Annotations may hold 256 KiB altogether; the document gets this much of it. */
export const MAX_DOCUMENT_BYTES = 200 * 1024;

/** Where things of ours are inside every task container. The image holds the directory; nothing else is at /nomad-bridge. */
export const LAUNCHER_PATH = "/nomad-bridge/launcher";
export const DOCUMENT_PATH = "/nomad-bridge/task.json";
export const STATE_DIR = "/nomad-bridge/state";

/** Set on the container by the downward API, for the launcher alone: a task never sees it. */
export const POD_UID_ENV = "NOMAD_BRIDGE_POD_UID";

/**
 * The launcher's exit code for "do not start this task again": attempts spent, or a start that can never succeed.
 * The container's termination message says which. Any other code is the task's own.
 */
export const EXIT_NO_RESTART = 213;

export type RestartPolicy = {
  readonly attempts: number;
  readonly intervalMs: number;
  readonly delayMs: number;
  readonly mode: "fail" | "delay";
};

/** What a task user's name means, as the profile's table has it. */
export type UserEntry = { readonly uid: number; readonly gid: number; readonly home?: string };

export type LauncherDocument = {
  readonly version: 1;
  readonly task: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Everything but what is known only in the pod: the launcher adds NOMAD_ALLOC_ID, NOMAD_SHORT_ALLOC_ID, HOME, USER, LOGNAME where absent. */
  readonly env: Readonly<Record<string, string>>;
  /** A name, or a decimal uid. Resolved in `users` first, then in the chroot's /etc/passwd. gid is 0 unless `users` says otherwise, as on Nomad. */
  readonly user: string;
  readonly users: Readonly<Record<string, UserEntry>>;
  /** Refused ids as Nomad writes them: "1,5-10,24". */
  readonly deniedUids: string;
  readonly deniedGids: string;
  /** uid 0 is refused unless this says otherwise. */
  readonly allowRoot: boolean;
  /** The final, exact set, such as "CAP_CHOWN". */
  readonly capabilities: readonly string[];
  readonly workDir: string;
  /** Task paths of volume mounts, in the job's order: third place of Nomad's command search. */
  readonly mounts: readonly string[];
  readonly killSignal: string;
  readonly killTimeoutMs: number;
  /** Service tasks are restarted after exit 0 too, batch tasks are not. */
  readonly restartOnSuccess: boolean;
  readonly restart: RestartPolicy;
  readonly hangup: HangupPolicy;
};

/** What the launcher leaves in the container's termination message, as JSON. */
export type TerminationMessage = {
  readonly version: 1;
  /**
   * `exited`: the task ended and will be started again. `completed`: it ended well and is not started again (batch).
   * `stopped`: we were told to stop. `start-failed`: it could not be started, and never can be. `attempts-spent`: the restart policy is used up.
   */
  readonly reason: "exited" | "completed" | "stopped" | "start-failed" | "attempts-spent";
  readonly exitCode: number;
  readonly signal?: string;
  /** Nomad's text for a start that failed; empty otherwise. */
  readonly message: string;
  /** Restarts so far in the present interval. */
  readonly attempt: number;
  /** How long the next start is put off, in ms, counted from the end of the task; absent when there is none. */
  readonly restartInMs?: number;
};
