/** @module The bridge's writes of jobs: NomadJobs, what it may change of ExecTasks, and the Secrets of jobs. Each resolves when the caches show it. */
import type { ExecTask } from "../api/exec-task.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { JobObjects, JobSecret, WriteFailure } from "../bridge/bridge-deps.ts";
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
    ...secrets(client),
  };
}

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

function secrets(client: KubeClient): Pick<JobObjects, "readSecret" | "putSecret" | "removeSecret"> {
  return {
    readSecret: async (namespace, name) => {
      const read = thereOrNot(await client.get<Secret>({ resource: RESOURCES.secrets, namespace, name }));
      return read.ok ? ok(read.value === undefined ? undefined : (read.value.data ?? {})) : read;
    },
    putSecret: async (secret) => {
      const put = await client.apply<Secret>(RESOURCES.secrets, secretObject(secret), { fieldManager: FIELD_MANAGER, force: true });
      return put.ok ? ok(undefined) : err(failureOf(put.error));
    },
    removeSecret: async (namespace, name) => {
      const removed = await client.remove({ resource: RESOURCES.secrets, namespace, name });
      return removed.ok ? ok(undefined) : err(failureOf(removed.error));
    },
  };
}

const place = ({ metadata }: KubeObject) => ({ namespace: metadata.namespace ?? "default", name: metadata.name });

function thereOrNot<T>(read: Result<T, KubeError>): Result<T | undefined, WriteFailure> {
  if (read.ok) return read;
  return read.error.kind === "status" && read.error.code === 404 ? ok(undefined) : err(failureOf(read.error));
}

function secretObject({ namespace, name, owner, data }: JobSecret) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "nomad-bridge" }, ownerReferences: [owner] },
    type: "Opaque",
    data,
  };
}
