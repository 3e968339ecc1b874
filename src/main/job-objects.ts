/** @module The bridge's writes of jobs: NomadJobs, what it may change of ExecTasks, and the texts of jobs. Each resolves when the caches show it. */
import { API_VERSION, type ExecTask } from "../api/exec-task.ts";
import type { JobText } from "../api/job-texts.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { JobObjects, StoredText, WriteFailure } from "../bridge/bridge-deps.ts";
import type { Cache, KubeClient, KubeError, RemoveOptions, Resource } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { JobObject } from "../mapping/job-record.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
import { failureOf, seen, unseen } from "./seen.ts";

const FIELD_MANAGER = "nomad-bridge-bridge";

type Kind = { readonly resource: Resource; readonly cache: Cache<JobObject> };

export function jobObjects(client: KubeClient, caches: Pick<BridgeCaches, "jobs" | "tasks">): JobObjects {
  const { jobs, tasks } = caches;
  const kindOf = (kind: JobObject["kind"]): Kind =>
    kind === "NomadJob" ? { resource: RESOURCES.nomadJobs, cache: jobs } : { resource: RESOURCES.execTasks, cache: tasks };
  const patch = async <T extends JobObject>(object: T, change: object): Promise<Result<T, WriteFailure>> => {
    const { resource, cache } = kindOf(object.kind);
    return (await seen(cache, await client.mergePatch<JobObject>({ resource, ...place(object) }, change))) as Result<T, WriteFailure>;
  };
  const remove = async (object: JobObject, only: RemoveOptions): Promise<Result<undefined, WriteFailure>> => {
    const { resource, cache } = kindOf(object.kind);
    return unseen(cache, object.metadata, await client.remove({ resource, ...place(object) }, only));
  };
  return {
    read: async (kind, namespace, name) => thereOrNot(await client.get<JobObject>({ resource: kindOf(kind).resource, namespace, name })),
    create: async (object) => seen(jobs, await client.create(RESOURCES.nomadJobs, object)),
    replace: async (object) => seen(jobs, await client.replace<NomadJob>(RESOURCES.nomadJobs, object)),
    remove: async (object) => remove(object, { uid: object.metadata.uid ?? "" }),
    removeUnchanged: async (object) => remove(object, { uid: object.metadata.uid ?? "", resourceVersion: object.metadata.resourceVersion ?? "" }),
    annotate: async (object, annotations) => patch(object, { metadata: { resourceVersion: object.metadata.resourceVersion, annotations } }),
    scaleTask: async (task: ExecTask, count) => patch(task, { metadata: { resourceVersion: task.metadata.resourceVersion }, spec: { count } }),
    ...texts(client),
  };
}

const TEXTS: Readonly<Record<JobText["kind"], Resource>> = { JobSubmission: RESOURCES.jobSubmissions, DispatchPayload: RESOURCES.dispatchPayloads };

function texts(client: KubeClient): Pick<JobObjects, "readText" | "putText" | "removeText"> {
  return {
    readText: async ({ kind, namespace, name, of }) => {
      const read = thereOrNot(await client.get<JobText>({ resource: TEXTS[kind], namespace, name }));
      if (!read.ok) return read;
      const isTheirs = read.value?.metadata.ownerReferences?.some(({ uid }) => uid === of) === true;
      return ok(isTheirs ? read.value?.spec.content : undefined);
    },
    putText: async (stored) => {
      const put = await client.apply<JobText>(TEXTS[stored.kind], textObject(stored), { fieldManager: FIELD_MANAGER, force: true });
      return put.ok ? ok(undefined) : err(failureOf(put.error));
    },
    removeText: async ({ kind, namespace, name }) => {
      const removed = await client.remove({ resource: TEXTS[kind], namespace, name });
      return removed.ok ? ok(undefined) : err(failureOf(removed.error));
    },
  };
}

const place = ({ metadata }: KubeObject) => ({ namespace: metadata.namespace ?? "default", name: metadata.name });

function thereOrNot<T>(read: Result<T, KubeError>): Result<T | undefined, WriteFailure> {
  if (read.ok) return read;
  return read.error.kind === "status" && read.error.code === 404 ? ok(undefined) : err(failureOf(read.error));
}

const textObject = ({ kind, namespace, name, owner, content }: StoredText): JobText => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "nomad-bridge" }, ownerReferences: [owner] },
  spec: { content },
});
