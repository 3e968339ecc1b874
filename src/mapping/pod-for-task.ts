/**
 * @module One allocation of an ExecTask as a pod: the whole way from Nomad's words to Kubernetes'. Pure: the same input gives the
 * same bytes. Used by the controller.
 */
import { type ExecTask, type ExecTaskSpec, execTaskSpec, type Finding } from "../api/exec-task.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { KubeObject } from "../api/meta.ts";
import { PROTOCOL_VERSION } from "../contract/frames.ts";
import { LAUNCHER_PATH, type LauncherDocument, MAX_DOCUMENT_BYTES, POD_UID_ENV } from "../contract/launcher-document.ts";
import { ANNOTATION, LABEL } from "../contract/pod-metadata.ts";
import { durationMs } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { effectiveCapabilities } from "../nomad/driver/capabilities.ts";
import { allocationPodName, groupObjectName, type Sha256 } from "./object-names.ts";
import { findingsFor } from "./findings.ts";
import { taskMounts } from "./pod-parts.ts";
import { containerResources } from "./resources.ts";
import { taskEnvironment, type TaskIdentity } from "./task-environment.ts";

/** Kubelet needs a moment beyond kill_timeout: the launcher sends SIGKILL itself and reports it. */
const GRACE_SECONDS = 2;

/** Why a task cannot run here. `reason` is a condition's CamelCase reason, `message` has Nomad's text where Nomad has one. */
export type Refusal = { readonly reason: string; readonly message: string };

/** A task that has passed every check that needs no node, with its defaults filled in. */
export type AcceptedTask = {
  readonly task: ExecTask;
  readonly spec: ExecTaskSpec;
  readonly profile: Profile;
  readonly config: BridgeConfigSpec;
  readonly capabilities: readonly string[];
  readonly groupName: string;
  /** Changes exactly when what runs would change; count is not part of it. */
  readonly specHash: string;
  readonly findings: readonly Finding[];
};

/** Names of the images that pods are made of: the launcher's, and that of `fetch`, which brings artifacts. */
export type TaskImages = { readonly launcher: string; readonly fetch: string };

export type AllocationPlace = { readonly index: number; readonly serial: number; readonly reschedules: number };

export type NodeKnowledge = {
  /** Host paths known to be absent: as on Nomad they are left out of the chroot. */
  readonly missingPaths?: ReadonlySet<string>;
};

