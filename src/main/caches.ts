/** @module The watched lists that controller and bridge read from, and what they derive: one set for each identity. */
import type { AclAuthMethodObject, AclBindingRuleObject, AclPolicyObject, AclRoleObject, AclTokenObject } from "../api/acl.ts";
import { type BridgeConfig, type BridgeConfigSpec, bridgeConfigSpec } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { JobRevision } from "../api/job-revision.ts";
import type { KubeObject } from "../api/meta.ts";
import type { JobState, NomadJob } from "../api/nomad-job.ts";
import type { Node, Pod } from "../api/pod.ts";
import { ANNOTATION, LABEL } from "../contract/pod-metadata.ts";
import type { ConfigMap } from "../controller/config-map.ts";
import type { ConnectedKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { Cache, Log } from "../kubernetes/types.ts";
import { createCache } from "../kubernetes/watch.ts";
import type { ApiEndpoints, ApiService } from "../mapping/api-server.ts";
import { type JobObject, jobRecord, type JobRecord } from "../mapping/job-record.ts";
import { deploymentIdsOf, evaluationIdsOf, podEvaluationIds } from "../mapping/nomad-ids.ts";
import { stateOf } from "../mapping/stored-job.ts";
import { type NodeProbe, probedNode, PROBES_NAME, readProbe } from "../mapping/probe.ts";
import { SYSTEM_NAMESPACE } from "./identity.ts";
import { controllerOf } from "./owner.ts";
import type { CachedObjects } from "./memory/cached-objects.ts";
import { RESOURCES } from "./resources.ts";
import { sha256 } from "../access/sha256.ts";

export type CacheContext = { readonly client: ConnectedKubeClient; readonly log: Log; readonly clock: Clock; readonly signal: AbortSignal; /** Of the process. */ readonly pool: CachedObjects };

/** What both sides need. */
export type WorkCaches = {
  readonly tasks: Cache<ExecTask>;
  /** The index `job` is "namespace/job ID"; `parent` is the same of the parent that a child names, and `child` the parent's UID and how the child is (`childIndex`). */
  readonly jobs: Cache<NomadJob>;
  /** Versions of NomadJobs, by the index `owner`. */
  readonly revisions: Cache<JobRevision>;
  readonly pods: Cache<Pod>;
  readonly namespaces: Cache<KubeObject>;
  readonly configs: Cache<BridgeConfig>;
  readonly nodes: Cache<Node>;
};

/** The controller's alone: one object each, which say where the API server is. */
export type ControllerCaches = WorkCaches & { /** Those of NomadJobs, by the index `owner`. */ readonly services: Cache<KubeObject>; readonly apiService: Cache<ApiService>; readonly apiEndpoints: Cache<ApiEndpoints> };

export type BridgeCaches = WorkCaches & {
  readonly policies: Cache<AclPolicyObject>;
  readonly tokens: Cache<AclTokenObject>;
  /** The index `name` is Nomad's. */
  readonly roles: Cache<AclRoleObject>;
  readonly authMethods: Cache<AclAuthMethodObject>;
  readonly bindingRules: Cache<AclBindingRuleObject>;
  /** One ConfigMap: what the controller has found on nodes. */
  readonly probes: Cache<ConfigMap>;
};

type ByJob = Readonly<Record<string, (job: JobRecord) => readonly string[]>>;

/** @param byJob further indexes of tasks and jobs, `byPod` of pods */
function workCaches(context: CacheContext, byJob: ByJob = {}, byPod: Readonly<Record<string, (pod: Pod) => readonly string[]>> = {}): WorkCaches {
  const { client, log, clock, signal, pool } = context;
  const options = { log, clock, signal };
  const transform = pool.kept;
  const further = Object.fromEntries(Object.entries(byJob).map(([name, of]) => [name, (object: JobObject) => of(jobRecord(object))]));
  return {
    tasks: createCache<ExecTask>(client, { resource: RESOURCES.execTasks }, { ...options, transform, indexes: { ...further, namespace: (task) => [task.metadata.namespace ?? "default"] } }),
    jobs: createCache<NomadJob>(client, { resource: RESOURCES.nomadJobs }, { ...options, transform, indexes: { ...further, job: ({ metadata, spec }) => [`${metadata.namespace ?? "default"}/${spec.id}`], parent: parentOf, child: childOf, namespace: inNamespace } }),
    revisions: createCache<JobRevision>(client, { resource: RESOURCES.controllerRevisions, labelSelector: `${LABEL.managed}=true` }, { ...options, transform, indexes: { owner: ownerUid } }),
    pods: createCache<Pod>(client, { resource: RESOURCES.pods, labelSelector: `${LABEL.managed}=true` }, { ...options, transform: pool.keptPod, indexes: { ...byPod, owner: ownerUid, probe: probed, group: groupOf, node: nodeOf } }),
    namespaces: createCache<KubeObject>(client, { resource: RESOURCES.namespaces }, options),
    configs: createCache<BridgeConfig>(client, { resource: RESOURCES.bridgeConfigs }, options),
    nodes: createCache<Node>(client, { resource: RESOURCES.nodes }, { ...options, transform }),
  };
}

/** We have a right to no other Service and EndpointSlice. */
const API_SERVER = { namespace: "default", fieldSelector: "metadata.name=kubernetes" } as const;

export function controllerCaches(context: CacheContext): ControllerCaches {
  const { client, log, clock, signal } = context;
  const options = { log, clock, signal };
  return {
    ...workCaches(context),
    services: createCache<KubeObject>(client, { resource: RESOURCES.services, labelSelector: `${LABEL.managed}=true` }, { ...options, indexes: { owner: ownerUid } }),
    apiService: createCache<ApiService>(client, { resource: RESOURCES.services, ...API_SERVER }, options),
    apiEndpoints: createCache<ApiEndpoints>(client, { resource: RESOURCES.endpointSlices, ...API_SERVER }, options),
  };
}

export function bridgeCaches(context: CacheContext): BridgeCaches {
  const { client, log, clock, signal } = context;
  const options = { log, clock, signal };
  return {
    ...workCaches(context, { evaluation: (job) => evaluationIdsOf(sha256, job), deployment: (job) => deploymentIdsOf(sha256, job) }, { evaluation: evaluationsOfPod }),
    policies: createCache<AclPolicyObject>(client, { resource: RESOURCES.aclPolicies }, { ...options, indexes: { name: (policy) => [policy.spec.name] } }),
    roles: createCache<AclRoleObject>(client, { resource: RESOURCES.aclRoles }, { ...options, indexes: { name: (role) => [role.spec.name] } }),
    authMethods: createCache<AclAuthMethodObject>(client, { resource: RESOURCES.aclAuthMethods }, { ...options, indexes: { name: (method) => [method.spec.name] } }),
    bindingRules: createCache<AclBindingRuleObject>(client, { resource: RESOURCES.aclBindingRules }, { ...options, indexes: { method: (rule) => [rule.spec.authMethod] } }),
    probes: createCache<ConfigMap>(client, { resource: RESOURCES.configMaps, namespace: SYSTEM_NAMESPACE, fieldSelector: `metadata.name=${PROBES_NAME}` }, options),
    tokens: createCache<AclTokenObject>(
      client,
      { resource: RESOURCES.aclTokens },
      { ...options, indexes: { hash: (token) => [token.spec.secretHash], accessor: (token) => [token.spec.accessorId] } },
    ),
  };
}

export async function cachesSynced(caches: WorkCaches | ControllerCaches | BridgeCaches): Promise<void> {
  await Promise.all(Object.values(caches).map((cache) => cache.synced));
}

export function evaluationsOfPod(pod: Pod): readonly string[] {
  const owner = controllerOf(pod);
  return owner === undefined ? [] : podEvaluationIds(sha256, owner.uid, pod);
}

function probed(pod: Pod): readonly string[] {
  const node = probedNode(pod);
  return node === undefined ? [] : [node];
}

const named = ({ metadata }: KubeObject, name: string | undefined): readonly string[] => (name === undefined ? [] : [`${metadata.namespace ?? "default"}/${name}`]);
const inNamespace = ({ metadata }: KubeObject): readonly string[] => [metadata.namespace ?? "default"];
export const parentOf = (job: NomadJob): readonly string[] => named(job, job.metadata.annotations?.[ANNOTATION.parent]);
/** What the index `child` knows a parent's children in that state by. */
export const childIndex = (parentUid: string, state: JobState): string => `${parentUid}/${state}`;
export const childOf = (job: NomadJob): readonly string[] => ownerUid(job).map((uid) => childIndex(uid, stateOf(job)));

const groupOf = (pod: Pod): readonly string[] => named(pod, pod.metadata.labels?.[LABEL.task]);

const nodeOf = ({ spec: { nodeName } }: Pod): readonly string[] => (nodeName === undefined ? [] : [nodeName]);

function ownerUid(pod: KubeObject): readonly string[] {
  const owner = controllerOf(pod);
  return owner === undefined ? [] : [owner.uid];
}

/** A namespace exists for us while it is labelled. */
export function isManaged({ namespaces }: WorkCaches, namespace: string): boolean {
  return namespaces.get(undefined, namespace)?.metadata.labels?.[LABEL.managed] === "true";
}

/** Undefined: there is none, or it does not pass its schema. Parsed once for each version of the object. */
export function configReader(caches: WorkCaches): () => BridgeConfigSpec | undefined {
  let parsed: { readonly version: string | undefined; readonly spec: BridgeConfigSpec | undefined } = { version: undefined, spec: undefined };
  return () => {
    const object = caches.configs.get(undefined, "default");
    if (object === undefined) return undefined;
    if (parsed.version !== object.metadata.resourceVersion) {
      parsed = { version: object.metadata.resourceVersion, spec: bridgeConfigSpec.safeParse(object.spec).data };
    }
    return parsed.spec;
  };
}

/** What probes have found on a node, by its name. Parsed once for each version of the object. */
export function probeReader({ probes }: BridgeCaches): (node: string) => NodeProbe | undefined {
  let version: string | undefined;
  let found: ReadonlyMap<string, NodeProbe | undefined> = new Map();
  return (node) => {
    const object = probes.get(SYSTEM_NAMESPACE, PROBES_NAME);
    if (version !== object?.metadata.resourceVersion) {
      found = new Map(Object.entries(object?.data ?? {}).map(([name, text]) => [name, readProbe(text)]));
      version = object?.metadata.resourceVersion;
    }
    return found.get(node);
  };
}
