/** @module Bridges over one API server in memory, and a controller of few words: what tests of the jobs' routes call and look at. */
import { createAuthenticator, secretHash } from "../../../../src/access/authenticate.ts";
import { storedPolicy } from "../../../../src/access/store.ts";
import { API_VERSION, type ExecTask } from "../../../../src/api/exec-task.ts";
import type { JobRevision } from "../../../../src/api/job-revision.ts";
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { NomadJob, NomadJobStatus } from "../../../../src/api/nomad-job.ts";
import type { Pod } from "../../../../src/api/pod.ts";
import { createChangeFeed } from "../../../../src/bridge/blocking/change-feed.ts";
import type { AclObjects, ClusterState } from "../../../../src/bridge/bridge-deps.ts";
import { createEventBroker } from "../../../../src/bridge/events/event-stream.ts";
import { createLogLines } from "../../../../src/bridge/monitor/log-lines.ts";
import { createHttpApp } from "../../../../src/bridge/http-app.ts";
import { ANNOTATION, LABEL } from "../../../../src/contract/pod-metadata.ts";
import { type BridgeCaches, childOf, evaluationsOfPod, parentOf } from "../../../../src/main/caches.ts";
import { clusterState } from "../../../../src/main/cluster-state.ts";
import { jobObjects } from "../../../../src/main/job-objects.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { sha256 } from "../../../../src/access/sha256.ts";
import { type JobObject, jobRecord, type JobRecord } from "../../../../src/mapping/job-record.ts";
import { deploymentIdsOf, evaluationIdsOf } from "../../../../src/mapping/nomad-ids.ts";
import { NO_LOGINS } from "../acl/named-objects.ts";
import { type FakeLauncher, fakeLaunchers } from "../client/fake-launcher.ts";
import { type FakeApiServer, fakeApiServer } from "./fake-api-server.ts";

export const NOW = Date.parse("2026-01-02T00:00:00Z");
export const MANAGEMENT = "11111111-1111-4111-8111-111111111111";
/** Of a token with the policy of that name. */
export const TOKENS = { submitter: "22222222-2222-4222-8222-222222222222", stopper: "33333333-3333-4333-8333-333333333333", reader: "44444444-4444-4444-8444-444444444444", reverter: "55555555-5555-4555-8555-555555555555" } as const;

const RULES: Readonly<Record<keyof typeof TOKENS, string>> = {
  submitter: 'namespace "default" { capabilities = ["submit-job", "read-job"] }',
  stopper: 'namespace "default" { capabilities = ["deregister-job", "read-job", "list-jobs"] }',
  reader: 'namespace "*" { policy = "read" }',
  reverter: 'namespace "default" { capabilities = ["revert-job", "read-job"] }',
};