/** Checks a task against the profiles that its namespace may use. Nothing is made yet. */
export function acceptTask(task: ExecTask, config: BridgeConfigSpec, sha256: Sha256, { missingPaths = new Set() }: NodeKnowledge = {}): Result<AcceptedTask, Refusal> {
  const parsed = execTaskSpec.safeParse(task.spec);
  if (!parsed.success) return err({ reason: "InvalidSpec", message: parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ") });
  const spec = parsed.data;
  const profile = profileFor(task, spec, config);
  if (!profile.ok) return profile;
  const isolation = checkIsolation(spec, profile.value);
  if (isolation !== undefined) return err(isolation);
  const capabilities = effectiveCapabilities({ capAdd: spec.capAdd, capDrop: spec.capDrop, allowCaps: profile.value.allowCaps });
  if (!capabilities.ok) return err({ reason: "CapabilityRefused", message: capabilities.error });
  const { count: _, ...running } = spec;
  return ok({
    task,
    spec,
    profile: withoutPaths(profile.value, missingPaths),
    config,
    capabilities: capabilities.value,
    groupName: groupObjectName(sha256, identityOf(task)),
    specHash: sha256(JSON.stringify(sortKeys(running))),
    findings: findingsFor(spec, profile.value),
  });
}

function withoutPaths(profile: Profile, missing: ReadonlySet<string>): Profile {
  const { directories, files } = profile.chroot;
  const isThere = ({ host }: { readonly host: string }) => !missing.has(host);
  return { ...profile, chroot: { ...profile.chroot, directories: directories.filter(isThere), files: files.filter(isThere) } };
}

/** The pod of one allocation. The only error is a task too large for the launcher's document. */
export function podForTask(accepted: AcceptedTask, place: AllocationPlace, images: TaskImages): Result<KubeObject, Refusal> {
  const document = JSON.stringify(launcherDocument(accepted, place.index));
  const bytes = new TextEncoder().encode(document).length;
  if (bytes > MAX_DOCUMENT_BYTES) {
    return err({
      reason: "TaskTooLarge",
      message: `command, args, env and meta together are ${bytes} bytes, more than the ${MAX_DOCUMENT_BYTES} that fit; move large values into a file`,
    });
  }
  return ok({ apiVersion: "v1", kind: "Pod", metadata: podMetadata(accepted, place, document), spec: podSpec(accepted, images) } as KubeObject);
}

/** An ExecTask is a job of one group of one task, all three of its own name. */
export function identityOf(task: ExecTask): { readonly namespace: string; readonly jobId: string; readonly group: string; readonly task: string } {
  const { name, namespace } = task.metadata;
  return { namespace: namespace ?? "default", jobId: name, group: name, task: name };
}

/** Container names are DNS labels of at most 63 characters; a task's name need not be. */
export function containerName(taskName: string): string {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(taskName) ? taskName : "task";
}

function profileFor(task: ExecTask, spec: ExecTaskSpec, config: BridgeConfigSpec): Result<Profile, Refusal> {
  const namespace = identityOf(task).namespace;
  const granted = config.profiles.filter((p) => p.namespaces.includes(namespace) || p.namespaces.includes("*"));
  const profile = spec.profile === undefined ? granted[0] : granted.find((p) => p.name === spec.profile);
  if (profile !== undefined) return ok(profile);
  const wanted = spec.profile === undefined ? "no profile" : `no profile named "${spec.profile}"`;
  return err({
    reason: "ProfileNotGranted",
    message: `${wanted} of BridgeConfig "default" lists namespace "${namespace}"; add it to a profile's namespaces (granted: ${granted.map((p) => p.name).join(", ") || "none"})`,
  });
}

function checkIsolation(spec: ExecTaskSpec, profile: Profile): Refusal | undefined {
  if (spec.pidMode === "host" && !profile.allowHostPid) {
    return { reason: "HostNamespaceRefused", message: `pid_mode "host" is not allowed by profile "${profile.name}"; set allowHostPid there or leave pidMode out` };
  }
  if (spec.ipcMode === "host" && !profile.allowHostIpc) {
    return { reason: "HostNamespaceRefused", message: `ipc_mode "host" is not allowed by profile "${profile.name}"; set allowHostIpc there or leave ipcMode out` };
  }
  if ((spec.user === "root" || spec.user === "0") && !profile.allowRoot) {
    return { reason: "UserRefused", message: 'running as user "root" is disallowed' };
  }
  return undefined;
}

function launcherDocument(accepted: AcceptedTask, index: number): LauncherDocument {
  const { spec, profile } = accepted;
  return {
    version: 1,
    task: identityOf(accepted.task).task,
    driver: spec.driver,
    command: spec.command,
    args: spec.args,
    workDir: spec.workDir === "" ? "/" : spec.workDir,
    env: taskEnvironment(spec, taskIdentity(accepted, index)),
    taskEnv: spec.env,
    nodeValues: false,
    bareVariables: false,
    user: spec.user,
    users: Object.fromEntries(Object.entries(profile.users).map(([name, { uid, gid, home }]) => [name, { uid, gid, ...(home === undefined ? {} : { home }) }])),
    deniedUids: profile.deniedHostUids,
    deniedGids: profile.deniedHostGids,
    allowRoot: profile.allowRoot,
    capabilities: accepted.capabilities.map((name) => `CAP_${name.toUpperCase()}`),
    mounts: [],
    artifacts: [],
    fetch: fetchLimits(profile.artifacts),
    templates: [],
    payloadFile: "",
    logs: { maxFiles: spec.logs.maxFiles, maxFileBytes: spec.logs.maxFileSize * BYTES_PER_MB, disabled: spec.logs.disabled },
    killSignal: spec.killSignal,
    killTimeoutMs: killTimeoutMs(spec, profile),
    shutdownDelayMs: milliseconds(spec.shutdownDelay),
    restartOnSuccess: true,
    restart: {
      attempts: spec.restart.attempts,
      intervalMs: milliseconds(spec.restart.interval),
      delayMs: milliseconds(spec.restart.delay),
      mode: spec.restart.mode,
      renderTemplates: spec.restart.renderTemplates,
    },
    lifecycle: { hook: "", sidecar: false, leader: spec.leader, mains: [], leaderTask: "" },
  };
}

/** Nomad counts log sizes and artifact limits in units of 1024 * 1024 bytes. */
const BYTES_PER_MB = 1024 * 1024;

const fetchLimits = ({ maxSizeMiB, maxFiles, maxRatio, timeout, allowNetworks }: Profile["artifacts"]): LauncherDocument["fetch"] => ({
  maxBytes: maxSizeMiB * BYTES_PER_MB,
  maxFiles,
  maxRatio,
  timeoutMs: milliseconds(timeout),
  allowNetworks,
  denyNetworks: [],
});

const taskIdentity = ({ task, config }: AcceptedTask, index: number): TaskIdentity => ({
  ...identityOf(task),
  region: config.region,
  datacenter: config.datacenter,
  index,
});

function podMetadata(accepted: AcceptedTask, place: AllocationPlace, document: string) {
  const { task, groupName, specHash } = accepted;
  const identity = identityOf(task);
  return {
    name: allocationPodName(groupName, place.index, place.serial),
    namespace: identity.namespace,
    labels: { [LABEL.managed]: "true", [LABEL.task]: groupName, [LABEL.index]: String(place.index) },
    annotations: {
      [ANNOTATION.namespace]: identity.namespace,
      [ANNOTATION.jobId]: identity.jobId,
      [ANNOTATION.group]: identity.group,
      [ANNOTATION.task]: identity.task,
      [ANNOTATION.profile]: accepted.profile.name,
      [ANNOTATION.jobVersion]: String((task.metadata.generation ?? 1) - 1),
      [ANNOTATION.specHash]: specHash,
      [ANNOTATION.reschedules]: String(place.reschedules),
      [ANNOTATION.launcherProtocol]: String(PROTOCOL_VERSION),
      [ANNOTATION.launcher]: document,
    },
    ownerReferences: [
      { apiVersion: task.apiVersion, kind: task.kind, name: task.metadata.name, uid: task.metadata.uid ?? "", controller: true, blockOwnerDeletion: true },
    ],
  };
}

function podSpec(accepted: AcceptedTask, images: TaskImages) {
  const { spec, profile } = accepted;
  const { volumes, volumeMounts } = taskMounts(profile.chroot);
  const hostPid = (spec.pidMode ?? profile.defaultPidMode) === "host";
  const hostIpc = (spec.ipcMode ?? profile.defaultIpcMode) === "host";
  return {
    restartPolicy: "Always",
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: Math.ceil(killTimeoutMs(spec, profile) / 1000) + GRACE_SECONDS,
    ...(hostPid ? { hostPID: true } : {}),
    ...(hostIpc ? { hostIPC: true } : {}),
    ...(Object.keys(profile.nodeSelector).length === 0 ? {} : { nodeSelector: profile.nodeSelector }),
    volumes,
    containers: [
      {
        name: containerName(identityOf(accepted.task).task),
        image: images.launcher,
        imagePullPolicy: "IfNotPresent",
        command: [LAUNCHER_PATH, "run"],
        env: [{ name: POD_UID_ENV, valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }],
        resources: containerResources(spec.resources, profile.mhzPerCore),
        securityContext: securityContext(accepted.capabilities),
        volumeMounts,
      },
    ],
  };
}

/** The launcher needs these three to become the task's user with exactly the task's capabilities; it keeps them from the task. */
const LAUNCHER_CAPABILITIES = ["SETGID", "SETPCAP", "SETUID"];

function securityContext(capabilities: readonly string[]) {
  const add = new Set([...capabilities.map((name) => name.toUpperCase()), ...LAUNCHER_CAPABILITIES]);
  return {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"], add: [...add].sort() },
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** As on Nomad, the operator's limit holds in silence for the scheduler; a finding says so. */
const killTimeoutMs = (spec: ExecTaskSpec, profile: Profile) => Math.min(milliseconds(spec.killTimeout), milliseconds(profile.maxKillTimeout));

const milliseconds = (text: string): number => Math.round(durationMs(text));

/** Key order must not change the hash: an apply from another client may order a map differently. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sortKeys(inner)]));
}
