/**
 * @module One allocation of an ExecTask as a pod: the whole way from Nomad's words to Kubernetes'. Pure: the same input gives the
 * same bytes. Used by the controller.
 */
import { canonicalJson } from "../lib/canonical-json.ts";
import { type ExecTask, type ExecTaskSpec, execTaskSpec } from "../api/exec-task.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { KubeObject } from "../api/meta.ts";
import { PROTOCOL_VERSION } from "../contract/frames.ts";
import { ANNOTATION, LABEL } from "../contract/pod-metadata.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type AcceptedGroup, type AcceptedMember, type AcceptedTask, groupOfTask, type JobGroup, type TaskImages } from "./accepted-task.ts";
import { checkFetchUser } from "./artifacts.ts";
import { checkChroot, type Chroot, chrootContainers, chrootOf, imageChroot } from "./chroot-mounts.ts";
import { checkGroup, groupTasks, isInit, type MappedTask, podTasks, runsToItsEnd } from "./group-tasks.ts";
import { groupFindings } from "./job/group-findings.ts";
import { hashedTerms } from "./job/group-terms.ts";
import { networkFields, podPorts } from "./job/pod-network.ts";
import { leftOutAnnotation } from "./job/placement/left-out.ts";
import { placementFields } from "./job/placement/pod-placement.ts";
import { launcherDocuments } from "./launcher-documents.ts";
import type { NodeSource } from "./node-facts.ts";
import { needsNodeValues } from "./node-values.ts";
import { allocationPodName, groupObjectName, type Sha256 } from "./object-names.ts";
import { type ContainerPart, uniqueVolumes } from "./pod-parts.ts";
import type { Refusal } from "./refusal.ts";
import { gracePeriodSeconds } from "./stop-times.ts";
import { capabilitiesOf, checkDriver, checkIsolation, checkTask, jobProfiles, profileFor } from "./task-checks.ts";
import { taskContainer, taskFetch } from "./task-container.ts";
import { checkVolumeMounts, checkVolumes, podVolumes } from "./volumes.ts";

export { type AcceptedGroup, type AcceptedTask, identityOf, type JobGroup, type TaskImages } from "./accepted-task.ts";
export { containerName } from "./group-tasks.ts";
export type { Refusal } from "./refusal.ts";

export type AllocationPlace = {
  readonly index: number;
  readonly serial: number;
  readonly reschedules: number;
  /** The cluster's nodes as they are now, for the constraints of a Nomad job; undefined: nothing is asked of nodes but by labels. */
  readonly nodes?: readonly NodeSource[];
};

/** What is known of the profile's nodes when a task is accepted. */
export type NodeKnowledge = {
  /** Host paths known to be absent: as on Nomad they are left out of the chroot. */
  readonly missingPaths?: ReadonlySet<string>;
};

/** As long as an index can be in a document; count is 1000 at most. */
const LONGEST_INDEX = 999;

/** An ExecTask as the group that it is. */
export function acceptTask(task: ExecTask, config: BridgeConfigSpec, sha256: Sha256, knowledge: NodeKnowledge = {}): Result<AcceptedTask, Refusal> {
  const accepted = acceptGroup(groupOfTask(task), config, sha256, knowledge);
  return accepted.ok ? ok({ ...accepted.value, task }) : accepted;
}

/**
 * Checks a group against the profiles that its namespace may use. Nothing is made yet. A Nomad job names no profile: it gets the first that
 * lets it run, as Nomad looks for nodes that can, and the first one's refusal where none does.
 */
