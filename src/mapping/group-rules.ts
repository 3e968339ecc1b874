/** @module How each field of the group, and of the tasks beside the first, is mapped. A field without a rule does not compile. Used by findings.ts. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { GroupTask, TaskSpec } from "../api/task-fields.ts";
import { clipped, type Note, noteIf, type Rule, type RuleContext } from "./finding-rule.ts";

export const GROUP_RULES = {
  driver: {
    nomad: "driver",
    level: "equivalent",
    how: "exec: a container. raw_exec: a process on the node itself, where the profile allows it; alloc exec then needs alloc-node-exec, as on Nomad",
    notes: rawExecNotes,
  },
  pidMode: {
    nomad: "config.pid_mode",
    level: "equivalent",
    how: "private: the container's own PID namespace, where the launcher is process 1 and the task is not; host: hostPID",
    notes: (spec, { profile }) =>
      noteIf(
        spec.driver === "exec" && (spec.pidMode ?? profile.defaultPidMode) === "host",
        "other processes of the same user on the node can read this task's environment; exec into it needs alloc-node-exec",
      ),
  },
  ipcMode: {
    nomad: "config.ipc_mode",
    level: "equivalent",
    how: "private: the pod's own IPC namespace, which the tasks of a group share; host: hostIPC, and /dev/shm is the node's too, on Nomad always 64 MB of the task's own",
    notes: ipcNotes,
  },
  chroot: {
    nomad: "client.chroot_env",
    level: "weaker",
    how: "host: the profile's directories of the node, read-only, and / itself is read-only; /alloc, /local, /secrets and /tmp can be written. hostCopy: a private, writable copy of them. image: an image's files",
    notes: chrootNotes,
  },
  chrootPaths: { nomad: "(none)", level: "equivalent", how: "narrows the profile's paths for one task, which Nomad cannot" },
  profile: { nomad: "(node constraint)", level: "equivalent", how: "the profile's node selector" },
  count: { nomad: "group.count", level: "same", how: "that many allocations with stable, unique indexes" },
  volumes: {
    nomad: "group.volume",
    level: "equivalent",
    how: "host: the directory that the profile offers under that name; csi: a PersistentVolumeClaim of the namespace",
    notes: (spec) =>
      spec.volumes.flatMap(({ type }, i) =>
        noteIf(type === "csi" && spec.count > 1, `all ${spec.count} allocations use this one claim: its access mode must allow that; per_alloc does not exist here`, {
          level: "decision",
          at: `[${i}]`,
        }),
      ),
  },
  ephemeralDisk: {
    nomad: "group.ephemeral_disk",
    level: "weaker",
    how: "size is a request for the scheduler and not enforced, as on Nomad; sticky and migrate do not exist: a new allocation starts with empty directories",
  },
  tasks: {
    nomad: "group.task",
    level: "equivalent",
    how: "containers of one pod; each has its own file system, PID namespace and restarts, and they share the network, /alloc and the IPC namespace",
  },
} as const satisfies Record<Exclude<keyof ExecTaskSpec, keyof TaskSpec>, Rule<ExecTaskSpec>>;

/** What the tasks beside the first have more. */
export const GROUP_TASK_RULES = {
  name: { nomad: "task", level: "same", how: "NOMAD_TASK_NAME, and the name that alloc exec -task takes" },
  lifecycle: {
    nomad: "lifecycle",
    level: "equivalent",
    how: "prestart tasks run one after the other, on Nomad together; poststart when the main tasks run; poststop must end within the profile's maxKillTimeout",
    notes: lifecycleNotes,
  },
} as const satisfies Record<Exclude<keyof GroupTask, keyof TaskSpec>, Rule<GroupTask>>;

function rawExecNotes({ driver }: ExecTaskSpec): readonly Note[] {
  if (driver !== "raw_exec") return [];
  return [
    { level: "decision", message: "runs on the node itself, with its root, network and processes; alloc exec into it needs alloc-node-exec, as on Nomad" },
    { level: "weaker", message: "sees only the devices that a container has, as the container is not privileged" },
    { message: "memory and cpu are held by the container's cgroup; on Nomad raw_exec has such limits only where cgroups are mounted" },
  ];
}

function ipcNotes(spec: ExecTaskSpec, { profile }: RuleContext): readonly Note[] {
  if (spec.driver === "raw_exec") return [];
  if ((spec.ipcMode ?? profile.defaultIpcMode) === "host") return [{ message: "other processes of the same user on the node can use this task's IPC objects" }];
  return noteIf(spec.tasks.length > 0, "the tasks of this group share their IPC objects and /dev/shm: the namespace is the pod's, on Nomad each task's", { level: "weaker" });
}

function chrootNotes(spec: ExecTaskSpec, { profile }: RuleContext): readonly Note[] {
  if (spec.driver === "raw_exec") return [];
  switch (profile.chroot.type) {
    case "host":
      return [{ message: "/ and the node's directories are read-only: write to /alloc, /local or /tmp; of /etc there are only the files that the profile lists" }];
    case "image":
      return [{ level: "equivalent", message: `the root file system is that of the image ${clipped(profile.chroot.image ?? "")}: what it does not hold is not there, whatever the node has` }];
    case "hostCopy":
      return [{ level: "equivalent", message: "the node's directories are copied for each task: the start takes longer, and the copy counts as disk of the pod; / itself is read-only" }];
  }
}

function lifecycleNotes({ lifecycle, name }: GroupTask, { group, profile }: RuleContext): readonly Note[] {
  if (lifecycle?.hook === "poststop") {
    return [{ level: "weaker", message: `is killed when it has not ended ${profile.maxKillTimeout} after the others were stopped, the profile's maxKillTimeout; on Nomad it may take as long as it likes` }];
  }
  const prestarts = group.tasks.filter((task) => task.lifecycle?.hook === "prestart" && !task.lifecycle.sidecar);
  const earlier = prestarts.findIndex((task) => task.name === name);
  return noteIf(earlier > 0, `starts when "${prestarts[earlier - 1]?.name ?? ""}" has ended; on Nomad prestart tasks run at the same time`);
}
