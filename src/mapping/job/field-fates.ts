/**
 * @module What becomes of every field of a job, a group and a task: a field without a fate does not compile. A field that has no twin is told in
 * a finding or refused where a job sets it, and never passed over. Used by job-groups.ts.
 */
import type { Finding, FindingLevel } from "../../api/exec-task.ts";
import type { JobSpec, Resources, Task, TaskGroup, Template } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";

/**
 * mapped: the mapping reads it, and tells what it changes. elsewhere: the plan, the bridge or the registration does. Any other fate is that of
 * a value that is set.
 */
export type Fate = "mapped" | "elsewhere" | { readonly level: FindingLevel | "refused"; readonly message: string };

const lost = (message: string): Fate => ({ level: "lost", message });
const refused = (message: string): Fate => ({ level: "refused", message });

const CONSUL = lost("there is no Consul here");
const CONSUL_MESH = refused("there is no Consul service mesh here; leave it out, and reach the service by its address");
const VAULT = refused("there is no Vault here; keep the secret in a Kubernetes Secret, and fetch it with an artifact's credentials or a dispatch payload");

export const JOB_FATES = {
  Region: "elsewhere",
  Namespace: "elsewhere",
  ID: "mapped",
  Name: "mapped",
  Type: "mapped",
  Priority: { level: "lost", message: "pods have the cluster's own priority, whatever the job's is: no allocation is put before another, or preempted" },
  AllAtOnce: lost("allocations are placed one by one"),
  Datacenters: "mapped",
  NodePool: "mapped",
  Constraints: "mapped",
  Affinities: "mapped",
  TaskGroups: "mapped",
  Update: "elsewhere",
  Multiregion: refused("one cluster is one region; register the job in each"),
  Spreads: "mapped",
  Periodic: "elsewhere",
  ParameterizedJob: "mapped",
  Reschedule: "elsewhere",
  Migrate: "elsewhere",
  Meta: "mapped",
  UI: "elsewhere",
  ParentID: "mapped",
  Dispatched: "mapped",
  DispatchIdempotencyToken: "elsewhere",
  Payload: "elsewhere",
  ConsulNamespace: CONSUL,
  VaultNamespace: lost("there is no Vault here"),
} as const satisfies Record<keyof JobSpec, Fate>;

export const GROUP_FATES = {
  Name: "mapped",
  Count: "mapped",
  Constraints: "mapped",
  Affinities: "mapped",
  Tasks: "mapped",
  Spreads: "mapped",
  Volumes: "mapped",
  RestartPolicy: "mapped",
  Disconnect: "elsewhere",
  ReschedulePolicy: "elsewhere",
  EphemeralDisk: "mapped",
  Update: "elsewhere",
  Migrate: "elsewhere",
  Networks: "mapped",
  Meta: "mapped",
  Services: "mapped",
  ShutdownDelay: "mapped",
  MaxRunDuration: "mapped",
  StopAfterClientDisconnect: { level: "weaker", message: "a node that is not heard of keeps its tasks until Kubernetes' own time for it is over, five minutes" },
  MaxClientDisconnect: "elsewhere",
  Scaling: { level: "equivalent", message: "the bounds hold for nomad job scale; an autoscaler of Nomad's reads the policy as on Nomad, and none comes with this server" },
  Consul: CONSUL,
  PreventRescheduleOnLost: "elsewhere",
} as const satisfies Record<keyof TaskGroup, Fate>;

export const TASK_FATES = {
  Name: "mapped",
  Driver: "mapped",
  User: "mapped",
  Lifecycle: "mapped",
  Config: "mapped",
  Constraints: "mapped",
  Affinities: "mapped",
  Env: "mapped",
  Services: "mapped",
  Resources: "mapped",
  RestartPolicy: "mapped",
  Meta: "mapped",
  KillTimeout: "mapped",
  LogConfig: "mapped",
  Artifacts: "mapped",
  Vault: VAULT,
  Consul: CONSUL,
  Templates: "mapped",
  DispatchPayload: "mapped",
  VolumeMounts: "mapped",
  CSIPluginConfig: refused("a CSI driver is installed in the cluster, and not run as a task"),
  Leader: "mapped",
  ShutdownDelay: "mapped",
  KillSignal: "mapped",
  Kind: CONSUL_MESH,
  ScalingPolicies: lost("vertical scaling is Nomad Enterprise's; a VerticalPodAutoscaler does it here"),
  Secrets: refused("there are no secret providers here; keep the secret in a Kubernetes Secret, and fetch it with an artifact's credentials or a dispatch payload"),
  Identity: "mapped",
  Identities: lost("tasks have no workload identity here"),
  Actions: "elsewhere",
  Schedule: refused("schedules of tasks are Nomad Enterprise's; use a periodic job"),
} as const satisfies Record<keyof Task, Fate>;

export const RESOURCE_FATES = {
  CPU: "mapped",
  Cores: "mapped",
  MemoryMB: "mapped",
  MemoryMaxMB: "mapped",
  DiskMB: lost("write ephemeral_disk of the group"),
  Networks: "mapped",
  Devices: refused("devices are not asked for here; put nodes that have them into a pool of their own"),
  NUMA: lost("the nodes' kubelets decide about NUMA by their own policy"),
  SecretsMB: "mapped",
  IOPS: lost("Nomad itself has dropped it"),
} as const satisfies Record<keyof Resources, Fate>;

export const TEMPLATE_FATES = {
  SourcePath: "mapped",
  DestPath: "mapped",
  EmbeddedTmpl: "mapped",
  ChangeMode: "mapped",
  ChangeScript: "mapped",
  ChangeSignal: "mapped",
  Once: "mapped",
  Splay: "mapped",
  Perms: "mapped",
  Uid: "mapped",
  Gid: "mapped",
  LeftDelim: "mapped",
  RightDelim: "mapped",
  Envvars: "mapped",
  VaultGrace: lost("there is no Vault here"),
  Wait: { level: "weaker", message: "a change is rendered as soon as it is seen, within two seconds" },
  ErrMissingKey: "mapped",
} as const satisfies Record<keyof Template, Fate>;

export type Judged = { readonly findings: readonly Finding[]; readonly refusal?: Refusal };

/** @param path of the object, with a "." at its end where it is not the job itself */
export function judgeFields<T extends object>(object: T, fates: Readonly<Record<keyof T, Fate>>, path: string): Judged {
  const findings: Finding[] = [];
  for (const field of Object.keys(fates) as (keyof T & string)[]) {
    const fate = fates[field];
    if (typeof fate === "string" || !isSet(field, object[field])) continue;
    const at = `${path}${field}`;
    if (fate.level === "refused") return { findings, refusal: { reason: "JobRefused", message: `${at}: ${fate.message}` } };
    findings.push({ level: fate.level, path: at, message: fate.message });
  }
  return { findings };
}

/** What a job has where it does not say: NUMA's and the priority's are Nomad's defaults. */
const DEFAULT_PRIORITY = 50;

function isSet(field: string, value: unknown): boolean {
  if (field === "Priority") return value !== DEFAULT_PRIORITY;
  if (field === "NUMA") return typeof value === "object" && value !== null && "Affinity" in value && value.Affinity !== "none" && value.Affinity !== "";
  if (field === "ConsulNamespace" || field === "VaultNamespace") return value !== "" && value !== "default";
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
