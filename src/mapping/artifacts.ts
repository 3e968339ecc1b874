/** @module What a task fetches before it starts: checks, the document's list, and the container that fetches. Used by acceptTask and podForTask. */
import type { Profile } from "../api/bridge-config.ts";
import type { ArtifactSpec, TaskSpec } from "../api/task-fields.ts";
import { CREDENTIALS_DIR, type DocumentArtifact, NODE_NAME_ENV, POD_UID_ENV } from "../contract/launcher-document.ts";
import type { Chroot } from "./chroot-mounts.ts";
import { isSubdomain } from "./object-names.ts";
import { type ContainerPart, fieldEnv, helperSecurity, type Mounts } from "./pod-parts.ts";
import { firstRefusal, type Refusal } from "./refusal.ts";
import type { MappedTask } from "./group-tasks.ts";

export const hasArtifacts = (spec: TaskSpec): boolean => spec.artifacts.length > 0 || spec.artifactSource !== undefined;

export function checkArtifacts(spec: TaskSpec): Refusal | undefined {
  const refused = (message: string): Refusal => ({ reason: "ArtifactRefused", message });
  if (spec.checksum !== undefined && spec.artifactSource === undefined) return refused(`checksum "${spec.checksum}" is for artifactSource, which is not set; in artifacts it is options.checksum`);
  if (spec.artifactSource !== undefined && fileName(spec.artifactSource) === "") return refused(`artifactSource "${spec.artifactSource}" does not end in the name of a file; use artifacts, with a destination`);
  return firstRefusal(spec.artifacts, ({ source, destination, credentials }) => {
    if (escapes(destination)) return refused(`failed to download artifact "${source}": artifact destination path escapes alloc directory`);
    if (credentials !== undefined && !isSubdomain(credentials)) return refused(`artifact "${source}": credentials "${credentials}" cannot be the name of a Secret`);
    return undefined;
  });
}

/** Users that the image of `fetch` knows by itself. */
const FETCH_USERS = ["root", "nobody"];

/** `fetch` runs as the task's user, and outside of its image: a name that only the image can tell is of no use to it. */
export function checkFetchUser(spec: TaskSpec, { name, users }: Profile, { entries }: Chroot): Refusal | undefined {
  const isTold = /^[0-9]+$/.test(spec.user) || Object.hasOwn(users, spec.user) || FETCH_USERS.includes(spec.user) || entries.some(({ task }) => task === "/etc/passwd");
  if (!hasArtifacts(spec) || isTold) return undefined;
  const where = `in users of profile "${name}", or in an /etc/passwd that its chroot has from the node`;
  return { reason: "ArtifactRefused", message: `artifacts are fetched as user "${spec.user}", who must be ${where}; name the user there, or give the uid` };
}

/**
 * Whether a path below the task's directory leads out of what the task may write: its own directory and ../alloc. What is interpolated
 * is judged where it is known, by `fetch` and by the launcher.
 */
export function escapes(path: string): boolean {
  const inside: string[] = [];
  let isOut = false;
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      if (isOut && inside.length === 0 && part !== "alloc" && !part.includes("${")) return true;
      inside.push(part);
    } else if (inside.length > 0) inside.pop();
    else if (isOut) return true;
    else isOut = true;
  }
  return isOut && inside.length === 0;
}

/** artifact_source first, as on Nomad 0.2, where it was all there was. */
export function documentArtifacts({ artifacts, artifactSource, checksum }: TaskSpec): readonly DocumentArtifact[] {
  return [...(artifactSource === undefined ? [] : [legacyArtifact(artifactSource, checksum)]), ...artifacts.map(documentArtifact)];
}

const documentArtifact = ({ source, destination, mode, options, headers, insecure, credentials }: ArtifactSpec): DocumentArtifact => ({
  source,
  destination,
  mode,
  options,
  headers,
  insecure,
  credentials: credentials ?? "",
  executable: false,
});

const legacyArtifact = (source: string, checksum: string | undefined): DocumentArtifact => ({
  source,
  destination: `local/${fileName(source)}`,
  mode: "file",
  options: checksum === undefined ? {} : { checksum },
  headers: {},
  insecure: false,
  credentials: "",
  executable: true,
});

/** Last part of the path of a URL; empty where there is none. */
function fileName(source: string): string {
  const path = source.replace(/[?#].*$/s, "").replace(/^[a-z0-9]+::/, "").replace(/^[a-z0-9+.-]+:\/\/[^/]*/i, "");
  const name = path.split("/").at(-1) ?? "";
  return name === "." || name === ".." ? "" : name;
}

/** Secrets that some artifact of the group names, in order: the position is the volume's. */
export const credentialSecrets = (tasks: readonly MappedTask[]): readonly string[] => [
  ...new Set(tasks.flatMap(({ spec }) => spec.artifacts.flatMap(({ credentials }) => credentials ?? []))),
];

/** Where `fetch` finds them, and no task does. */
function credentialMounts({ spec }: MappedTask, secrets: readonly string[]): Mounts {
  const own = secrets.map((secretName, i) => ({ secretName, name: `credentials-${i}` })).filter(({ secretName }) => spec.artifacts.some(({ credentials }) => credentials === secretName));
  return {
    volumes: own.map(({ name, secretName }) => ({ name, secret: { secretName, defaultMode: 0o400 } })),
    volumeMounts: own.map(({ name, secretName }) => ({ name, mountPath: `${CREDENTIALS_DIR}/${secretName}`, readOnly: true })),
  };
}

/**
 * Little is reserved, as it runs before the task and only for a while. The limit costs nobody anything: unpacking zstd takes 128 MiB,
 * git's index of a large repository more, and what is written to /secrets counts as well.
 */
const FETCH_RESOURCES = { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "512Mi" } };

/** It starts as root to read its document, and fetches as the task's user. */
const FETCH_CAPABILITIES = ["SETGID", "SETUID"];

export type FetchInputs = { readonly image: string; readonly secrets: readonly string[]; readonly mounts: Mounts };

/** @param inputs.mounts what it has in common with the task's own container */
export function fetchContainer(task: MappedTask, { image, secrets, mounts }: FetchInputs): ContainerPart {
  const credentials = credentialMounts(task, secrets);
  return {
    volumes: [...mounts.volumes, ...credentials.volumes],
    container: {
      name: `nb-fetch-${task.position}`,
      image,
      imagePullPolicy: "IfNotPresent",
      command: ["/nomad-bridge/fetch"],
      env: [fieldEnv(POD_UID_ENV, "metadata.uid"), fieldEnv(NODE_NAME_ENV, "spec.nodeName")],
      resources: FETCH_RESOURCES,
      securityContext: helperSecurity(FETCH_CAPABILITIES),
      volumeMounts: [...mounts.volumeMounts, ...credentials.volumeMounts],
    },
  };
}
