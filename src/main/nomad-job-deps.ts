/** @module What reconciling a NomadJob needs of Kubernetes: reads from the caches, writes by the client. */
import { canonicalJson } from "../lib/canonical-json.ts";
import type { JobRevision } from "../api/job-revision.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob, NomadJobSpec } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { AnnotationPatch, NomadJobDeps } from "../controller/nomad-job/deps.ts";
import type { JobStatusIntent } from "../controller/nomad-job/status.ts";
import type { PodIdentity } from "../controller/plan/types.ts";
import type { KubeClient, Resource } from "../kubernetes/types.ts";
import { err, ok } from "../lib/result.ts";
import { operatingSystemOf } from "../mapping/probe.ts";
import { childIndex, configReader, isManaged } from "./caches.ts";
import { keepPayloadSecret } from "./dispatch-payloads.ts";
import { createMemo } from "./memo.ts";
import { controllerOf } from "./owner.ts";
import { conditionsOf, type ControllerContext, denyNetworksOf, endPod, leaderOnly, missingPathsOf, podRef, isSubset, podWrites, type Write, writeError, written } from "./reconcile-deps.ts";
import { RESOURCES } from "./resources.ts";
import { sha256 } from "../access/sha256.ts";
import { latestObjects, type LatestObjects } from "./latest-objects.ts";

export type NomadJobContext = Omit<ControllerContext, "event"> & { readonly event: NomadJobDeps["event"] };

const STATUS_MANAGER = "nomad-bridge-controller-status";
/** A job of a hundred groups has two hundred of them. */
const REMEMBERED = 5_000;

export function nomadJobDeps(context: NomadJobContext): NomadJobDeps {
  const { caches, clock } = context;
  const statuses = latestObjects(caches.jobs);
  const revisions = latestObjects(caches.revisions);
  return {
    job: statuses.get,
    jobsOfId: (namespace, id) => caches.jobs.byIndex("job", `${namespace}/${id}`),
    countChildren: (uid, state) => caches.jobs.countByIndex("child", childIndex(uid, state)),
    deadChildren: (uid) => caches.jobs.byIndex("child", childIndex(uid, "dead")),
    task: (namespace, name) => caches.tasks.get(namespace, name),
    podsOf: (uid) => caches.pods.byIndex("owner", uid),
    podsOn: (node) => caches.pods.byIndex("node", node),
    podsOfGroup: (namespace, group) => caches.pods.byIndex("group", `${namespace}/${group}`),
    revisionsOf: (uid) => revisions.with(caches.revisions.byIndex("owner", uid), (each) => controllerOf(each)?.uid === uid),
    nodes: () => caches.nodes.all(),
    osOf: (node) => operatingSystemOf(node, context.probes.of(node)),
    servicesOf: (uid) => caches.services.byIndex("owner", uid),
    applyService: leaderOnly(context, async (service: KubeObject) => await applyService(context, service)),
    deleteService: leaderOnly(context, async (service: KubeObject) => await remove(context.client, RESOURCES.services, service)),
    node: (name) => caches.nodes.get(undefined, name),
    isManaged: (namespace) => isManaged(caches, namespace),
    config: configReader(caches),
    configVersion: () => caches.configs.get(undefined, "default")?.metadata.resourceVersion ?? "",
    missingPaths: (namespace, profile, config) => missingPathsOf(context, { namespace, profile, config }),
    denyNetworks: () => denyNetworksOf(context),
    ...podWrites(context),
    createPod: leaderOnly(context, async (pod: KubeObject) => await createPod(context, pod)),
    endPod: leaderOnly(context, async (namespace: string, pod: PodIdentity) => await endPod(context, namespace, pod)),
    stopPod: leaderOnly(context, async (namespace: string, pod: PodIdentity, reason: string) => await stopPod(context, { namespace, pod, reason })),
    annotatePod: leaderOnly(context, async (namespace: string, { name, uid }: PodIdentity, annotations: AnnotationPatch) =>
      written(await context.client.mergePatch(podRef(namespace, { name, uid }), { metadata: { uid, annotations } })),
    ),
    ...objectWrites(context, revisions),
    writeStatus: leaderOnly(context, async (job: NomadJob, intent: JobStatusIntent) => await writeStatus(context, { job, intent, statuses })),
    event: context.event,
    remember: createMemo(REMEMBERED),
    sha256,
    images: context.images,
    now: () => clock.now(),
  };
}

/** The payload first: kubelet would try again only after minutes. */
async function createPod(context: NomadJobContext, pod: KubeObject): Write {
  const owner = controllerOf(pod);
  const job = owner === undefined ? undefined : context.caches.jobs.get(pod.metadata.namespace, owner.name);
  const kept = job === undefined || job.metadata.uid !== owner?.uid ? ok(undefined) : await keepPayloadSecret(context.client, job);
  return kept.ok ? await podWrites(context).createPod(pod) : kept;
}

const remove = async (client: KubeClient, resource: Resource, { metadata: { name, namespace = "default", uid = "" } }: KubeObject): Write =>
  written(await client.remove({ resource, namespace, name }, { uid }));

