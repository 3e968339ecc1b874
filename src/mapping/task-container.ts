/** @module One task of the group as a container, and the container that fetches its artifacts. Used by podForTask. */
import { HOST_IP_ENV, LAUNCHER_PATH, NODE_NAME_ENV, POD_IP_ENV, POD_UID_ENV } from "../contract/launcher-document.ts";
import type { AcceptedGroup, AcceptedMember, TaskImages } from "./accepted-task.ts";
import { credentialSecrets, fetchContainer, hasArtifacts } from "./artifacts.ts";
import { chrootMounts, fetchChrootMounts, isRootReadOnly } from "./chroot-mounts.ts";
import { isInit } from "./group-tasks.ts";
import { probeFields } from "./job/container-probes.ts";
import { containerPorts, isOnHost, podPorts } from "./job/pod-network.ts";
import { type ContainerPart, fieldEnv, join, type Mounts } from "./pod-parts.ts";
import { containerResources } from "./resources.ts";
import { groupMounts, launcherMounts, payloadMounts, taskDirectories } from "./task-directories.ts";
import { taskVolumeMounts } from "./volumes.ts";

/** One task of the allocation with this index. */
type TaskInstance = { readonly task: AcceptedMember; readonly index: number };

/** The container in which the task runs: its first process is the launcher. */
export function taskContainer(accepted: AcceptedGroup, { task, index }: TaskInstance, images: TaskImages): ContainerPart {
  const { profile, spec, tasks } = accepted;
  const { chroot } = task;
  const allocated = podPorts(accepted, index);
  const ports = containerPorts(allocated, task, isOnHost(accepted));
  const { volumes, volumeMounts } = taskMounts(accepted, task);
  return {
    volumes,
    container: {
      name: task.container,
      image: chroot.kind === "image" ? chroot.image : images.launcher,
      imagePullPolicy: task.pull,
      command: [LAUNCHER_PATH, "run"],
      ...(isInit(task) && task.sidecar ? { restartPolicy: "Always" } : {}),
      env: [fieldEnv(POD_UID_ENV, "metadata.uid"), ...(task.nodeValues ? [fieldEnv(NODE_NAME_ENV, "spec.nodeName")] : []), ...(allocated.length > 0 ? ADDRESSES : [])],
      ...(ports.length > 0 ? { ports } : {}),
      ...probeFields(accepted, task.name, index),
      resources: containerResources(task.spec.resources, profile.mhzPerCore, task === tasks[0] ? spec.ephemeralDisk.size : undefined),
      securityContext: securityContext(accepted, task),
      volumeMounts,
    },
  };
}

const ADDRESSES = [fieldEnv(POD_IP_ENV, "status.podIP"), fieldEnv(HOST_IP_ENV, "status.hostIP")];

function taskMounts({ profile, spec, tasks }: AcceptedGroup, task: AcceptedMember): Mounts {
  return join([
    chrootMounts(task.chroot, task, tasks.length > 1),
    taskDirectories(task),
    launcherMounts(task, tasks, task.nodeValues),
    groupMounts(tasks),
    payloadMounts(task),
    { volumes: [], volumeMounts: taskVolumeMounts(task.spec, spec, profile) },
  ]);
}

/** Undefined for a task without artifacts. */
export function taskFetch({ tasks }: AcceptedGroup, task: AcceptedMember, images: TaskImages): ContainerPart | undefined {
  if (!hasArtifacts(task.spec)) return undefined;
  const mounts = join([fetchChrootMounts(task.chroot), taskDirectories(task), launcherMounts(task, tasks, task.nodeValues)]);
  return fetchContainer(task, { image: images.fetch, secrets: credentialSecrets(tasks), mounts });
}

/**
 * The launcher needs CHOWN to give the task directories to nobody, and the others to become the task's user with exactly the task's
 * capabilities; it keeps them from the task.
 */
const LAUNCHER_CAPABILITIES = ["CHOWN", "SETGID", "SETPCAP", "SETUID"];

function securityContext({ profile, spec }: AcceptedGroup, { chroot, capabilities }: AcceptedMember) {
  const { allowPrivilegeEscalation } = profile;
  const common = { runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation, readOnlyRootFilesystem: isRootReadOnly(chroot) };
  if (spec.driver === "raw_exec") return { ...common, capabilities: { add: ["ALL"] }, seccompProfile: { type: "Unconfined" } };
  const add = new Set([...capabilities.map((name) => name.toUpperCase()), ...LAUNCHER_CAPABILITIES]);
  return { ...common, capabilities: { drop: ["ALL"], add: [...add].sort() }, seccompProfile: { type: profile.seccomp } };
}
