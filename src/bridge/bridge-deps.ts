/** @module What the bridge needs of the world: reads of the cluster's state, writes of ACL objects. main wires it to caches and client. */
import type { Claims } from "../access/login/bindings.ts";
import type { LoginBeginning } from "../access/login/oidc-state.ts";
import type { AclAuthMethodObject, AclBindingRuleObject, AclPolicyObject, AclRoleObject, AclTokenObject } from "../api/acl.ts";
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { JobText } from "../api/job-texts.ts";
import type { KubeObject, OwnerReference } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node, Pod } from "../api/pod.ts";
import type { Result } from "../lib/result.ts";
import type { JobObject, JobRecord } from "../mapping/job-record.ts";
import type { FilteredNodes } from "../mapping/job/placement/eligible-nodes.ts";
import type { OperatingSystem } from "../mapping/operating-system.ts";
import type { JobVersion } from "../mapping/stored-job.ts";
import type { DesiredUpdates } from "../nomad/api-types.ts";
import type { Job, JobSpec } from "../nomad/job.ts";

/** A pod of ours with the live object that owns it: labels alone prove nothing. */
export type Allocation = { readonly pod: Pod; readonly job: JobRecord };

/** Everything here is in a managed namespace and answers from memory. */
export type ClusterState = {
  readonly config: () => BridgeConfigSpec | undefined;
  readonly isManaged: (namespace: string) => boolean;
  /** @param namespace "*" is all */
  readonly jobs: (namespace: string) => Iterable<JobRecord>;
  readonly job: (namespace: string, jobId: string) => JobRecord | undefined;
  /** What a periodic or parameterized job has launched, of those that are kept. */
  readonly childrenOf: (job: Pick<JobRecord, "namespace" | "jobId">) => Iterable<JobRecord>;
  /** How many of them are not dead. */
  readonly liveChildren: (job: Pick<JobRecord, "uid">) => number;
  /** By the name of the object, whatever its job's ID is. */
  readonly nomadJobObject: (namespace: string, name: string) => NomadJob | undefined;
  /** As clients read it. Undefined for a stored object that no longer passes its schema: its condition says why. */
  readonly nomadJob: (job: JobRecord) => Job | undefined;
  /** As it was at that version; undefined where that is kept no more. */
  readonly jobVersion: (job: JobRecord, version: number) => Job | undefined;
  /** Those that are kept, the newest first: it is the present one. None for an object that no longer passes its schema. */
  readonly versionsOf: (job: JobRecord) => readonly JobVersion[];
  /** The job that an evaluation or a deployment is of. */
  readonly jobOfEvaluation: (evalId: string) => JobRecord | undefined;
  /** Those that have, or may have, an evaluation whose ID begins so. */
  readonly jobsOfEvaluations: (prefix: string) => readonly JobRecord[];
  readonly jobOfDeployment: (deploymentId: string) => JobRecord | undefined;
  /** What the controller would do for each group, were this the job's next version; undefined for a job that it would refuse, or that runs nothing itself. */
  readonly desiredUpdates: (spec: JobSpec, present: JobRecord | undefined) => Readonly<Record<string, DesiredUpdates>> | undefined;
  /** By group, the nodes that it cannot be on, and why; {} for a job that would be refused. */
  readonly filteredNodes: (spec: JobSpec) => Readonly<Record<string, FilteredNodes>>;
  readonly allocationsOf: (job: JobRecord) => readonly Allocation[];
  /** Of all jobs, by the node's name. */
  readonly allocationsOn: (nodeName: string) => readonly Allocation[];
  readonly allocation: (allocId: string) => Allocation | undefined;
  /** The managed ones. */
  readonly namespaces: () => Iterable<KubeObject>;
  readonly nodes: () => Iterable<Node>;
  readonly node: (nodeId: string) => Node | undefined;
  readonly nodeByName: (name: string) => Node | undefined;
  /** What a probe of the node has found of its system; undefined before the first. */
  readonly osOf: (node: Node) => OperatingSystem | undefined;
  /** Grows with every change that was seen; at least 1. */
  readonly index: () => number;
};

/** `conflict`: the object is there already, or was changed meanwhile. `missing`: there is none. */
export type WriteFailure = { readonly kind: "conflict" | "missing" | "failed"; readonly message: string };
type Write<T> = Promise<Result<T, WriteFailure>>;

