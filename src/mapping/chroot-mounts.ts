/** @module A task's root file system as volumes and mounts, for each kind of chroot, and the containers that prepare it. Used by podForTask. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { Profile } from "../api/bridge-config.ts";
import { LAUNCHER_PATH } from "../contract/launcher-document.ts";
import { type MappedTask, ofTask } from "./group-tasks.ts";
import { type ContainerPart, helperSecurity, type Mounts, READ_ONLY, type Volume, type VolumeMount } from "./pod-parts.ts";
import { firstTwice, type Refusal } from "./refusal.ts";

/** Where the node's whole root is for raw_exec. */
const HOST_ROOT = "/nomad-bridge/host-root";
/** Where `launcher copy` reads from and writes to. */
const COPY_SOURCE = "/nomad-bridge/host";
const COPY_TARGET = "/nomad-bridge/chroot";
/** Where `launcher install` writes to; the same volume is /nomad-bridge in the tasks. */
const INSTALL_DIR = "/nomad-bridge-install";
const BRIDGE_DIR = "/nomad-bridge";

/** Volumes that are a path of the node in the task's root are named so, and a number. */
export const CHROOT_VOLUME = "chroot-";

const CERTIFICATES = "/etc/ssl/certs";

type ChrootEntry = { readonly host: string; readonly task: string; readonly type: "Directory" | "File" };

/** `node`: none, the driver raw_exec runs on the node's own root. */
export type Chroot = {
  readonly kind: Profile["chroot"]["type"] | "node";
  readonly image?: string;
  /** The node's paths that the task sees, sorted by where it sees them. */
  readonly entries: readonly ChrootEntry[];
  /** Host paths left out because the nodes are known not to have them. */
  readonly skipped: readonly string[];
};

/** @param missingPaths host paths known to be absent on the profile's nodes: Nomad skips such in silence */
export function chrootOf({ driver, chrootPaths }: ExecTaskSpec, { chroot }: Profile, missingPaths: ReadonlySet<string>): Chroot {
  const wanted = entriesOf(chroot).filter(({ task }) => chrootPaths === undefined || chrootPaths.includes(task));
  return {
    kind: driver === "raw_exec" ? "node" : chroot.type,
    ...(chroot.image === undefined ? {} : { image: chroot.image }),
    entries: wanted.filter(({ host }) => !missingPaths.has(host)),
    skipped: wanted.filter(({ host }) => missingPaths.has(host)).map(({ host }) => host),
  };
}

/** Of an image that a job names for one of its tasks. */
export const imageChroot = (image: string): Chroot => ({ kind: "image", image, entries: [], skipped: [] });

/** An image brings all that its tasks see. */
function entriesOf(chroot: Profile["chroot"]): readonly ChrootEntry[] {
  if (chroot.type === "image") return [];
  return [
    ...chroot.directories.map(({ host, task = host }) => ({ host, task, type: "Directory" as const })),
    ...chroot.files.map(({ host, task = host }) => ({ host, task, type: "File" as const })),
  ].sort((a, b) => (a.task < b.task ? -1 : 1));
}

/** Places of a task that are never the node's. */
const KEPT = ["/alloc", "/local", "/secrets", "/tmp", BRIDGE_DIR, "/proc", "/sys", "/dev"];

export function checkChroot({ chroot: asked, chrootPaths }: ExecTaskSpec, { name, chroot }: Profile): Refusal | undefined {
  const refused = (message: string): Refusal => ({ reason: "ChrootRefused", message });
  if (asked !== undefined && asked !== chroot.type) {
    return refused(`chroot "${asked}" is not what profile "${name}" gives, which is "${chroot.type}"; leave chroot out, or choose a profile of that kind`);
  }
  if (chroot.type === "image" && chroot.image === undefined) return refused(`chroot of profile "${name}" is of type image and names no image; set chroot.image there`);
  const offered = entriesOf(chroot).map(({ task }) => task);
  const unknown = chrootPaths?.find((path) => !offered.includes(path));
  if (unknown !== undefined) return refused(`chrootPaths: "${unknown}" is not among the paths of profile "${name}": ${offered.join(", ") || "none, as its chroot is an image"}`);
  const twice = firstTwice(offered);
  if (twice !== undefined) return refused(`chroot of profile "${name}" has two paths for "${twice}" in the task; give each a place of its own`);
  const kept = offered.find((path) => KEPT.some((each) => path === each || path.startsWith(`${each}/`)));
  if (kept !== undefined) return refused(`chroot of profile "${name}" puts a path of the node at "${kept}", which is the task's own or the system's; give it another place`);
  return undefined;
}