/** The members that tests read by name; what an answer has not is undefined. */
type Json = {
  readonly EvalID: string;
  readonly JobModifyIndex: number;
  readonly Warnings: string;
  readonly Versions: readonly object[];
  readonly Source: string;
  readonly DispatchedJobID: string;
};
export type Answer = { readonly status: number; readonly text: string; readonly json: Json };
export type Bridge = {
  readonly call: (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;
  readonly deliver: () => void;
  readonly logged: readonly object[];
  readonly cluster: ClusterState;
  /** Those that were asked to do something. */
  readonly launchers: readonly FakeLauncher[];
  readonly caches: BridgeCaches;
};

export type JobWorld = {
  readonly api: FakeApiServer;
  readonly bridge: (options?: { readonly lag?: boolean; readonly now?: () => number }) => Bridge;
  readonly jobs: () => readonly NomadJob[];
  readonly job: (jobId: string) => NomadJob;
  /** What the controller does with a job that it has seen: the version is kept, and the status says so. */
  readonly observe: (jobId: string, status?: NomadJobStatus) => NomadJob;
  readonly pod: (job: NomadJob, group: string, pod?: { readonly node?: string; readonly unschedulable?: string; readonly version?: number; readonly previous?: string }) => Pod;
};

const byJob = (of: (job: JobRecord) => readonly string[]) => (object: JobObject) => of(jobRecord(object));
const inNamespace = ({ metadata }: KubeObject) => [metadata.namespace ?? "default"];
const ownerUid = ({ metadata }: KubeObject) => metadata.ownerReferences?.map(({ uid }) => uid) ?? [];

function cachesOf(api: FakeApiServer, lag: boolean): { readonly caches: BridgeCaches; readonly deliver: () => void } {
  const ids = { evaluation: byJob((job) => evaluationIdsOf(sha256, job)), deployment: byJob((job) => deploymentIdsOf(sha256, job)) };
  const jobs = api.cache<NomadJob>(RESOURCES.nomadJobs, { ...ids, job: ({ metadata, spec }) => [`${metadata.namespace}/${spec.id}`], parent: parentOf, child: childOf, namespace: inNamespace }, lag);
  const tasks = api.cache<ExecTask>(RESOURCES.execTasks, { ...ids, namespace: inNamespace }, lag);
  const caches = {
    jobs,
    tasks,
    revisions: api.cache<JobRevision>(RESOURCES.controllerRevisions, { owner: ownerUid }),
    pods: api.cache<Pod>(RESOURCES.pods, { owner: ownerUid, evaluation: evaluationsOfPod, node: ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]) }),
    namespaces: api.cache(RESOURCES.namespaces),
    configs: api.cache(RESOURCES.bridgeConfigs),
    nodes: api.cache(RESOURCES.nodes),
    probes: api.cache(RESOURCES.configMaps),
    policies: api.cache(RESOURCES.aclPolicies),
    tokens: api.cache(RESOURCES.aclTokens),
    roles: api.cache(RESOURCES.aclRoles),
  } as unknown as BridgeCaches;
  return { caches, deliver: () => [jobs, tasks].forEach((each) => each.deliver()) };
}

const authenticate = () => {
  const secrets = new Map(Object.entries(TOKENS).map(([name, secret]) => [secretHash(secret), name]));
  const token = (name: string, type: "client" | "management") => ({ accessorId: `accessor-${name}`, secretHash: "", name, type, roles: [], policies: type === "client" ? [name] : [], global: true, createTime: 0 });
  return createAuthenticator({
    aclEnabled: true,
    store: {
      rolePolicies: () => [],
      tokenBySecretHash: (hash) => (hash === secretHash(MANAGEMENT) ? token("management", "management") : secrets.has(hash) ? token(secrets.get(hash) ?? "", "client") : undefined),
      policy: (name) => {
        const rules = RULES[name as keyof typeof TOKENS];
        return rules === undefined ? undefined : storedPolicy({ apiVersion: API_VERSION, kind: "ACLPolicy", metadata: { name, resourceVersion: "1" }, spec: { name, description: "", rules } });
      },
    },
  });
};