type Stopping = { readonly namespace: string; readonly pod: PodIdentity; readonly reason: string };

/**
 * The deadline makes kubelet end the pod, with the whole of its grace period, and keep its record and its logs. Nothing of a pod without a
 * node could be read, and no kubelet would end it.
 */
async function stopPod({ client, caches }: Pick<NomadJobContext, "client" | "caches">, { namespace, pod, reason }: Stopping): Write {
  const known = caches.pods.get(namespace, pod.name);
  if (known?.metadata.uid !== pod.uid || known.metadata.annotations?.[ANNOTATION.stopped] !== undefined) return ok(undefined);
  if (known.spec.nodeName === undefined) return written(await client.remove(podRef(namespace, pod), { uid: pod.uid }));
  const patch = { metadata: { uid: pod.uid, annotations: { [ANNOTATION.stopped]: reason } }, spec: { activeDeadlineSeconds: 1 } };
  return written(await client.mergePatch(podRef(namespace, pod), patch));
}

/** A Service of that name that is not the job's is left alone: whose it is says why its job waits. */
async function applyService({ client, caches }: Pick<NomadJobContext, "client" | "caches">, service: KubeObject): Write {
  const { name, namespace = "default" } = service.metadata;
  const present = caches.services.get(namespace, name);
  if (present === undefined) {
    const created = await createOwned(client, RESOURCES.services, service);
    return created.ok ? ok(undefined) : created;
  }
  if (isSubset(service, present)) return ok(undefined);
  return written(await client.apply(RESOURCES.services, service, { fieldManager: STATUS_MANAGER, force: true, namespace }));
}

type ObjectWrites = Pick<NomadJobDeps, "createRevision" | "deleteRevision" | "createJob" | "deleteJob" | "replaceSpec">;

function objectWrites(context: NomadJobContext, revisions: LatestObjects<JobRevision>): ObjectWrites {
  const { client } = context;
  return {
    createRevision: leaderOnly(context, async (revision: JobRevision) => {
      const created = await createOwned(client, RESOURCES.controllerRevisions, revision);
      if (created.ok) revisions.put(created.value);
      return created.ok ? ok(undefined) : created;
    }),
    deleteRevision: leaderOnly(context, async (revision: JobRevision) => await remove(client, RESOURCES.controllerRevisions, revision)),
    createJob: leaderOnly(context, async (job: KubeObject) => {
      const created = await createOwned(client, RESOURCES.nomadJobs, job);
      return created.ok ? ok(undefined) : created;
    }),
    // The resource version: a job that somebody has registered anew meanwhile is not over.
    deleteJob: leaderOnly(context, async ({ metadata: { name, namespace = "default", uid = "", resourceVersion = "" } }: NomadJob) =>
      written(await client.remove({ resource: RESOURCES.nomadJobs, namespace, name }, { uid, resourceVersion })),
    ),
    // The resource version of what was planned from: whoever has changed the job meanwhile is not overruled.
    replaceSpec: leaderOnly(context, async (job: NomadJob, spec: NomadJobSpec) => {
      const { status: _, ...object } = job;
      return written(await client.replace(RESOURCES.nomadJobs, { ...object, spec }));
    }),
  };
}

/** The name says what it is: where it is there already and has the same owner, an earlier try has made it. */
async function createOwned<T extends KubeObject>(client: KubeClient, resource: Resource, object: T) {
  const created = await client.create(resource, object);
  if (created.ok) return created;
  if (created.error.kind !== "status" || created.error.reason !== "AlreadyExists") return err(writeError(created.error));
  const { name, namespace = "default" } = object.metadata;
  const there = await client.get<T>({ resource, namespace, name });
  if (!there.ok) return err(writeError(there.error));
  if (controllerOf(there.value)?.uid === controllerOf(object)?.uid) return there;
  return err({ retry: true, reason: "NameTaken", message: `${object.kind} "${name}" of namespace "${namespace}" is there already and belongs to something else; delete it, or rename what made it` });
}

type StatusWrite = { readonly job: NomadJob; readonly intent: JobStatusIntent; readonly statuses: LatestObjects<NomadJob> };

/**
 * Nothing is written when nothing would change: our own write must not wake us for ever. Refused where the object has changed since, and then there
 * is another look: a version's JobModifyIndex is the object's own when the controller first sees it, and nobody but its writer may have moved that.
 */
async function writeStatus({ client, clock }: NomadJobContext, { job, intent, statuses }: StatusWrite): Write {
  const status = { ...intent, conditions: conditionsOf(job, intent.conditions, clock.now()) };
  if (canonicalJson(status) === canonicalJson(job.status ?? {})) return ok(undefined);
  const { apiVersion, kind, metadata } = job;
  const { name, namespace = "default", uid, resourceVersion } = metadata;
  // The UID: a job that was purged and came back under its name has no such status.
  const object = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion }, status };
  const applied = await client.apply<NomadJob>(RESOURCES.nomadJobs, object, { fieldManager: STATUS_MANAGER, force: true, subresource: "status", namespace });
  if (applied.ok) statuses.put(applied.value);
  return written(applied);
}
