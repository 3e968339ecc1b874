/** @module NomadJobs on the test cluster, as kubectl makes them: applied, looked at, removed. Used by the integration tests. */
import { API_VERSION } from "../../../src/api/exec-task.ts";
import type { JobRevision } from "../../../src/api/job-revision.ts";
import type { KubeObject } from "../../../src/api/meta.ts";
import type { NomadJob, NomadJobStatus } from "../../../src/api/nomad-job.ts";
import type { Pod } from "../../../src/api/pod.ts";
import type { JobRequests } from "../../../src/contract/job-requests.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { eventually, must } from "../kubernetes/real-cluster.ts";
import type { World } from "./world.ts";

const SECOND = 1_000_000_000;

/** Healthy at once, so that no test waits for it. */
export const AT_ONCE = { MaxParallel: 1, HealthCheck: "checks", MinHealthyTime: 0, HealthyDeadline: 60 * SECOND, ProgressDeadline: 120 * SECOND };

/** Runs until it is told to stop, says so, and goes. */
export const WAITS = (text = "") => ["-c", `trap "echo stopped by SIGINT; exit 0" INT; echo began ${text}; while :; do sleep 60 & wait $!; done`];

export const task = (args: readonly string[], fields: object = {}) => ({ Name: "main", Driver: "exec", Config: { command: "/bin/sh", args }, Resources: { CPU: 20, MemoryMB: 32 }, ...fields });
export const group = (args: readonly string[], fields: object = {}) => ({ Name: "main", Count: 1, Tasks: [task(args)], RestartPolicy: { Attempts: 0, Mode: "fail" }, ...fields });

export type JobText = { readonly Type?: "service" | "batch" | "system" | "sysbatch"; readonly TaskGroups: readonly object[]; readonly [field: string]: unknown };

export async function applyJob({ client, namespace }: World, id: string, job: JobText, stop = false): Promise<NomadJob> {
  const { Type = "service" } = job;
  const object = { apiVersion: API_VERSION, kind: "NomadJob", metadata: { name: id, namespace }, spec: { id, type: Type, stop, job: { ID: id, Name: id, Type, Datacenters: ["*"], ...job } } };
  return await must(client.apply<NomadJob>(RESOURCES.nomadJobs, object, { fieldManager: "test", force: true, namespace }));
}

export const jobNow = async ({ client, namespace }: World, name: string): Promise<NomadJob> => await must(client.get<NomadJob>({ resource: RESOURCES.nomadJobs, namespace, name }));

/** Its status, once it speaks of the present generation and is as wanted. */
export async function statusWhen(world: World, name: string, wanted: (status: NomadJobStatus) => boolean): Promise<NomadJobStatus> {
  return await eventually(async () => {
    const { metadata, status } = await jobNow(world, name);
    return status !== undefined && status.observedGeneration === metadata.generation && wanted(status) ? status : undefined;
  });
}

export async function requestOf({ client, namespace }: World, name: string, requests: JobRequests): Promise<void> {
  await must(client.mergePatch({ resource: RESOURCES.nomadJobs, namespace, name }, { metadata: { annotations: { [ANNOTATION.requests]: JSON.stringify(requests) } } }));
}

const isOf = (object: KubeObject, kind: string, name: string) => object.metadata.ownerReferences?.some((owner) => owner.kind === kind && owner.name === name) === true;

export async function podsOfJob({ client, namespace }: World, name: string): Promise<readonly Pod[]> {
  const pods = await must(client.list<Pod>({ resource: RESOURCES.pods, namespace }));
  return pods.items.filter((pod) => isOf(pod, "NomadJob", name)).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export const isStopped = ({ metadata }: Pod): boolean => metadata.annotations?.[ANNOTATION.stopped] !== undefined;

export const liveOf = async (world: World, name: string): Promise<readonly Pod[]> =>
  (await podsOfJob(world, name)).filter((pod) => !isStopped(pod) && pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded");

export async function versionsOf({ client, namespace }: World, name: string): Promise<readonly number[]> {
  const revisions = await must(client.list<JobRevision>({ resource: RESOURCES.controllerRevisions, namespace }));
  return revisions.items.filter((each) => isOf(each, "NomadJob", name)).map(({ revision }) => revision).sort((a, b) => a - b);
}

export async function childrenOf({ client, namespace }: World, name: string): Promise<readonly NomadJob[]> {
  const jobs = await must(client.list<NomadJob>({ resource: RESOURCES.nomadJobs, namespace }));
  return jobs.items.filter((job) => isOf(job, "NomadJob", name));
}
