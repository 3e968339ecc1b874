/** @module One namespace of a cluster with NomadJobs in it, as their controller sees and changes it; a write may be refused, or be its last. */
import type { BridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../../src/api/exec-task.ts";
import type { JobRevision } from "../../../../src/api/job-revision.ts";
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { NomadJob, NomadJobStatus } from "../../../../src/api/nomad-job.ts";
import type { Node, Pod } from "../../../../src/api/pod.ts";
import { type JobRequests, writeJobRequests } from "../../../../src/contract/job-requests.ts";
import { ANNOTATION, LABEL } from "../../../../src/contract/pod-metadata.ts";
import type { NomadJobDeps, Write } from "../../../../src/controller/nomad-job/deps.ts";
import { reconcileJob } from "../../../../src/controller/nomad-job/reconcile.ts";
import type { WriteError } from "../../../../src/controller/reconcile.ts";
import { canonicalJson } from "../../../../src/lib/canonical-json.ts";
import { createMemo } from "../../../../src/main/memo.ts";
import { jobOf, type LooseJob } from "../../mapping/job/job-fixtures.ts";
import { configOf, sha256 } from "../../mapping/mapping-fixtures.ts";
import { CREATED, lastWords } from "../../mapping/pod-fixtures.ts";

export type JobCluster = {
  jobs: Map<string, NomadJob>;
  pods: Map<string, Pod>;
  revisions: Map<string, JobRevision>;
  nodes: Map<string, Node>;
  services: Map<string, KubeObject>;
  tasks: ExecTask[];
  config: BridgeConfigSpec | undefined;
  managed: boolean;
  now: number;
  version: number;
  events: string[];
  /** Undefined: the write is done. Thrown: the controller died just before it. */
  refuse: (write: string) => WriteError | undefined;
};

export const nodeOf = (name: string, fields: Partial<Node["metadata"]> = {}, ready: "True" | "False" | "Unknown" = "True"): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, uid: `uid-${name}`, ...fields },
  status: { conditions: [{ type: "Ready", status: ready, lastTransitionTime: new Date(CREATED).toISOString() }] },
});

export const emptyCluster = (fields: Partial<JobCluster> = {}): JobCluster => ({
  jobs: new Map(), pods: new Map(), revisions: new Map(), nodes: new Map([["n1", nodeOf("n1")]]), services: new Map(), tasks: [], config: configOf(), managed: true, now: CREATED, version: 1, events: [], refuse: () => undefined, ...fields,
});

/** A second job of the same name is another object. */
export function apply(cluster: JobCluster, job: LooseJob, spec: Partial<NomadJob["spec"]> = {}): NomadJob {
  const canonical = jobOf({ TaskGroups: [{ ReschedulePolicy: null }], ...job });
  const before = cluster.jobs.get(canonical.ID);
  const wanted: NomadJob["spec"] = { id: canonical.ID, type: canonical.Type, priority: 50, stop: false, job: canonical, ...spec };
  const changed = before === undefined || JSON.stringify(before.spec) !== JSON.stringify(wanted);
  const metadata = before?.metadata ?? { name: canonical.ID, namespace: "team", uid: `job-${cluster.version}`, creationTimestamp: new Date(cluster.now).toISOString(), generation: 0 };
  const object: NomadJob = {
    ...before, apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", spec: wanted,
    metadata: { ...metadata, resourceVersion: String(changed ? cluster.version++ : metadata.resourceVersion), generation: (metadata.generation ?? 0) + (changed ? 1 : 0) },
  };
  cluster.jobs.set(canonical.ID, object);
  return object;
}

export const nowOf = (cluster: JobCluster, name = "web"): NomadJob => {
  const job = cluster.jobs.get(name);
  if (job === undefined) throw new Error(`no NomadJob ${name}`);
  return job;
};

/** The keys of what an API server gives back are in its own order. */
const storedAs = (status: NomadJobStatus): NomadJobStatus => JSON.parse(canonicalJson(status)) as NomadJobStatus;

export const statusOf = (cluster: JobCluster, name = "web"): NomadJobStatus => nowOf(cluster, name).status ?? {};

export function stop(cluster: JobCluster, name = "web"): void {
  const job = nowOf(cluster, name);
  cluster.jobs.set(name, { ...job, spec: { ...job.spec, stop: true }, metadata: { ...job.metadata, generation: (job.metadata.generation ?? 0) + 1, resourceVersion: String(cluster.version++) } });
}

export function request(cluster: JobCluster, requests: JobRequests, name = "web"): void {
  const job = nowOf(cluster, name);
  cluster.jobs.set(name, { ...job, metadata: { ...job.metadata, annotations: { [ANNOTATION.requests]: writeJobRequests(requests) } } });
}

