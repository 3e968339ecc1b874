/** @module Volumes and mounts of a task's container: the chroot, Nomad's task directories, and what the launcher needs. Used by podForTask. */
import type { Profile } from "../api/bridge-config.ts";
import { DOCUMENT_PATH, STATE_DIR } from "../contract/launcher-document.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";

export type Volume = { readonly name: string; readonly [source: string]: unknown };
export type VolumeMount = {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: "IfPossible";
};

export type Mounts = { readonly volumes: readonly Volume[]; readonly volumeMounts: readonly VolumeMount[] };

const TASK_DIRECTORIES = ["/alloc", "/local", "/tmp"] as const;

export function taskMounts(chroot: Profile["chroot"]): Mounts {
  return join([hostMounts(chroot), taskDirectories(), launcherMounts()]);
}

/** `type` makes kubelet check that the path exists; without it the container runtime would make an empty directory on the node. */
function hostMounts(chroot: Profile["chroot"]): Mounts {
  const entries = [
    ...chroot.directories.map(({ host, task = host }) => ({ from: host, to: task, type: "Directory" })),
    ...chroot.files.map(({ host, task = host }) => ({ from: host, to: task, type: "File" })),
  ].sort((a, b) => (a.to < b.to ? -1 : 1));
  return {
    volumes: entries.map(({ from, type }, i) => ({ name: `chroot-${i}`, hostPath: { path: from, type } })),
    volumeMounts: entries.map(({ to }, i) => ({ name: `chroot-${i}`, mountPath: to, readOnly: true, recursiveReadOnly: "IfPossible" })),
  };
}

/** A volume each; /secrets lives in memory, as on Nomad. */
function taskDirectories(): Mounts {
  return {
    volumes: [
      ...TASK_DIRECTORIES.map((path) => ({ name: path.slice(1), emptyDir: {} })),
      { name: "secrets", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    ],
    volumeMounts: [
      ...TASK_DIRECTORIES.map((path) => ({ name: path.slice(1), mountPath: path })),
      { name: "secrets", mountPath: "/secrets" },
    ],
  };
}

/** By subPath the document does not change under a running container; between two, the admission policies keep the annotation. */
function launcherMounts(): Mounts {
  const item = { path: "task.json", fieldRef: { fieldPath: `metadata.annotations['${ANNOTATION.launcher}']` } };
  return {
    volumes: [
      { name: "document", downwardAPI: { defaultMode: 0o400, items: [item] } },
      { name: "state", emptyDir: {} },
    ],
    volumeMounts: [
      { name: "document", mountPath: DOCUMENT_PATH, subPath: "task.json", readOnly: true },
      { name: "state", mountPath: STATE_DIR },
    ],
  };
}

const join = (parts: readonly Mounts[]): Mounts => ({
  volumes: parts.flatMap((part) => part.volumes),
  volumeMounts: parts.flatMap((part) => part.volumeMounts),
});
