/** @module The bridge's view of the cluster, read from the caches: only managed namespaces, only pods with a live owner. */
import type { ExecTask } from "../api/exec-task.ts";
import type { Pod } from "../api/pod.ts";
import type { Allocation, ClusterState } from "../bridge/bridge-deps.ts";
import type { Cache } from "../kubernetes/types.ts";
import { allocationRecord } from "../mapping/pod-status.ts";
import { type JobObject, type JobRecord, jobRecord, versionOf } from "../mapping/job-record.ts";
import { nomadJob } from "../mapping/nomad-job.ts";
import { operatingSystemOf } from "../mapping/probe.ts";
import type { JobVersion } from "../mapping/stored-job.ts";
import type { Job } from "../nomad/job.ts";
import { type BridgeCaches, childIndex, configReader, isManaged, probeReader } from "./caches.ts";
import { jobOwner } from "./owner.ts";
import { purgedJobs } from "./purged-jobs.ts";
import { storedJobs } from "./stored-jobs.ts";
import { jobPlanner } from "./update-planner.ts";

/** @param now epoch ms */
export function clusterState(caches: BridgeCaches, now: () => number): ClusterState {
  const probeOf = probeReader(caches);
  const config = configReader(caches);
  const stored = storedJobs(caches);
  const purged = purgedJobs(caches.jobs);
  const taskJob = taskJobs();
  const allocationsOf = (job: JobRecord): readonly Allocation[] => caches.pods.byIndex("owner", job.uid).map((pod) => ({ pod, job }));
  const asNomad = (job: JobRecord): Job | undefined => {
    if (job.object.kind === "NomadJob") return stored.job(job.object, versionOf(job));
    const running = caches.pods.byIndex("owner", job.uid).some((pod) => allocationRecord(pod, now()).state === "running");
    return taskJob(job.object, config() ?? DEFAULT_NAMES, running);
  };
  const seen = (object: JobObject | undefined) => visible(caches, object);
  // Of several objects with one job ID only one is the job.
  const isJob = (job: JobRecord): boolean => jobOf(caches, job.namespace, job.jobId) === job.object;
  const found = (index: "evaluation" | "deployment", id: string) => seen(caches.jobs.byIndex(index, id)[0] ?? (index === "evaluation" ? caches.tasks.byIndex(index, id)[0] : undefined));
  return {
    config,
    isManaged: (namespace) => isManaged(caches, namespace),
    jobs: (namespace) => objectsOf(caches, namespace).flatMap((object) => seen(object) ?? []).filter(isJob),
    job: (namespace, jobId) => seen(jobOf(caches, namespace, jobId)),
    childrenOf: ({ namespace, jobId }) => caches.jobs.byIndex("parent", `${namespace}/${jobId}`).flatMap((object) => seen(object) ?? []).filter(isJob),
    liveChildren: ({ uid }) => caches.jobs.countByIndex("child", childIndex(uid, "pending")) + caches.jobs.countByIndex("child", childIndex(uid, "running")),
    nomadJobObject: (namespace, name) => caches.jobs.get(namespace, name),
    nomadJob: asNomad,
    jobVersion: (job, version) => {
      if (job.object.kind === "NomadJob") return stored.job(job.object, version);
      return version === versionOf(job) ? asNomad(job) : undefined;
    },
    versionsOf: (job) => (job.object.kind === "NomadJob" ? stored.versions(job.object) : taskVersions(job, asNomad(job))),
    jobOfEvaluation: (evalId) => found("evaluation", evalId) ?? allocationOf(caches, caches.pods.byIndex("evaluation", evalId)[0])?.job ?? seen(purged(evalId)),
    jobsOfEvaluations: (prefix) => {
      const owners = caches.pods.byIndexPrefix("evaluation", prefix).flatMap((pod) => allocationOf(caches, pod)?.job.object ?? []);
      const objects = new Set<JobObject>([...caches.jobs.byIndexPrefix("evaluation", prefix), ...caches.tasks.byIndexPrefix("evaluation", prefix), ...owners]);
      return [...objects].flatMap((object) => seen(object) ?? []).filter(isJob);
    },
    jobOfDeployment: (deploymentId) => found("deployment", deploymentId),
    ...jobPlanner({ caches, config, now, probeOf }),
    allocationsOf,
    allocationsOn: (nodeName) => ofOneRecord(caches.pods.byIndex("node", nodeName).flatMap((pod) => allocationOf(caches, pod) ?? [])),
    allocation: (allocId) => allocationOf(caches, caches.pods.byUid(allocId)),
    namespaces: () => [...caches.namespaces.all()].filter(({ metadata }) => isManaged(caches, metadata.name)),
    nodes: () => caches.nodes.all(),
    node: (nodeId) => caches.nodes.byUid(nodeId),
    nodeByName: (name) => caches.nodes.get(undefined, name),
    osOf: (node) => operatingSystemOf(node, probeOf(node.metadata.name)),
    index: () => Math.max(1, caches.pods.version(), caches.tasks.version(), caches.jobs.version(), caches.revisions.version()),
  };
}