/** What the task's own container sees of it. @param several whether the group has other tasks */
export function chrootMounts(chroot: Chroot, task: MappedTask, several: boolean): Mounts {
  switch (chroot.kind) {
    case "host":
      return nodePaths(chroot, (entry) => entry.task);
    case "hostCopy":
      return {
        volumes: [COPY_VOLUME],
        volumeMounts: chroot.entries.map((entry) => ({ name: COPY_VOLUME.name, mountPath: entry.task, subPath: `${copyOf(task, several)}${entry.task.slice(1)}` })),
      };
    case "image":
      return { volumes: [LAUNCHER_VOLUME], volumeMounts: [{ name: LAUNCHER_VOLUME.name, mountPath: BRIDGE_DIR, readOnly: true }] };
    case "node":
      return {
        volumes: [{ name: "host-root", hostPath: { path: "/", type: "Directory" } }],
        volumeMounts: [{ name: "host-root", mountPath: HOST_ROOT, mountPropagation: "HostToContainer" }],
      };
  }
}

/**
 * Only in an image may a task write to / itself, as on Nomad: the launcher's own image is nothing that a task may write to, as
 * exec sessions begin with its program.
 */
export const isRootReadOnly = ({ kind }: Chroot): boolean => kind !== "image";

/** What `fetch` sees of the node's paths: the user table, the name service and the certificates that servers are judged by. */
export function fetchChrootMounts(chroot: Chroot): Mounts {
  return nodePaths(chroot, (entry) => (entry.type === "File" || entry.task === CERTIFICATES ? entry.task : undefined));
}

/** The containers that run before all others, so that the tasks find a root file system. */
export function chrootContainers(tasks: readonly (MappedTask & { readonly chroot: Chroot })[], launcherImage: string): readonly ContainerPart[] {
  const copied = tasks.filter(({ chroot }) => chroot.kind === "hostCopy");
  return [
    ...(tasks.some(({ chroot }) => chroot.kind === "image") ? [installContainer(launcherImage)] : []),
    ...copied.map((task) => copyContainer(task.chroot, { task, several: tasks.length > 1, launcherImage })),
  ];
}

const LAUNCHER_VOLUME: Volume = { name: "launcher", emptyDir: {} };
const COPY_VOLUME: Volume = { name: "chroot", emptyDir: {} };

/** Each task of a group has a copy of its own, as on Nomad. */
const copyOf = (task: MappedTask, several: boolean): string => (several ? `${task.position}/` : "");

/** `type` makes kubelet check that the path exists; without it the container runtime would make an empty directory on the node. */
function nodePaths({ entries }: Chroot, placeOf: (entry: ChrootEntry) => string | undefined): Mounts {
  const mounted = entries.flatMap((entry, i) => {
    const mountPath = placeOf(entry);
    return mountPath === undefined ? [] : [{ entry, name: `${CHROOT_VOLUME}${i}`, mountPath }];
  });
  return {
    volumes: mounted.map(({ name, entry: { host, type } }) => ({ name, hostPath: { path: host, type } })),
    volumeMounts: mounted.map(({ name, mountPath }) => ({ name, mountPath, ...READ_ONLY })),
  };
}

/** It writes a few MB and needs next to nothing itself. */
const INSTALL_RESOURCES = { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } };
/** What it copies counts as its memory only until the kernel has written it out. */
const COPY_RESOURCES = { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } };

/**
 * Owners, modes, set-id bits and file capabilities are kept, and files are read that only their owner may read. Not DAC_READ_SEARCH: it
 * opens files by handle, past every mount, and would make the pod one that reaches its node.
 */
const COPY_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP"];

function installContainer(image: string): ContainerPart {
  const volumeMounts: readonly VolumeMount[] = [{ name: LAUNCHER_VOLUME.name, mountPath: INSTALL_DIR }];
  return {
    volumes: [LAUNCHER_VOLUME],
    container: {
      name: "nb-install",
      image,
      imagePullPolicy: "IfNotPresent",
      command: [LAUNCHER_PATH, "install", INSTALL_DIR],
      resources: INSTALL_RESOURCES,
      securityContext: helperSecurity([]),
      volumeMounts,
    },
  };
}

type CopyFor = { readonly task: MappedTask; readonly several: boolean; readonly launcherImage: string };

function copyContainer(chroot: Chroot, { task, several, launcherImage }: CopyFor): ContainerPart {
  const { volumes, volumeMounts } = nodePaths(chroot, (entry) => `${COPY_SOURCE}${entry.task}`);
  const target: VolumeMount = { name: COPY_VOLUME.name, mountPath: COPY_TARGET, ...(several ? { subPath: String(task.position) } : {}) };
  return {
    volumes: [...volumes, COPY_VOLUME],
    container: {
      name: ofTask("nb-copy", task),
      image: launcherImage,
      imagePullPolicy: "IfNotPresent",
      command: [LAUNCHER_PATH, "copy"],
      resources: COPY_RESOURCES,
      securityContext: helperSecurity(COPY_CAPABILITIES),
      volumeMounts: [...volumeMounts, target],
    },
  };
}
