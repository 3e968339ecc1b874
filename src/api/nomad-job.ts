/**
 * @module NomadJob: a whole Nomad job, lossless. `spec.job` is Nomad's own JSON, opaque to the schema and checked in code. What
 * `nomad job run` writes. This schema is the source of the type, the CRD, the decoder and docs/reference/nomad-job.md.
 *
 * The job's version is the object's generation, less one: every change of the spec is a version, and nothing else is.
 */
import * as z from "zod";
import type { Finding } from "./exec-task.ts";
import type { Condition, KubeObject, ObjectMeta } from "./meta.ts";

export const JOB_TYPES = ["service", "batch", "system", "sysbatch"] as const;

/** etcd refuses an object of more than 1.5 MiB, and an update carries the old one's fields too. */
export const MAX_JOB_BYTES = 1024 * 1024;

export const nomadJobSpec = z.object({
  id: z.string().min(1).max(512).describe("ID of the job, as on Nomad: slashes, dots, upper case and unicode are allowed."),
  type: z.enum(JOB_TYPES).default("service").describe("Type of the job, beside the job itself for kubectl."),
  priority: z.int().min(1).max(100).default(50).describe("Priority of the job, beside the job itself for kubectl."),
  stop: z.boolean().default(false).describe("Whether the job is stopped: it is kept, and none of its allocations runs."),
  job: z
    .record(z.string(), z.unknown())
    .meta({ "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic" })
    .describe("The job as Nomad's HTTP API has it (api.Job): Go field names, durations in nanoseconds."),
  payloadSecret: z.string().max(253).optional().describe("Name of the Secret of this namespace that holds a dispatched job's payload, under the key payload."),
});

export type NomadJobSpec = z.output<typeof nomadJobSpec>;

/** Allocations of one group by Nomad's names. */
export type GroupCounts = {
  readonly queued: number;
  readonly starting: number;
  readonly running: number;
  readonly complete: number;
  readonly failed: number;
  readonly lost: number;
  readonly unknown: number;
};

/** Nomad's word for how a job is. */
export type JobState = "pending" | "running" | "dead";

export type NomadJobStatus = {
  readonly observedGeneration?: number;
  /** Resource version of the object when its spec was last changed: Nomad's JobModifyIndex. */
  readonly jobModifyIndex?: string;
  /** Resource version of the object when its first version was seen: Nomad's CreateIndex, which outlives that version's record. */
  readonly createIndex?: string;
  readonly state?: JobState;
  readonly description?: string;
  /** "ready/desired", for kubectl's table. */
  readonly summary?: string;
  readonly groups?: Readonly<Record<string, GroupCounts>>;
  /** The plan's DeploymentState, and whatever else it must remember; opaque to everyone else. */
  readonly deployment?: Readonly<Record<string, unknown>>;
  /** Of each group what the plan must remember beyond the pods that exist, such as completed indexes of a batch job; opaque. */
  readonly memory?: Readonly<Record<string, unknown>>;
  /** The newest version that was deployed with success; absent: none yet. */
  readonly stableVersion?: number;
  readonly children?: { readonly pending: number; readonly running: number; readonly dead: number };
  /** RFC 3339; of a periodic job. */
  readonly lastLaunch?: string;
  /** Live allocations' IDs, ten at most. */
  readonly allocations?: readonly string[];
  readonly conditions?: readonly Condition[];
  readonly findings?: readonly Finding[];
};

/** As the API server stores it: defaults are in, the status may be absent. */
export type NomadJob = KubeObject & {
  readonly kind: "NomadJob";
  readonly metadata: ObjectMeta;
  readonly spec: z.input<typeof nomadJobSpec>;
  readonly status?: NomadJobStatus;
};
