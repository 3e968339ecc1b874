/**
 * @module What the mapping changes for a task, field by field. A field of the spec without a rule does not compile. Used by acceptTask
 * and by the generated reference page.
 */
import type { ExecTaskSpec, Finding, FindingLevel } from "../api/exec-task.ts";
import { durationMs } from "../lib/duration.ts";
import type { Profile } from "../api/bridge-config.ts";

/** How one field is mapped, in words for the reference page, and when its mapping is worth a line in a task's status. */
export type Rule = {
  /** Nomad's key, as written in a job file. */
  readonly nomad: string;
  readonly level: FindingLevel;
  readonly how: string;
  /** Absent: always `level` and never worth a finding. Present: the message, or undefined where this task is not touched. */
  readonly finding?: (spec: ExecTaskSpec, profile: Profile) => string | undefined;
};

export const EXEC_TASK_RULES = {
  command: { nomad: "config.command", level: "same", how: "searched by the launcher in Nomad's order, made executable, run without a shell" },
  args: { nomad: "config.args", level: "weaker", how: "passed on as they are; ${…} is not interpolated yet", finding: interpolated("args") },
  env: { nomad: "env", level: "weaker", how: "beside Nomad's own variables; ${…} is not interpolated yet", finding: interpolated("env") },
  user: { nomad: "user", level: "same", how: "resolved by the launcher in the profile's table, then in the chroot's passwd; gid 0 as on Nomad 1.11" },
  capAdd: { nomad: "config.cap_add", level: "same", how: "Nomad's set arithmetic; raised to ambient by the launcher, so that they hold for every user" },
  capDrop: { nomad: "config.cap_drop", level: "same", how: "Nomad's set arithmetic" },
  pidMode: {
    nomad: "config.pid_mode",
    level: "equivalent",
    how: "private: the container's own PID namespace, where the launcher is process 1 and the task is not; host: hostPID",
    finding: (spec, profile) =>
      (spec.pidMode ?? profile.defaultPidMode) === "host"
        ? "other processes of the same user on the node can read this task's environment; exec into it needs alloc-node-exec"
        : undefined,
  },
  ipcMode: {
    nomad: "config.ipc_mode",
    level: "equivalent",
    how: "private: the pod's own IPC namespace; host: hostIPC",
    finding: (spec, profile) =>
      (spec.ipcMode ?? profile.defaultIpcMode) === "host" ? "other processes of the same user on the node can use this task's IPC objects" : undefined,
  },
  workDir: { nomad: "config.work_dir", level: "same", how: "the launcher changes directory, for the task and for exec sessions" },
  chroot: {
    nomad: "client.chroot_env",
    level: "weaker",
    how: "the profile's directories of the node, read-only; / itself is read-only, /alloc, /local, /secrets and /tmp can be written",
    finding: () => "/ and the node's directories are read-only: write to /alloc, /local or /tmp",
  },
  profile: { nomad: "(node constraint)", level: "equivalent", how: "the profile's node selector" },
  resources: {
    nomad: "resources",
    level: "equivalent",
    how: "cpu as a request without a limit, memory as request and limit, cores as whole CPUs",
    finding: (spec) => (spec.resources.cores === undefined ? undefined : "NOMAD_CPU_CORES is not set: which cores are reserved is known to the node alone"),
  },
  count: { nomad: "group.count", level: "same", how: "that many allocations with stable, unique indexes" },
  meta: { nomad: "meta", level: "same", how: "NOMAD_META_<key> in both spellings" },
  killSignal: { nomad: "kill_signal", level: "same", how: "sent by the launcher when Kubernetes asks the pod to stop" },
  killTimeout: {
    nomad: "kill_timeout",
    level: "same",
    how: "then SIGKILL, by the launcher; at most the profile's maxKillTimeout",
    finding: (spec, profile) =>
      durationMs(spec.killTimeout) > durationMs(profile.maxKillTimeout) ? `is ${profile.maxKillTimeout} at most under profile "${profile.name}": ${spec.killTimeout} is cut to that` : undefined,
  },
  restart: {
    nomad: "restart",
    level: "equivalent",
    how: "counted by the launcher, container started again by kubelet",
    finding: (spec) => (spec.restart.attempts > 1 ? "kubelet's own back-off (about 10 s, doubling) is added where it is longer than restart.delay" : undefined),
  },
  artifacts: notYet("artifact", "artifacts", (spec) => spec.artifacts.length > 0),
  artifactSource: notYet("config.artifact_source", "artifactSource", (spec) => spec.artifactSource !== undefined),
  checksum: notYet("config.checksum", "checksum", (spec) => spec.checksum !== undefined),
  templates: notYet("template", "templates", (spec) => spec.templates.length > 0),
  volumeMounts: notYet("volume_mount", "volumeMounts", (spec) => spec.volumeMounts.length > 0),
  dispatchPayload: notYet("dispatch_payload", "dispatchPayload", (spec) => spec.dispatchPayload !== undefined),
  logs: notYet("logs", "logs", (spec) => spec.logs.disabled),
  shutdownDelay: notYet("shutdown_delay", "shutdownDelay", (spec) => durationMs(spec.shutdownDelay) > 0),
  leader: notYet("leader", "leader", (spec) => spec.leader),
  driver: notYet("driver", "driver", (spec) => spec.driver !== "exec"),
  chrootPaths: notYet("(none)", "chrootPaths", (spec) => spec.chrootPaths !== undefined),
  volumes: notYet("group.volume", "volumes", (spec) => spec.volumes.length > 0),
  ephemeralDisk: notYet("group.ephemeral_disk", "ephemeralDisk", () => false),
  tasks: notYet("group.task", "tasks", (spec) => spec.tasks.length > 0),
} as const satisfies Record<keyof ExecTaskSpec, Rule>;

function notYet(nomad: string, field: string, isUsed: (spec: ExecTaskSpec) => boolean): Rule {
  return { nomad, level: "lost", how: "accepted, and without effect in this version", finding: (spec) => (isUsed(spec) ? `${field} is without effect in this version` : undefined) };
}

/** Always true of this version, whatever the task says. */
const GENERAL: readonly Finding[] = [
  { level: "decision", path: "network", message: "runs in the pod's network; on Nomad a task without a network block shares the node's" },
  { level: "weaker", path: "seccomp", message: "runs under the container runtime's default seccomp profile; Nomad applies none" },
];

export function findingsFor(spec: ExecTaskSpec, profile: Profile): readonly Finding[] {
  const found: Finding[] = [];
  for (const [path, rule] of Object.entries(EXEC_TASK_RULES) as [string, Rule][]) {
    const message = rule.finding?.(spec, profile);
    if (message !== undefined) found.push({ level: rule.level, path, message });
  }
  return [...found, ...GENERAL];
}

/** A status takes 1024 characters of message, and an argument may have sixty times as many. */
const QUOTED_CHARACTERS = 100;

const clipped = (text: string) => (text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS).toWellFormed()}…`);

function interpolated(field: "args" | "env") {
  return (spec: ExecTaskSpec): string | undefined => {
    const values = field === "args" ? spec.args : Object.values(spec.env);
    const found = values.map((value) => /\$\{[^}]*\}/.exec(value)?.[0]).find((match) => match !== undefined);
    return found === undefined ? undefined : `${clipped(found)} reaches the task as it is written: interpolation is not part of this version`;
  };
}