export function acceptGroup(source: JobGroup, config: BridgeConfigSpec, sha256: Sha256, { missingPaths = new Set() }: NodeKnowledge = {}): Result<AcceptedGroup, Refusal> {
  const parsed = execTaskSpec.safeParse(source.spec);
  if (!parsed.success) return err({ reason: "InvalidSpec", message: parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ") });
  const spec = withUsers(parsed.data);
  const granted = profileFor(source.namespace, spec.profile, config);
  if (!granted.ok) return granted;
  const inputs = { config, sha256, missingPaths };
  const candidates = source.terms === undefined ? [granted.value] : jobProfiles(source, source.terms.placement.pool, config);
  const results = candidates.map((profile) => acceptUnder(source, spec, profile, inputs));
  return results.find((result) => result.ok) ?? results[0] ?? acceptUnder(source, spec, granted.value, inputs);
}

type AcceptInputs = { readonly config: BridgeConfigSpec; readonly sha256: Sha256; readonly missingPaths: ReadonlySet<string> };

function acceptUnder(source: JobGroup, spec: ExecTaskSpec, profile: Profile, { config, sha256, missingPaths }: AcceptInputs): Result<AcceptedGroup, Refusal> {
  const group = groupTasks(spec, source.task);
  const refusal = checkIsolation(spec, profile) ?? checkDriver(spec, profile) ?? checkImages(source, profile) ?? checkGroup(group) ?? checkChroot(spec, profile) ?? checkVolumes(spec, profile);
  if (refusal !== undefined) return err(source.terms === undefined ? refusal : at(source.terms.paths.group, refusal));
  const chroot = chrootOf(spec, profile, missingPaths);
  const tasks = acceptMembers(group, spec, profile, { source, chroot });
  if (!tasks.ok) return tasks;
  const { count: _, ...running } = spec;
  const accepted: AcceptedGroup = {
    source,
    spec,
    profile,
    config,
    tasks: tasks.value,
    chroot,
    groupName: groupObjectName(sha256, source),
    siblings: siblingsOf(source).map((name) => groupObjectName(sha256, { ...source, group: name })),
    // Another client may order a map differently, which must not change the hash.
    specHash: sha256(canonicalJson(source.terms === undefined ? running : { ...running, jobType: source.jobType, terms: hashedTerms(source.terms) })),
    findings: groupFindings(source, spec, profile),
    skippedPaths: chroot.skipped,
  };
  const documents = launcherDocuments(accepted, { index: LONGEST_INDEX, denyNetworks: [] });
  return documents.ok ? ok(accepted) : documents;
}

/** Only who keeps apart from all of its job has to know their names: each of them is a hash, for each group. */
const siblingsOf = ({ terms, group }: JobGroup): readonly string[] => (terms?.placement.apart.some(({ scope }) => scope === "job") === true ? terms.placement.groups : [group]);

/** The driver's own user where the spec names none: Nomad runs exec as nobody, and raw_exec as its agent, which is root. */
function withUsers(spec: ExecTaskSpec): ExecTaskSpec {
  const fallback = spec.driver === "raw_exec" ? "root" : "nobody";
  const userOf = ({ user }: { readonly user: string }) => (user === "" ? fallback : user);
  return { ...spec, user: userOf(spec), tasks: spec.tasks.map((task) => ({ ...task, user: userOf(task) })) };
}

function checkImages({ terms }: JobGroup, { name, allowDocker }: Profile): Refusal | undefined {
  const [task] = Object.keys(terms?.images ?? {});
  if (task === undefined || allowDocker) return undefined;
  return { reason: "DriverRefused", message: `missing drivers: driver "docker" of task "${task}" is not enabled in profile "${name}"; set allowDocker there or use the driver exec` };
}

/** The root file system of an image that the job names for this task, or the group's. */
function memberRoot({ terms }: JobGroup, { name }: MappedTask, chroot: Chroot): Pick<AcceptedMember, "chroot" | "pull"> {
  const own = terms?.images[name];
  return own === undefined ? { chroot, pull: "IfNotPresent" } : { chroot: imageChroot(own.image), pull: own.pull };
}

const at = (path: string, { reason, message }: Refusal): Refusal => ({ reason, message: `${path}: ${message}` });

function namedRefusal(refusal: Refusal, { name, position }: MappedTask, { terms }: JobGroup): Refusal {
  if (terms !== undefined) return at(terms.paths.tasks[position] ?? terms.paths.group, refusal);
  return position === 0 ? refusal : at(`task "${name}"`, refusal);
}

/** Of an ExecTask the first task's refusals are Nomad's own texts; those of the others say which task it is. */
function acceptMembers(
  group: readonly MappedTask[],
  spec: ExecTaskSpec,
  profile: Profile,
  { source, chroot }: { readonly source: JobGroup; readonly chroot: Chroot },
): Result<readonly AcceptedMember[], Refusal> {
  const members: AcceptedMember[] = [];
  for (const task of group) {
    const named = (refusal: Refusal) => err(namedRefusal(refusal, task, source));
    const { driver } = spec;
    const root = memberRoot(source, task, chroot);
    const refusal = checkTask(task.spec, driver, profile) ?? checkVolumeMounts(task.spec, spec, { chroot: root.chroot, profile }) ?? checkFetchUser(task.spec, profile, root.chroot);
    if (refusal !== undefined) return named(refusal);
    const capabilities = capabilitiesOf(task.spec, driver, profile);
    if (!capabilities.ok) return named(capabilities.error);
    members.push({ ...task, ...root, capabilities: capabilities.value, nodeValues: needsNodeValues(task.spec) });
  }
  return ok(members);
}

/**
 * The pod of one allocation. The only error is a group too large for the launchers' documents.
 * @param denyNetworks what `fetch` never reaches: the API server's addresses, of api-server.ts. They are no part of the spec's hash
 */
export function podForTask(accepted: AcceptedGroup, place: AllocationPlace, images: TaskImages, denyNetworks: readonly string[] = []): Result<KubeObject, Refusal> {
  const documents = launcherDocuments(accepted, { index: place.index, denyNetworks });
  if (!documents.ok) return documents;
  return ok({ apiVersion: "v1", kind: "Pod", metadata: podMetadata(accepted, place, documents.value), spec: podSpec(accepted, place, images) } as KubeObject);
}

function podMetadata(accepted: AcceptedGroup, place: AllocationPlace, documents: Readonly<Record<string, string>>) {
  const { source, groupName, specHash, tasks } = accepted;
  const ports = podPorts(accepted, place.index);
  return {
    name: allocationPodName(groupName, place.index, place.serial),
    namespace: source.namespace,
    labels: { [LABEL.managed]: "true", [LABEL.task]: groupName, [LABEL.index]: String(place.index) },
    annotations: {
      [ANNOTATION.namespace]: source.namespace,
      [ANNOTATION.jobId]: source.jobId,
      [ANNOTATION.group]: source.group,
      [ANNOTATION.task]: source.task,
      ...(tasks.length > 1 ? { [ANNOTATION.tasks]: JSON.stringify(podTasks(tasks)) } : {}),
      ...(ports.length > 0 ? { [ANNOTATION.ports]: JSON.stringify(ports) } : {}),
      ...leftOutAnnotation(accepted, place.nodes),
      [ANNOTATION.profile]: accepted.profile.name,
      [ANNOTATION.jobVersion]: String(source.jobVersion),
      [ANNOTATION.specHash]: specHash,
      [ANNOTATION.reschedules]: String(place.reschedules),
      [ANNOTATION.launcherProtocol]: String(PROTOCOL_VERSION),
      ...documents,
    },
    ownerReferences: [{ ...source.owner, controller: true, blockOwnerDeletion: true }],
  };
}

function podSpec(accepted: AcceptedGroup, { index, nodes }: AllocationPlace, images: TaskImages) {
  const { source, spec, profile, tasks } = accepted;
  const init = initContainers(accepted, index, images);
  const containers = tasks.filter((task) => !isInit(task)).map((task) => taskContainer(accepted, { task, index }, images));
  return {
    restartPolicy: runsToItsEnd(source.jobType) ? "OnFailure" : "Always",
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    ...((source.terms?.maxRunSeconds ?? 0) > 0 ? { activeDeadlineSeconds: source.terms?.maxRunSeconds } : {}),
    terminationGracePeriodSeconds: gracePeriodSeconds(tasks, profile),
    ...networkFields(accepted, index),
    ...hostNamespaces(spec, profile),
    ...(Object.keys(profile.nodeSelector).length === 0 ? {} : { nodeSelector: profile.nodeSelector }),
    ...placementFields(accepted, nodes),
    volumes: uniqueVolumes([...[...init, ...containers].flatMap((part) => part.volumes), ...podVolumes(spec, profile)]),
    ...(init.length === 0 ? {} : { initContainers: init.map((part) => part.container) }),
    containers: containers.map((part) => part.container),
  };
}

/** First the root file systems, then the prestart tasks, each after what it fetches; then what the others fetch. */
function initContainers(accepted: AcceptedGroup, index: number, images: TaskImages): readonly ContainerPart[] {
  const { tasks } = accepted;
  const fetching = (task: AcceptedMember) => taskFetch(accepted, task, images) ?? [];
  return [
    ...chrootContainers(tasks, images.launcher),
    ...tasks.filter(isInit).flatMap((task) => [fetching(task), taskContainer(accepted, { task, index }, images)].flat()),
    ...tasks.filter((task) => !isInit(task)).flatMap(fetching),
  ];
}

/** dnsPolicy Default: names are resolved as on the node, as on Nomad. */
function hostNamespaces(spec: ExecTaskSpec, profile: Profile) {
  if (spec.driver === "raw_exec") return { hostPID: true, hostIPC: true, hostNetwork: true, dnsPolicy: "Default" };
  const hostPid = (spec.pidMode ?? profile.defaultPidMode) === "host";
  const hostIpc = (spec.ipcMode ?? profile.defaultIpcMode) === "host";
  return { ...(hostPid ? { hostPID: true } : {}), ...(hostIpc ? { hostIPC: true } : {}) };
}
