/** @module The group's volumes and where its tasks mount them. Used by acceptTask and podForTask. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { Profile } from "../api/bridge-config.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import type { Chroot } from "./chroot-mounts.ts";
import { isSubdomain } from "./object-names.ts";
import { READ_ONLY, type Volume, type VolumeMount } from "./pod-parts.ts";
import { firstRefusal, firstTwice, type Refusal } from "./refusal.ts";

type VolumeSpec = ExecTaskSpec["volumes"][number];
type MountSpec = TaskSpec["volumeMounts"][number];

/** Task directories, ours, and the system's; and the files that the container runtime writes for each container. */
const TAKEN = ["/alloc", "/local", "/secrets", "/tmp", "/nomad-bridge", "/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];
/** Those of them that nothing may be mounted below, either. */
const CLOSED = ["/secrets", "/nomad-bridge", "/proc", "/sys", "/dev"];
/**
 * What is in these outlives a container, and the task writes it: a link there would lead the mount anywhere at the next start, over the
 * launcher too, which runs as root. And the launcher's own writes below them are not meant for a volume.
 */
const WRITTEN = ["/alloc", "/local", "/tmp"];

const refused = (message: string): Refusal => ({ reason: "VolumeRefused", message });

export function checkVolumes({ volumes }: ExecTaskSpec, profile: Profile): Refusal | undefined {
  const twice = firstTwice(volumes.map(({ name }) => name));
  if (twice !== undefined) return refused(`two volumes are named "${twice}"; give each a name of its own`);
  return firstRefusal(volumes, ({ name, type, source }) => {
    if (type === "csi") return isSubdomain(source) ? undefined : refused(`volume "${name}": "${source}" cannot be the name of a PersistentVolumeClaim`);
    if (hostVolume(source, profile) !== undefined) return undefined;
    const names = profile.hostVolumes.map((each) => each.name).join(", ");
    return refused(`volume "${name}": profile "${profile.name}" has no host volume "${source}"; it has: ${names || "none"}`);
  });
}

export function checkVolumeMounts({ volumeMounts }: TaskSpec, { volumes }: ExecTaskSpec, chroot: Chroot): Refusal | undefined {
  const twice = firstTwice(volumeMounts.map(({ destination }) => cleanPath(destination)));
  if (twice !== undefined) return refused(`two volumes are mounted at "${twice}"; give each a place of its own`);
  return firstRefusal(volumeMounts, (mount) => {
    if (!volumes.some(({ name }) => name === mount.volume)) {
      return refused(`volumeMounts: no volume is named "${mount.volume}"; there is: ${volumes.map(({ name }) => name).join(", ") || "none"}`);
    }
    if (mount.propagationMode === "bidirectional") {
      return refused(`volume "${mount.volume}": propagationMode "bidirectional" needs a privileged container, which no task is given; use "host-to-task"`);
    }
    return checkDestination(mount, chroot) ?? checkParents(mount, volumeMounts, chroot);
  });
}

/** Every directory above a mount point must be one that no task can put a link in the place of. */
function checkParents({ volume, destination }: MountSpec, mounts: readonly MountSpec[], { kind, entries }: Chroot): Refusal | undefined {
  const problem = (why: string) => refused(`volume "${volume}" cannot be mounted at "${destination}": ${why}`);
  const path = cleanPath(destination);
  const written = [...WRITTEN, ...mounts.map((each) => cleanPath(each.destination))].find((each) => isBelow(path, each));
  if (written !== undefined) return problem(`the task writes what is in ${written}, and a link there would lead the mount elsewhere; choose a place that is not below it`);
  const isCopied = kind === "hostCopy" && entries.some(({ task }) => isBelow(path, task));
  if (!isCopied || entries.some(({ task }) => task === path.slice(0, path.lastIndexOf("/")))) return undefined;
  return problem("the task may write what is copied from the node, and a link there would lead the mount elsewhere; choose a place that is right below a path of the profile, or below none");
}

function checkDestination({ volume, destination }: MountSpec, { kind, entries }: Chroot): Refusal | undefined {
  const problem = (why: string) => refused(`volume "${volume}" cannot be mounted at "${destination}": ${why}`);
  if (destination.includes("${")) return problem("it is interpolated when the task runs, and the mount is made before that; write the path out");
  if (!destination.startsWith("/") || /[:\0]/.test(destination) || destination.split("/").includes("..")) {
    return problem('it must be an absolute path without ".." and ":"');
  }
  const path = cleanPath(destination);
  if (path === "/") return problem("it is the task's root");
  const paths = kind === "host" || kind === "hostCopy" ? entries : [];
  const covered = [...TAKEN, ...paths.map(({ task }) => task)].find((each) => each === path || isBelow(each, path));
  if (covered !== undefined) return problem(`"${covered}" is there already; choose another place`);
  const closed = CLOSED.find((each) => isBelow(path, each));
  if (closed !== undefined) return problem(`nothing may be mounted below ${closed}; choose another place`);
  const above = paths.find(({ task }) => isBelow(path, task));
  if (above?.type === "File") return problem(`"${above.task}" is a file; choose another place`);
  if (above !== undefined && kind === "host") return problem(`"${above.task}" is the node's own and read-only, so that no mount point can be made below it; choose another place`);
  return undefined;
}

const isBelow = (path: string, parent: string): boolean => path.startsWith(`${parent}/`);

/** Without doubled slashes, "." and a slash at the end. */
function cleanPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}

const hostVolume = (source: string, profile: Profile) => profile.hostVolumes.find(({ name }) => name === source);

/** All of the group's, mounted or not: as on Nomad a node that lacks one is no node for the group. */
export const podVolumes = ({ volumes }: ExecTaskSpec, profile: Profile): readonly Volume[] => volumes.map((volume, i) => podVolume(volume, `volume-${i}`, profile));

function podVolume({ type, source, readOnly }: VolumeSpec, name: string, profile: Profile): Volume {
  if (type === "csi") return { name, persistentVolumeClaim: { claimName: source, ...(readOnly ? { readOnly } : {}) } };
  return { name, hostPath: { path: hostVolume(source, profile)?.path, type: "Directory" } };
}

/** Read-only where the mount, the volume or the profile says so. */
export function taskVolumeMounts({ volumeMounts }: TaskSpec, { volumes }: ExecTaskSpec, profile: Profile): readonly VolumeMount[] {
  return volumeMounts.map(({ volume, destination, readOnly, propagationMode }) => {
    const i = volumes.findIndex(({ name }) => name === volume);
    const spec = volumes[i];
    const isReadOnly = readOnly || spec?.readOnly === true || (spec?.type === "host" && hostVolume(spec.source, profile)?.readOnly === true);
    const mount = { name: `volume-${i}`, mountPath: cleanPath(destination) };
    // Kubernetes takes recursiveReadOnly with private mounts alone.
    if (propagationMode === "host-to-task") return { ...mount, ...(isReadOnly ? { readOnly: true } : {}), mountPropagation: "HostToContainer" };
    return { ...mount, ...(isReadOnly ? READ_ONLY : {}), mountPropagation: "None" };
  });
}

/** For the launcher's command search. */
export const mountDestinations = ({ volumeMounts }: TaskSpec): readonly string[] => volumeMounts.map(({ destination }) => cleanPath(destination));
