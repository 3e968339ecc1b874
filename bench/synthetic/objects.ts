/** @module Objects of a cluster that is not there: jobs with their versions, and pods as the controller makes them and a kubelet reports them. */
import { createHash } from "node:crypto";
import { secretHash } from "../../src/access/authenticate.ts";
import type { AclTokenObject } from "../../src/api/acl.ts";
import { bridgeConfigSpec } from "../../src/api/bridge-config.ts";
import { API_VERSION } from "../../src/api/exec-task.ts";
import type { KubeObject } from "../../src/api/meta.ts";
import type { NomadJob } from "../../src/api/nomad-job.ts";
import type { Pod } from "../../src/api/pod.ts";
import { LABEL } from "../../src/contract/pod-metadata.ts";
import { presentRevision } from "../../src/controller/nomad-job/revisions.ts";
import { jobGroups } from "../../src/mapping/job/job-groups.ts";
import { acceptGroup, podForTask } from "../../src/mapping/pod-for-task.ts";
import { jobSpecOf, storedSpec } from "../../src/mapping/stored-job.ts";

export const SECRET = "0a0a0a0a-0000-4000-8000-000000000001";
export const NODE = "node-1";
const BEGAN = Date.parse("2026-01-01T00:00:00Z");
const CONFIG = bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"] }] });
const IMAGES = { launcher: "launcher:1", fetch: "fetch:1" };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const uuid = (kind: number, index: number): string => `${sha256(`${kind}/${index}`).slice(0, 8)}-${String(kind).padStart(4, "0")}-4000-8000-${String(index).padStart(12, "0")}`;
const at = (seconds: number): string => new Date(BEGAN + seconds * 1000).toISOString().replace(".000Z", "Z");

export type Size = { readonly jobs: number; readonly allocations: number };

/** By the plural of their kind. */
export function syntheticObjects({ jobs, allocations }: Size): ReadonlyMap<string, readonly KubeObject[]> {
  const made = Array.from({ length: jobs }, (_, index) => jobNumber(index, allocations / jobs));
  const revisions = made.map((job, index) => revisionOf(job, index));
  const templates = made.map((job) => podOf(job));
  const pods = Array.from({ length: allocations }, (_, index) => running(templates[index % jobs] as Pod, index, Math.floor(index / jobs)));
  return new Map<string, readonly KubeObject[]>([
    ["namespaces", [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "default", uid: uuid(1, 0), labels: { [LABEL.managed]: "true" } } }]],
    ["bridgeconfigs", [{ apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default", resourceVersion: "1" }, spec: CONFIG } as KubeObject]],
    ["nodes", [{ apiVersion: "v1", kind: "Node", metadata: { name: NODE, uid: uuid(2, 0) } }]],
    ["acltokens", [token()]],
    ["nomadjobs", made],
    ["controllerrevisions", revisions],
    ["pods", pods],
  ]);
}

const token = (): AclTokenObject => ({
  apiVersion: API_VERSION,
  kind: "ACLToken",
  metadata: { name: "bench", uid: uuid(5, 0) },
  spec: { accessorId: uuid(5, 0), secretHash: secretHash(SECRET), name: "bench", type: "management", createTime: at(0) },
});

function revisionOf(job: NomadJob, index: number): KubeObject {
  const revision = presentRevision(sha256, job, BEGAN);
  return { ...revision, metadata: { ...revision.metadata, uid: uuid(4, index), resourceVersion: String(500_000 + index), managedFields: managedFields(600) } as KubeObject["metadata"] };
}

/** As a server-side apply leaves them: about as long as what they speak of. */
const managedFields = (bytes: number): object[] => [
  { manager: "nomad-bridge", operation: "Apply", apiVersion: "v1", time: at(0), fieldsType: "FieldsV1", fieldsV1: Object.fromEntries(Array.from({ length: Math.ceil(bytes / 40) }, (_, i) => [`f:field-${i}`, { "f:inner": {} }])) },
];

/** A service as people write them: a port, a check, a template, an artifact, some environment. */
function jobNumber(index: number, count: number): NomadJob {
  const id = `service-${index}`;
  const written = jobSpecOf({ id, job: jobBody(id, count) }, "default");
  if (!written.ok) throw new Error(`the bench's own job was refused: ${written.error}`);
  return {
    apiVersion: API_VERSION,
    kind: "NomadJob",
    metadata: { name: `nj-${id}`, namespace: "default", uid: uuid(3, index), resourceVersion: String(400_000 + index), generation: 1, creationTimestamp: at(0), managedFields: managedFields(1500) } as NomadJob["metadata"],
    spec: storedSpec(written.value, { stop: false }),
    status: {
      observedGeneration: 1,
      jobModifyIndex: String(400_000 + index),
      state: "running",
      summary: `${count}/${count}`,
      stableVersion: 0,
      groups: { app: { queued: 0, starting: 0, running: count, complete: 0, failed: 0, lost: 0, unknown: 0 } },
      conditions: [{ type: "Accepted", status: "True", reason: "Accepted", message: "", lastTransitionTime: at(0), observedGeneration: 1 }],
    },
  };
}

const jobBody = (id: string, count: number) => ({
  ID: id,
  Name: id,
  Type: "service",
  Datacenters: ["dc1"],
  Meta: { owner: "team", revision: "0123456789abcdef" },
  TaskGroups: [
    {
      Name: "app",
      Count: count,
      Update: { MaxParallel: 2, MinHealthyTime: 10_000_000_000, HealthyDeadline: 300_000_000_000 },
      Networks: [{ DynamicPorts: [{ Label: "http", To: 8080 }] }],
      Tasks: [
        {
          Name: "server",
          Driver: "exec",
          Config: { command: "local/app/server", args: ["-listen", "${NOMAD_ADDR_http}", "-name", "${NOMAD_ALLOC_NAME}"] },
          Env: Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`VARIABLE_${n}`, `value ${n} of ${id}`])),
          Resources: { CPU: 500, MemoryMB: 256 },
          Templates: [{ EmbeddedTmpl: `{{ env "NOMAD_DC" }} a line of a configuration\n`.repeat(15), DestPath: "local/app.conf", ChangeMode: "restart" }],
          Artifacts: [{ GetterSource: `https://artifacts.example/${id}.tar.gz`, RelativeDest: "local/app" }],
        },
      ],
    },
  ],
});

