/**
 * @module The JSON document that configures the launcher of one task, version 1. The controller writes it into a pod
 * annotation, which the admission policies keep; the downward API mounts it (root only, by subPath, so that it does not change under a
 * running container).
 * Go twin: launcher/document.go.
 */
/** Annotations may hold 256 KiB altogether; the document gets this much of it. */
export const MAX_DOCUMENT_BYTES = 200 * 1024;

/** Where things of ours are inside every task container. The image holds the directory; nothing else is at /nomad-bridge. */
export const LAUNCHER_PATH = "/nomad-bridge/launcher";
export const DOCUMENT_PATH = "/nomad-bridge/task.json";
export const STATE_DIR = "/nomad-bridge/state";
/** Shared by the launchers of a group of several tasks: who has started, who is dead. Root only. */
export const GROUP_DIR = "/nomad-bridge/group";
/** One file for each node, named for it: its NodeRecord as JSON. Mounted only where a task's texts name node values. */
export const NODES_DIR = "/nomad-bridge/nodes";
/** One directory for each Secret that an artifact names: `artifacts[].credentials` is its name. Mounted for `fetch` alone. */
export const CREDENTIALS_DIR = "/nomad-bridge/credentials";
/** Holds the dispatch payload as the file `payload`. */
export const PAYLOAD_DIR = "/nomad-bridge/payload";

/** Set on the container by the downward API, for the launcher alone: a task never sees them. */
export const POD_UID_ENV = "NOMAD_BRIDGE_POD_UID";
export const NODE_NAME_ENV = "NOMAD_BRIDGE_NODE_NAME";
export const POD_IP_ENV = "NOMAD_BRIDGE_POD_IP";
export const HOST_IP_ENV = "NOMAD_BRIDGE_HOST_IP";

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
  readonly renderTemplates: boolean;
};

/** A file to fetch before the task starts, by the program `fetch`. All texts but `credentials` are interpolated there. */
export type DocumentArtifact = {
  readonly source: string;
  readonly destination: string;
  readonly mode: "any" | "file" | "dir";
  readonly options: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
  /** Directory below CREDENTIALS_DIR; empty: none. */
  readonly credentials: string;
  /** Set for artifact_source of Nomad 0.2: the file becomes executable. */
  readonly executable: boolean;
};

export type FetchLimits = {
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** How many times its own size an archive may unpack to. */
  readonly maxRatio: number;
  readonly timeoutMs: number;
  /** CIDRs that a host name may lead to although they are private. */
  readonly allowNetworks: readonly string[];
  /** Addresses, CIDRs, and addresses with one port ("10.0.0.1:6443", "[fd00::1]:6443") that are never reached, whatever else allows them: the API server's. */
  readonly denyNetworks: readonly string[];
};

/** Exactly one of `data` and `source` is not empty. */
export type DocumentTemplate = {
  readonly data: string;
  readonly source: string;
  readonly destination: string;
  readonly changeMode: "noop" | "restart" | "signal";
  /** Empty but for changeMode signal. */
  readonly changeSignal: string;
  readonly once: boolean;
  readonly splayMs: number;
  /** Octal, such as "0644". */
  readonly perms: string;
  readonly uid: number;
  readonly gid: number;
  readonly leftDelimiter: string;
  readonly rightDelimiter: string;
  readonly env: boolean;
  readonly errMissingKey: boolean;
};

/** The task's place among the tasks of its group. */
export type DocumentLifecycle = {
  /** Empty: a main task. */
  readonly hook: "" | "prestart" | "poststart" | "poststop";
  readonly sidecar: boolean;
  readonly leader: boolean;
  /** Names of the group's main tasks; with one task in the group, empty: then GROUP_DIR is not mounted. */
  readonly mains: readonly string[];
  /** Name of the leader, or empty. */
  readonly leaderTask: string;
};

/** `hostPort`: where the node passes it on, 0: nowhere. `isolated`: the pod has a network of its own. */
export type DocumentPort = { readonly label: string; readonly port: number; readonly hostPort: number; readonly isolated: boolean };

/** What a task user's name means, as the profile's table has it. */
export type UserEntry = { readonly uid: number; readonly gid: number; readonly home?: string };

