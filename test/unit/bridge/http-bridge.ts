/** @module A bridge over three tasks with one allocation each and ACLs in memory: what tests of its HTTP API call and look at. */
import { createAuthenticator, secretHash } from "../../../src/access/authenticate.ts";
import { storedPolicy, storedToken } from "../../../src/access/store.ts";
import type { AclAuthMethodObject, AclBindingRuleObject, AclPolicyObject, AclRoleObject, AclTokenObject } from "../../../src/api/acl.ts";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { Node, Pod } from "../../../src/api/pod.ts";
import type { AclObjects, ClusterState, JobObjects } from "../../../src/bridge/bridge-deps.ts";
import { NO_LOGINS, namedObjects } from "./acl/named-objects.ts";
import { createChangeFeed } from "../../../src/bridge/blocking/change-feed.ts";
import { createEventBroker } from "../../../src/bridge/events/event-stream.ts";
import { createLogLines } from "../../../src/bridge/monitor/log-lines.ts";
import { createHttpApp } from "../../../src/bridge/http-app.ts";
import { ok } from "../../../src/lib/result.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { type JobObject, jobRecord } from "../../../src/mapping/job-record.ts";
import { nomadJob } from "../../../src/mapping/nomad-job.ts";
import { fakeLaunchers } from "./client/fake-launcher.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
export const MANAGEMENT = "11111111-1111-4111-8111-111111111111";

type World = { tokens: AclTokenObject[]; policies: AclPolicyObject[]; index: number; named: Pick<AclObjects, "roles" | "authMethods" | "bindingRules"> };

export const uid = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;

function task(name: string, namespace: string, n: number): ExecTask {
  return {
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ExecTask",
    metadata: { name, namespace, uid: `task-${n}`, generation: 1, resourceVersion: String(n), creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { command: "/bin/true" },
  };
}

function pod(owner: JobObject, n: number): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `nb-${owner.metadata.name}-00000000-0-${n}`, namespace: owner.metadata.namespace ?? "", uid: uid(n), resourceVersion: String(10 + n), creationTimestamp: "2026-01-01T00:00:00Z", annotations: { [ANNOTATION.group]: owner.metadata.name } },
    spec: { nodeName: "node-1", containers: [{ name: owner.metadata.name }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }] },
  };
}

const NODE: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: uid(9), resourceVersion: "3" }, status: { conditions: [{ type: "Ready", status: "True" }] } };
const TASKS = [task("web", "default", 1), task("api", "default", 2), task("web", "team-a", 3)];
const JOBS = TASKS.map(jobRecord);
const PODS = JOBS.map((job, i) => ({ pod: pod(job.object, i + 1), job }));

const CLUSTER: ClusterState = {
  config: () => bridgeConfigSpec.parse({}),
  isManaged: () => true,
  jobs: () => JOBS,
  job: (namespace, jobId) => JOBS.find((job) => job.namespace === namespace && job.jobId === jobId),
  nomadJob: ({ object }) => nomadJob(object as ExecTask, { region: "global", datacenter: "dc1" }, true),
  childrenOf: () => [],
  liveChildren: () => 0,
  nomadJobObject: () => undefined,
  jobVersion: () => undefined,
  versionsOf: () => [],
  jobOfEvaluation: () => undefined,
  jobsOfEvaluations: () => [],
  jobOfDeployment: () => undefined,
  desiredUpdates: () => undefined,
  filteredNodes: () => ({}),
  allocationsOf: (owner) => PODS.filter((each) => each.job === owner),
  allocationsOn: (nodeName) => PODS.filter((each) => each.pod.spec.nodeName === nodeName),
  allocation: (allocId) => PODS.find((each) => each.pod.metadata.uid === allocId),
  namespaces: () => [],
  nodes: () => [NODE],
  node: (nodeId) => (nodeId === NODE.metadata.uid ? NODE : undefined),
  nodeByName: () => NODE,
  osOf: () => ({ name: "debian", version: "13" }),
  index: () => 77,
};