export const run = (cluster: JobCluster, name = "web") => reconcileJob(depsOf(cluster), { namespace: "team", name });

const owns = (uid: string) => (object: KubeObject) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;

export function depsOf(cluster: JobCluster): NomadJobDeps {
  const write = (name: string, perform: () => void): Write => {
    const error = cluster.refuse(name);
    if (error === undefined) perform();
    return Promise.resolve(error === undefined ? { ok: true, value: undefined } : { ok: false, error });
  };
  const change = ({ name, uid }: { readonly name: string; readonly uid: string }, to: (pod: Pod) => Pod) => {
    const pod = cluster.pods.get(name);
    if (pod?.metadata.uid === uid) cluster.pods.set(name, to(pod));
  };
  const annotated = (pod: Pod, annotations: Readonly<Record<string, string | null>>): Pod => {
    const merged = Object.entries({ ...pod.metadata.annotations, ...annotations }).filter((entry): entry is [string, string] => entry[1] !== null);
    return { ...pod, metadata: { ...pod.metadata, annotations: Object.fromEntries(merged) } };
  };
  return {
    job: (_namespace, name) => cluster.jobs.get(name),
    jobsOfId: (_namespace, id) => [...cluster.jobs.values()].filter(({ spec }) => spec.id === id),
    countChildren: (uid, state) => [...cluster.jobs.values()].filter((job) => owns(uid)(job) && (job.status?.state ?? "pending") === state).length,
    deadChildren: (uid) => [...cluster.jobs.values()].filter((job) => owns(uid)(job) && job.status?.state === "dead"),
    task: (_namespace, name) => cluster.tasks.find(({ metadata }) => metadata.name === name),
    podsOf: (uid) => [...cluster.pods.values()].filter(owns(uid)),
    podsOn: (node) => [...cluster.pods.values()].filter(({ spec }) => spec.nodeName === node),
    podsOfGroup: (_namespace, group) => [...cluster.pods.values()].filter(({ metadata }) => metadata.labels?.[LABEL.task] === group),
    revisionsOf: (uid) => [...cluster.revisions.values()].filter(owns(uid)),
    nodes: () => cluster.nodes.values(),
    node: (name) => cluster.nodes.get(name),
    osOf: () => undefined,
    servicesOf: (uid) => [...cluster.services.values()].filter(owns(uid)),
    applyService: (service) => write("applyService", () => void cluster.services.set(service.metadata.name, service)),
    deleteService: ({ metadata }) => write("deleteService", () => void cluster.services.delete(metadata.name)),
    isManaged: () => cluster.managed,
    config: () => cluster.config,
    configVersion: () => "1",
    missingPaths: () => new Set(),
    denyNetworks: () => [],
    createPod: (object) => write("createPod", () => {
      const { name } = object.metadata;
      if (cluster.pods.has(name)) return;
      const pod = object as Pod;
      const metadata = { ...pod.metadata, uid: `pod-${cluster.version++}`, creationTimestamp: new Date(cluster.now).toISOString() };
      cluster.pods.set(name, { ...pod, metadata, status: { phase: "Pending" } });
    }),
    deletePod: (_namespace, { name, uid }) => write("deletePod", () => {
      if (cluster.pods.get(name)?.metadata.uid === uid) cluster.pods.delete(name);
    }),
    endPod: (_namespace, pod) => write("endPod", () => change(pod, (each) => ({ ...each, spec: { ...each.spec, activeDeadlineSeconds: 1 } }))),
    stopPod: (_namespace, pod, reason) => write("stopPod", () => {
      if (cluster.pods.get(pod.name)?.spec.nodeName === undefined) cluster.pods.delete(pod.name);
      else change(pod, (each) => annotated({ ...each, spec: { ...each.spec, activeDeadlineSeconds: 1 } }, { [ANNOTATION.stopped]: reason }));
    }),
    annotatePod: (_namespace, pod, annotations) => write("annotatePod", () => change(pod, (each) => annotated(each, annotations))),
    createRevision: (revision) => write("createRevision", () => void cluster.revisions.set(revision.metadata.name, revision)),
    deleteRevision: ({ metadata }) => write("deleteRevision", () => void cluster.revisions.delete(metadata.name)),
    createJob: (object) => write("createJob", () => {
      const job = object as NomadJob;
      if (!cluster.jobs.has(job.metadata.name)) cluster.jobs.set(job.metadata.name, { ...job, metadata: { ...job.metadata, uid: `job-${cluster.version++}`, generation: 1, creationTimestamp: new Date(cluster.now).toISOString() } });
    }),
    deleteJob: ({ metadata }) => write("deleteJob", () => void cluster.jobs.delete(metadata.name)),
    replaceSpec: (job, spec) => write("replaceSpec", () => {
      const generation = (job.metadata.generation ?? 0) + 1;
      cluster.jobs.set(job.metadata.name, { ...nowOf(cluster, job.metadata.name), spec, metadata: { ...job.metadata, generation, resourceVersion: String(cluster.version++) } });
    }),
    writeStatus: (job, intent) => write("writeStatus", () => {
      const conditions = intent.conditions.map((each) => ({ ...each, lastTransitionTime: "" }));
      const present = cluster.jobs.get(job.metadata.name);
      if (present !== undefined) cluster.jobs.set(job.metadata.name, { ...present, status: storedAs({ ...intent, conditions } as NomadJobStatus) });
    }),
    event: (_job, { type, reason, note }) => void cluster.events.push(`${type} ${reason} ${note}`),
    remember: createMemo(1000),
    sha256,
    images: { launcher: "launcher:1", fetch: "fetch:1" },
    now: () => cluster.now,
  };
}