export type LauncherDocument = {
  readonly version: 1;
  readonly task: string;
  readonly driver: "exec" | "raw_exec";
  /** Interpolated by the launcher as Nomad interpolates a driver's config: an unknown variable fails the task. */
  readonly command: string;
  readonly args: readonly string[];
  readonly workDir: string;
  /**
   * Nomad's own variables and PATH, final but for what is known only in the pod: the launcher adds NOMAD_ALLOC_ID,
   * NOMAD_SHORT_ALLOC_ID, HOME, USER, LOGNAME where absent. Values of NOMAD_META_* are interpolated.
   */
  readonly env: Readonly<Record<string, string>>;
  /** The job's env: interpolated, and it wins over `env`. */
  readonly taskEnv: Readonly<Record<string, string>>;
  /** Whether NODES_DIR is mounted: some text names a value of the node. */
  readonly nodeValues: boolean;
  /** Whether bare $NAME is interpolated in command and args as well, as Nomad 0.2 did. */
  readonly bareVariables: boolean;
  /**
   * Whether `$${` and `%%{` in command, args and work_dir have been read once, as in a Nomad job that a client has sent. Absent: they are as a
   * job file has them, which the launcher reads first.
   */
  readonly unescaped?: true;
  /** Labelled ports, which become NOMAD_PORT_<label> and its like with the addresses of POD_IP_ENV and HOST_IP_ENV. Absent: none. */
  readonly ports?: readonly DocumentPort[];
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
  /** Task paths of volume mounts, in the job's order: third place of Nomad's command search. */
  readonly mounts: readonly string[];
  readonly artifacts: readonly DocumentArtifact[];
  readonly fetch: FetchLimits;
  readonly templates: readonly DocumentTemplate[];
  /** File below /local that PAYLOAD_DIR/payload is copied to; empty: none. */
  readonly payloadFile: string;
  readonly logs: { readonly maxFiles: number; readonly maxFileBytes: number; readonly disabled: boolean };
  readonly killSignal: string;
  readonly killTimeoutMs: number;
  readonly shutdownDelayMs: number;
  /** Service tasks are restarted after exit 0 too, batch tasks are not. */
  readonly restartOnSuccess: boolean;
  readonly restart: RestartPolicy;
  readonly lifecycle: DocumentLifecycle;
};

/** What the launcher leaves in the container's termination message, as JSON. */
export type TerminationMessage = {
  readonly version: 1;
  /**
   * `exited`: the task ended and will be started again. `completed`: it ended well and is not started again (batch).
   * `stopped`: we were told to stop, or the group's leader or main tasks are dead (then `message` says so). `start-failed`: it could not be started, and never can be. `attempts-spent`: the restart policy is used up.
   */
  readonly reason: "exited" | "completed" | "stopped" | "start-failed" | "attempts-spent";
  readonly exitCode: number;
  readonly signal?: string;
  /** Nomad's text for a start that failed, or why it was stopped; empty otherwise. */
  readonly message: string;
  /** The kernel killed the task for its memory. */
  readonly oomKilled?: boolean;
  /** Restarts so far in the present interval. */
  readonly attempt: number;
  /** How long the next start is put off, in ms, counted from the end of the task; absent when there is none. */
  readonly restartInMs?: number;
  /** The last runs, oldest first, four at most; the last is the one that this message is about, if it was one. Absent in what older launchers leave, null where there was no room. */
  readonly runs?: readonly PastRun[] | null;
};

/** One run of a task, from its own start to its end, as its launcher saw it. Times are epoch ms. */
export type PastRun = {
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exitCode: number;
  readonly signal?: string;
  readonly oomKilled?: boolean;
  /** How long the next start was put off, in ms; absent where none followed. */
  readonly restartInMs?: number;
  /** The attempts of the interval were used up, and the rest of it was waited for. */
  readonly beyond?: boolean;
  /** When the task was told to end; absent where it ended by itself. */
  readonly askedMs?: number;
  /** Its shutdown delay was left out, as who stopped it had asked. */
  readonly delaySkipped?: boolean;
};

/** What `fetch` leaves in its container's termination message, as JSON. Go twin: fetch/message.go. */
export type FetchMessage = {
  readonly version: 1;
  /** `exited`: an artifact could not be had, and is tried again. `attempts-spent`: it is not. `completed`: all are there, after failures. `stopped`: from outside. */
  readonly reason: "exited" | "attempts-spent" | "completed" | "stopped";
  readonly exitCode: number;
  /** Nomad's text for the last failure. */
  readonly message: string;
  readonly attempt: number;
  /** Tries after the first one. */
  readonly restarts: number;
  /** The last ones, oldest first, four at most; absent where there was none, or no room. */
  readonly failures?: readonly PastDownload[];
};

/** One try to fetch a task's artifacts that failed. Times are epoch ms. */
export type PastDownload = {
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly message: string;
  /** How long the next try was put off, in ms; absent where none followed. */
  readonly restartInMs?: number;
  /** The attempts of the interval were used up, and the rest of it was waited for. */
  readonly beyond?: boolean;
};