function aclIn(world: World): AclObjects {
  const stamped = <T extends AclTokenObject | AclPolicyObject>(object: T): T => ({ ...object, metadata: { ...object.metadata, resourceVersion: String(++world.index) } });
  return {
    tokens: () => world.tokens,
    tokenByAccessor: (accessor) => world.tokens.find(({ spec }) => spec.accessorId === accessor),
    policies: () => world.policies,
    policy: (name) => world.policies.find(({ spec }) => spec.name === name),
    createToken: async (name, spec) => {
      if (world.tokens.some(({ metadata }) => metadata.name === name)) return { ok: false, error: { kind: "conflict", message: "already exists" } };
      const object = stamped({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ACLToken" as const, metadata: { name }, spec });
      world.tokens.push(object);
      return { ok: true, value: object };
    },
    replaceToken: async (object) => {
      world.tokens = [...world.tokens.filter(({ metadata }) => metadata.name !== object.metadata.name), object];
      return { ok: true, value: object };
    },
    deleteToken: async (object) => {
      world.tokens = world.tokens.filter((each) => each !== object);
      return { ok: true, value: undefined };
    },
    putPolicy: async (name, spec) => {
      const object = stamped({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ACLPolicy" as const, metadata: { name }, spec });
      world.policies = [...world.policies.filter((each) => each.spec.name !== name), object];
      return { ok: true, value: object };
    },
    deletePolicy: async (object) => {
      world.policies = world.policies.filter((each) => each !== object);
      return { ok: true, value: undefined };
    },
    ...world.named,
  };
}

export function bridge(logins = NO_LOGINS) {
  const named = { roles: namedObjects<AclRoleObject>("ACLRole"), authMethods: namedObjects<AclAuthMethodObject>("ACLAuthMethod"), bindingRules: namedObjects<AclBindingRuleObject>("ACLBindingRule") };
  const world: World = { tokens: [], policies: [], index: 100, named };
  world.tokens.push({
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ACLToken",
    metadata: { name: "bootstrap", resourceVersion: "42" },
    spec: { accessorId: uid(8), secretHash: secretHash(MANAGEMENT), type: "management", createTime: "2026-01-01T00:00:00Z" },
  });
  const store = {
    tokenBySecretHash: (hash: string) => world.tokens.filter(({ spec }) => spec.secretHash === hash).map(storedToken)[0],
    policy: (name: string) => world.policies.filter(({ spec }) => spec.name === name).map(storedPolicy)[0],
    rolePolicies: (id: string) => world.named.roles.byKey(id)?.spec.policies,
  };
  const logged: unknown[] = [];
  const log = { error: (fields: object) => void logged.push(fields), info: (fields: object) => void logged.push(fields) };
  const events = createEventBroker({ startTimer: () => () => undefined });
  const feed = createChangeFeed({ random: () => 0, startTimer: () => () => undefined, defer: setImmediate });
  const app = createHttpApp({ cluster: CLUSTER, acl: aclIn(world), logins, nodes: { mark: async (node) => ok(node) }, jobs: {} as JobObjects, client: fakeLaunchers(() => undefined).deps, logLines: createLogLines(), feed, events, authenticate: createAuthenticator({ store, aclEnabled: true }), address: () => "127.0.0.1:4646", log, now: () => NOW });
  const call = async (method: string, path: string, options: { token?: string | undefined; body?: unknown } = {}) => {
    const token = "token" in options ? options.token : MANAGEMENT;
    const response = await app.request(`https://bridge${path}`, {
      method,
      headers: token === undefined ? {} : { "X-Nomad-Token": token },
      ...(options.body === undefined ? {} : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as unknown) : undefined };
  };
  return { call, world, logged, feed, events, app };
}

export const ids = (value: unknown) => (value as { ID: string }[]).map(({ ID }) => ID);
