/** @module What the controller of NomadJobs needs of the world: reads from caches, writes that may be refused, and a clock. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { ExecTask } from "../../api/exec-task.ts";
import type { JobRevision } from "../../api/job-revision.ts";
import type { KubeObject } from "../../api/meta.ts";
import type { JobState, NomadJob, NomadJobSpec } from "../../api/nomad-job.ts";
import type { Node, Pod } from "../../api/pod.ts";
import type { Result } from "../../lib/result.ts";
import type { OperatingSystem } from "../../mapping/operating-system.ts";
import type { Sha256 } from "../../mapping/object-names.ts";
import type { TaskImages } from "../../mapping/pod-for-task.ts";
import type { PodIdentity } from "../plan/types.ts";
import type { WriteError } from "../reconcile.ts";
import type { JobStatusIntent } from "./status.ts";

export type Write = Promise<Result<undefined, WriteError>>;

/** Metadata under an annotation's name; null takes it away. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

export type NomadJobDeps = {
  /** With our own last status in it, even where the watch has not brought it yet. */
  readonly job: (namespace: string, name: string) => NomadJob | undefined;
  readonly jobsOfId: (namespace: string, jobId: string) => readonly NomadJob[];
  /** Of those that a periodic or parameterized job owns; a live parent may have thousands of them. */
  readonly countChildren: (parentUid: string, state: JobState) => number;
  readonly deadChildren: (parentUid: string) => readonly NomadJob[];
  readonly task: (namespace: string, name: string) => ExecTask | undefined;
  readonly podsOf: (ownerUid: string) => readonly Pod[];
  /** Pods of ours on a node. */
  readonly podsOn: (node: string) => readonly Pod[];
  /** Pods of a group's name, whoever owns them. */
  readonly podsOfGroup: (namespace: string, groupName: string) => readonly Pod[];
  readonly revisionsOf: (ownerUid: string) => readonly JobRevision[];
  readonly nodes: () => Iterable<Node>;
  /** Services of ours that the job owns. */
  readonly servicesOf: (ownerUid: string) => readonly KubeObject[];
  /** Makes it, or makes it what it should be; nothing where it is that. */
  readonly applyService: (service: KubeObject) => Write;
  readonly deleteService: (service: KubeObject) => Write;
  readonly node: (name: string) => Node | undefined;
  readonly isManaged: (namespace: string) => boolean;
  /** Undefined: there is no valid BridgeConfig "default". */
  readonly config: () => BridgeConfigSpec | undefined;
  /** Host paths that nodes of the profile are known to lack; undefined is the namespace's first profile. */
  readonly missingPaths: (namespace: string, profile: string | undefined, config: BridgeConfigSpec) => ReadonlySet<string>;
  readonly denyNetworks: () => readonly string[];
  readonly createPod: (pod: KubeObject) => Write;
  readonly deletePod: (namespace: string, pod: PodIdentity) => Write;
  /** Makes the pod fail and stay. */
  readonly endPod: (namespace: string, pod: PodIdentity) => Write;
  /** Ends the pod with its own grace period, and keeps it to be read, with the reason on it. */
  readonly stopPod: (namespace: string, pod: PodIdentity, reason: string) => Write;
  readonly annotatePod: (namespace: string, pod: PodIdentity, annotations: AnnotationPatch) => Write;
  readonly createRevision: (revision: JobRevision) => Write;
  readonly deleteRevision: (revision: JobRevision) => Write;
  readonly createJob: (job: KubeObject) => Write;
  /** Refused where the object has changed since. */
  readonly deleteJob: (job: NomadJob) => Write;
  /** Refused where the object has changed since. */
  readonly replaceSpec: (job: NomadJob, spec: NomadJobSpec) => Write;
  readonly writeStatus: (job: NomadJob, intent: JobStatusIntent) => Write;
  readonly event: (job: NomadJob, event: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly note: string }) => void;
  /** What `make` gave for the key before, if it is still known: decoding and mapping a large job takes a while. */
  readonly remember: <T>(key: string, make: () => T) => T;
  /** What a probe of the node says of its system. */
  readonly osOf: (node: Node) => OperatingSystem | undefined;
  /** Of the BridgeConfig as it is. */
  readonly configVersion: () => string;
  readonly sha256: Sha256;
  readonly images: TaskImages;
  /** Epoch ms. */
  readonly now: () => number;
};