export function jobWorld(): JobWorld {
  const api = fakeApiServer();
  for (const name of ["default", "team-a"]) api.put(RESOURCES.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { [LABEL.managed]: "true" } } });
  const jobs = () => api.all<NomadJob>(RESOURCES.nomadJobs);
  const job = (jobId: string) => {
    const found = jobs().find(({ spec }) => spec.id === jobId);
    if (found === undefined) throw new Error(`there is no job ${jobId}`);
    return found;
  };
  let pods = 0;
  return {
    api,
    jobs,
    job,
    bridge: ({ lag = false, now = () => NOW } = {}) => {
      const { caches, deliver } = cachesOf(api, lag);
      const cluster = clusterState(caches, now);
      const logged: object[] = [];
      const log = { error: (fields: object) => void logged.push(fields), info: (fields: object) => void logged.push(fields) };
      const fake = fakeLaunchers(() => undefined);
      const app = createHttpApp({
        cluster,
        acl: {} as AclObjects,
        logins: NO_LOGINS,
        client: fake.deps,
        events: createEventBroker({ startTimer: () => () => undefined }), logLines: createLogLines(),
        feed: createChangeFeed({ random: () => 0, startTimer: () => () => undefined, defer: setImmediate }),
        nodes: { mark: async () => ({ ok: false, error: "not here" }) },
        jobs: jobObjects(api.client, caches),
        authenticate: authenticate(),
        address: () => "127.0.0.1:4646",
        log,
        now,
      });
      const call = async (method: string, path: string, body?: unknown, token: string = MANAGEMENT) => {
        const request = { method, headers: { "X-Nomad-Token": token }, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) };
        const response = await app.request(`https://bridge${path}`, request);
        const text = await response.text();
        return { status: response.status, text, json: response.headers.get("content-type")?.startsWith("application/json") === true ? JSON.parse(text) as Json : undefined as never };
      };
      return { call, deliver, logged, cluster, caches, launchers: fake.launchers };
    },
    observe: (jobId, status = {}) => {
      const object = job(jobId);
      const { metadata, spec } = object;
      const version = (metadata.generation ?? 1) - 1;
      const isNew = object.status?.observedGeneration !== metadata.generation;
      const jobModifyIndex = isNew ? (metadata.resourceVersion ?? "1") : (object.status?.jobModifyIndex ?? "1");
      if (isNew) {
        const owner = { apiVersion: API_VERSION, kind: "NomadJob", name: metadata.name, uid: metadata.uid ?? "", controller: true };
        const data = { spec, jobModifyIndex, submittedAt: new Date(NOW - 1000 * 60).toISOString() };
        api.put(RESOURCES.controllerRevisions, { apiVersion: "apps/v1", kind: "ControllerRevision", metadata: { name: `${metadata.name}-v${version}`, namespace: metadata.namespace ?? "", uid: `${metadata.uid}-v${version}`, ownerReferences: [owner] }, revision: version, data } as JobRevision);
      }
      return api.put(RESOURCES.nomadJobs, { ...object, status: { state: "running", ...status, observedGeneration: metadata.generation ?? 1, jobModifyIndex } });
    },
    pod: ({ metadata }, group, { node, unschedulable, version = (metadata.generation ?? 1) - 1, previous } = {}) => {
      pods += 1;
      const condition = unschedulable === undefined ? [] : [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: unschedulable }];
      return api.put<Pod>(RESOURCES.pods, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: `nb-${group}-00000000-0-${pods}`,
          namespace: metadata.namespace ?? "",
          uid: `${String(pods).padStart(8, "a")}-0000-4000-8000-00000000000a`,
          creationTimestamp: new Date(NOW).toISOString(),
          ownerReferences: [{ apiVersion: API_VERSION, kind: "NomadJob", name: metadata.name, uid: metadata.uid ?? "", controller: true }],
          annotations: { [ANNOTATION.group]: group, [ANNOTATION.jobVersion]: String(version), ...(previous === undefined ? {} : { [ANNOTATION.previousAllocation]: previous }) },
        },
        spec: { ...(node === undefined ? {} : { nodeName: node }), containers: [{ name: "task" }] },
        status: { phase: "Pending", conditions: condition },
      });
    },
  };
}

/** A job as a client sends it. */
export const jobBody = (id: string, changes: object = {}, group: object = {}) => ({
  ID: id,
  Name: id,
  Type: "service",
  Datacenters: ["dc1"],
  TaskGroups: [{ Name: "web", Count: 2, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/sleep", args: ["1"] } }], ...group }],
  ...changes,
});

export const execTask = (name: string): ExecTask => ({
  apiVersion: API_VERSION,
  kind: "ExecTask",
  metadata: { name, namespace: "default", uid: `task-${name}`, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { command: "/bin/true" },
});