/** Objects of a cache and readings of the configuration never change. A list of a task's allocations asks once for each of them. */
function taskJobs(): typeof nomadJob {
  const known = new WeakMap<ExecTask, { readonly names: object; readonly running: boolean; readonly job: Job | undefined }>();
  return (task, names, running) => {
    const found = known.get(task);
    if (found?.names === names && found.running === running) return found.job;
    const job = nomadJob(task, names, running);
    known.set(task, { names, running, job });
    return job;
  };
}

const objectsOf = ({ tasks, jobs }: BridgeCaches, namespace: string): readonly JobObject[] =>
  namespace === "*" ? [...tasks.all(), ...jobs.all()] : [...tasks.byIndex("namespace", namespace), ...jobs.byIndex("namespace", namespace)];

const DEFAULT_NAMES = { region: "global", datacenter: "dc1" };

/** Of several objects with one job ID the oldest is the job, as for the controller, which refuses the others. */
function jobOf({ tasks, jobs }: BridgeCaches, namespace: string, jobId: string): JobObject | undefined {
  const task = tasks.get(namespace, jobId);
  const named: readonly JobObject[] = jobs.byIndex("job", `${namespace}/${jobId}`);
  if (named.length === 0) return task;
  return [...(task === undefined ? [] : [task]), ...named].toSorted(byAge)[0];
}

function byAge(a: JobObject, b: JobObject): number {
  const text = ({ metadata }: JobObject) => `${metadata.creationTimestamp ?? ""} ${metadata.uid ?? ""}`;
  return text(a) < text(b) ? -1 : 1;
}

/** An ExecTask keeps no versions but its own. */
function taskVersions(job: JobRecord, asNomad: Job | undefined): readonly JobVersion[] {
  if (asNomad === undefined) return [];
  return [{ version: versionOf(job), stop: false, modifyIndex: asNomad.JobModifyIndex, submittedAt: asNomad.SubmitTime / NS_PER_MS, spec: asNomad }];
}

const NS_PER_MS = 1_000_000;

function visible(caches: BridgeCaches, object: JobObject | undefined): JobRecord | undefined {
  return object !== undefined && isManaged(caches, object.metadata.namespace ?? "default") ? jobRecord(object) : undefined;
}

/** Undefined for a pod that is nobody's, or of a job that is gone. */
export function allocationOf(caches: BridgeCaches, pod: Pod | undefined): Allocation | undefined {
  const owner = pod === undefined ? undefined : jobOwner(pod);
  if (pod === undefined || owner === undefined) return undefined;
  const cache: Cache<JobObject> = owner.kind === "NomadJob" ? caches.jobs : caches.tasks;
  const job = visible(caches, cache.get(pod.metadata.namespace, owner.name));
  return job?.uid === owner.uid ? { pod, job } : undefined;
}

/** Allocations of one job with one record of it, which reads the job's requests once for all of them. */
function ofOneRecord(allocations: readonly Allocation[]): readonly Allocation[] {
  const records = new Map(allocations.map(({ job }) => [job.object, job]));
  return allocations.map(({ pod, job }) => ({ pod, job: records.get(job.object) ?? job }));
}

/** One listener on the cache for all sessions, so that a change of a pod costs the same however many there are. */
export function podGoneNotifier(caches: BridgeCaches): (podUid: string, listener: (reason: string) => void) => () => void {
  const listeners = new Map<string, Set<(reason: string) => void>>();
  caches.pods.onChange(({ type, object }) => {
    const uid = object.metadata.uid ?? "";
    const reason = type === "deleted" ? wasStopped(uid) : endReason(object);
    if (reason === undefined) return;
    for (const listener of listeners.get(uid) ?? []) listener(reason);
  });
  return (podUid, listener) => {
    const own = listeners.get(podUid) ?? new Set();
    listeners.set(podUid, own.add(listener));
    return () => {
      own.delete(listener);
      if (own.size === 0) listeners.delete(podUid);
    };
  };
}

/** For a session whose stream has ended: kubelet stops the processes of a pod before the pod itself is gone. */
export function podFate(caches: BridgeCaches, podUid: string): string | undefined {
  const pod = caches.pods.byUid(podUid);
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined ? wasStopped(podUid) : endReason(pod);
}

const wasStopped = (allocId: string) => `allocation ${allocId} was stopped`;

function endReason(pod: Pod): string | undefined {
  const allocId = pod.metadata.uid ?? "";
  if (pod.status?.phase === "Failed") return `allocation ${allocId} has failed`;
  return pod.status?.phase === "Succeeded" ? `allocation ${allocId} is complete` : undefined;
}