/** Each write resolves when this process's own reads show it: a token can be used as soon as its creator has it. */
export type AclObjects = {
  readonly tokens: () => Iterable<AclTokenObject>;
  readonly tokenByAccessor: (accessorId: string) => AclTokenObject | undefined;
  readonly policies: () => Iterable<AclPolicyObject>;
  readonly policy: (name: string) => AclPolicyObject | undefined;
  /** Fails with `conflict` where an object of that name exists. */
  readonly createToken: (name: string, spec: AclTokenObject["spec"]) => Write<AclTokenObject>;
  readonly replaceToken: (object: AclTokenObject) => Write<AclTokenObject>;
  readonly deleteToken: (object: AclTokenObject) => Write<undefined>;
  readonly putPolicy: (name: string, spec: AclPolicyObject["spec"]) => Write<AclPolicyObject>;
  readonly deletePolicy: (object: AclPolicyObject) => Write<undefined>;
  readonly roles: NamedObjects<AclRoleObject>;
  readonly authMethods: NamedObjects<AclAuthMethodObject>;
  readonly bindingRules: NamedObjects<AclBindingRuleObject>;
};

/** Objects of a kind that have a name of Nomad's, and a key: an ID, or that name again. */
export type NamedObjects<T extends KubeObject> = {
  readonly all: () => Iterable<T>;
  readonly byKey: (key: string) => T | undefined;
  readonly byName: (name: string) => T | undefined;
  readonly put: (key: string, spec: T extends { readonly spec: infer S } ? S : never) => Write<T>;
  readonly remove: (object: T) => Write<undefined>;
};

/** Proofs from elsewhere. The errors are texts for who logs in; none of them holds a secret. */
export type Logins = {
  readonly verifyJwt: (method: AclAuthMethodObject, token: string) => Promise<Result<Claims, string>>;
  readonly authUrl: (method: AclAuthMethodObject, beginning: LoginBeginning) => Promise<Result<string, string>>;
  readonly completeOidc: (method: AclAuthMethodObject, end: LoginBeginning & { readonly state: string; readonly code: string }) => Promise<Result<Claims, string>>;
  /** Keeps what the method's spec only names. An empty secret is none. Resolves with the name that the spec is to hold. */
  readonly keepSecret: (methodName: string, secret: string) => Promise<Result<string, string>>;
  readonly forgetSecret: (methodName: string) => Promise<void>;
};

/** Labels and annotations of ours on a node; null takes one away. */
export type NodeMark = { readonly labels?: Readonly<Record<string, string | null>>; readonly annotations?: Readonly<Record<string, string | null>> };

export type NodeMarks = {
  /** Resolves with the node as it is then, when this process's own reads show it. The error is a text for a person. */
  readonly mark: (node: Node, mark: NodeMark) => Promise<Result<Node, string>>;
};

export type JobTextPlace = { readonly kind: JobText["kind"]; readonly namespace: string; /** Begins with "nb-". */ readonly name: string };

/** What belongs to a job and is gone when its owner is. */
export type StoredText = JobTextPlace & { readonly owner: OwnerReference; /** Base64. */ readonly content: string };

/**
 * Each write resolves when this process's own reads show it, and is refused with `conflict` where the object is another than the one given:
 * then look again, with `read`, and decide anew.
 */
export type JobObjects = {
  /** As the API server has it at this moment, whatever the watch has brought. */
  readonly read: (kind: JobObject["kind"], namespace: string, name: string) => Write<JobObject | undefined>;
  readonly create: (object: NomadJob) => Write<NomadJob>;
  readonly replace: (object: NomadJob) => Write<NomadJob>;
  /** Whatever has become of it since it was read. */
  readonly remove: (object: JobObject) => Write<undefined>;
  /** Only if nobody has changed it since: a job that was registered anew is not over. */
  readonly removeUnchanged: (object: JobObject) => Write<undefined>;
  readonly annotate: (object: JobObject, annotations: Readonly<Record<string, string>>) => Write<JobObject>;
  readonly scaleTask: (task: ExecTask, count: number) => Write<ExecTask>;
  /** Its content in base64; undefined where there is none that the object with the UID `of` owns. */
  readonly readText: (place: JobTextPlace & { readonly of: string }) => Write<string | undefined>;
  /** Makes it, or makes it so. */
  readonly putText: (text: StoredText) => Write<undefined>;
  readonly removeText: (place: JobTextPlace) => Write<undefined>;
};