function podOf(job: NomadJob): Pod {
  const spec = jobSpecOf({ id: job.spec.id, job: job.spec.job }, "default");
  if (!spec.ok) throw new Error(spec.error);
  const group = jobGroups(job, spec.value, CONFIG).groups[0]?.group;
  if (group?.ok !== true) throw new Error(`the bench's own group was refused: ${JSON.stringify(group)}`);
  const accepted = acceptGroup(group.value, CONFIG, sha256);
  const pod = accepted.ok ? podForTask(accepted.value, { index: 0, serial: 1, reschedules: 0 }, IMAGES) : accepted;
  if (!pod.ok) throw new Error(`the bench's own group was refused: ${JSON.stringify(pod.error)}`);
  return pod.value as Pod;
}

/** Placed, and running since a minute after its job. */
function running(template: Pod, index: number, place: number): Pod {
  const { metadata, spec } = template;
  const began = at(60 + index / 100);
  const conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: began }));
  const image = { imageID: `registry.example/launcher@sha256:${sha256("launcher")}`, image: "launcher:1", restartCount: 0, ready: true };
  const id = () => `containerd://${sha256(String(index))}`;
  return {
    ...template,
    metadata: { ...metadata, name: metadata.name.replace(/-0-1$/, `-${place}-1`), uid: uuid(6, index), resourceVersion: String(600_000 + index), creationTimestamp: began, managedFields: managedFields(3000) } as Pod["metadata"],
    spec: { ...spec, nodeName: NODE },
    status: {
      phase: "Running",
      podIP: "10.0.0.7",
      hostIP: "10.0.0.1",
      startTime: began,
      conditions,
      containerStatuses: spec.containers.map(({ name }) => ({ name, ...image, containerID: id(), state: { running: { startedAt: began } } })),
      initContainerStatuses: (spec.initContainers ?? []).map(({ name }) => ({ name, ...image, containerID: id(), state: { terminated: { exitCode: 0, reason: "Completed", startedAt: began, finishedAt: began } } })),
    },
  };
}