/** What a task's program does: runs on, or ends with a code. */
export type Program = (pod: Pod) => "runs" | number;

/** The scheduler's and the kubelet's part: pods get a node, run and are ready; what has its deadline has failed; programs end. */
export function kubelet(cluster: JobCluster, program: Program = () => "runs"): void {
  const time = new Date(cluster.now).toISOString();
  for (const [name, pod] of cluster.pods) {
    const placed = { ...pod, spec: { ...pod.spec, nodeName: pod.spec.nodeName ?? pod.metadata.annotations?.[ANNOTATION.node] ?? "n1" } };
    cluster.pods.set(name, after(placed, program, time));
  }
}

function after(pod: Pod, program: Program, time: string): Pod {
  const { phase } = pod.status ?? {};
  const [container] = pod.spec.containers;
  if (container === undefined || phase === "Failed" || phase === "Succeeded") return pod;
  const outcome = program(pod);
  const ended = (exitCode: number, message: string, next: string): Pod => ({
    ...pod, status: { ...pod.status, phase: next, conditions: [{ type: "Ready", status: "False" }], containerStatuses: [{ name: container.name, state: { terminated: { exitCode, reason: "Error", startedAt: time, finishedAt: time, message } } }] },
  });
  if (pod.metadata.annotations?.[ANNOTATION.stopped] !== undefined) return ended(143, lastWords({ reason: "stopped", exitCode: 143, message: "" }), "Failed");
  if (outcome === 0) return ended(0, lastWords({ reason: "completed", exitCode: 0 }), "Succeeded");
  if (outcome !== "runs") return ended(213, lastWords({ reason: "attempts-spent", exitCode: outcome }), pod.spec.activeDeadlineSeconds === 1 ? "Failed" : "Running");
  const ready = pod.status?.conditions?.find(({ type, status }) => type === "Ready" && status === "True") ?? { type: "Ready", status: "True", lastTransitionTime: time };
  return { ...pod, status: { ...pod.status, phase: "Running", conditions: [ready], containerStatuses: [{ name: container.name, ready: true, state: pod.status?.containerStatuses?.[0]?.state ?? { running: { startedAt: time } } }] } };
}

export const podsIn = ({ pods }: JobCluster): readonly string[] => [...pods.keys()].map((name) => name.replace(/^nb-.*-[0-9a-f]{8}-(\d+-\d+)$/, "$1")).sort();
const isLive = ({ metadata, status }: Pod) => metadata.annotations?.[ANNOTATION.stopped] === undefined && status?.phase !== "Failed" && status?.phase !== "Succeeded";
export const livePods = ({ pods }: JobCluster): readonly Pod[] => [...pods.values()].filter(isLive);
export const commandOf = (pod: Pod): string => (JSON.parse(pod.metadata.annotations?.[ANNOTATION.launcher] ?? "{}") as { readonly command?: string }).command ?? "";

/** Reconciles and lets the cluster follow, with time going by, until nothing is left to do at once. */
export async function settle(cluster: JobCluster, { program, name = "web", rounds = 8, stepMs = 1_000 }: { readonly program?: Program; readonly name?: string; readonly rounds?: number; readonly stepMs?: number } = {}): Promise<void> {
  for (let round = 0; round < rounds && cluster.jobs.has(name); round++) {
    await run(cluster, name);
    kubelet(cluster, program);
    cluster.now += stepMs;
  }
  if (cluster.jobs.has(name)) await run(cluster, name);
}
