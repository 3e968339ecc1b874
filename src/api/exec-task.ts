/**
 * @module ExecTask: one Nomad exec-driver task, Kubernetes style. This schema is the source of the type, the CRD, the decoder
 * and docs/reference/exec-task.md.
 */
import * as z from "zod";
import type { Condition, KubeObject, ObjectMeta } from "./meta.ts";
import { isolationMode } from "./schema-parts.ts";
import { groupTask, taskFields } from "./task-fields.ts";

export const API_VERSION = "nomad-bridge.dev/v1alpha1";

const volume = z.object({
  name: z.string().min(1).max(63).describe("Name that volumeMounts use."),
  type: z.enum(["host", "csi"]).describe("host: a directory of the node that the profile offers under the name in source. csi: a PersistentVolumeClaim."),
  source: z.string().min(1).max(253).describe("Name of the profile's host volume, or of the claim."),
  readOnly: z.boolean().default(false).describe("Whether no task of the group may write to it."),
});

const ephemeralDisk = z.object({
  size: z.int().min(10).max(16_777_216).default(300).describe("Disk that the allocation needs, in MB. A request for the scheduler; not enforced, as on Nomad."),
});

/** A task's directory of its own is at the same place for each; only what is below it matters. */
const chrootPath = z.string().min(2).max(512);

export const execTaskSpec = z.object({
  ...taskFields,
  driver: z.enum(["exec", "raw_exec"]).default("exec").describe("raw_exec runs on the node itself, where the profile allows it."),
  pidMode: isolationMode.optional().describe("PID namespace: private, or the node's where the profile allows it. Default: the profile's."),
  ipcMode: isolationMode.optional().describe("IPC namespace: private, or the node's where the profile allows it. Default: the profile's."),
  chroot: z
    .enum(["host", "image", "hostCopy"])
    .optional()
    .describe("Root file system, which must be the profile's own kind. host: the node's directories, read-only. hostCopy: a private, writable copy of them. image: the profile's image."),
  chrootPaths: z.array(chrootPath).max(96).optional().describe("Of the profile's chroot paths, those that the task sees. Default: all."),
  profile: z.string().max(63).optional().describe("Profile of the BridgeConfig to run under. Default: the first that this namespace may use."),
  count: z.int().min(0).max(1000).default(1).describe("How many allocations to run."),
  volumes: z.array(volume).max(32).default([]).describe("Volumes of the group."),
  ephemeralDisk: ephemeralDisk.prefault({}).describe("Disk for /alloc, /local and /tmp."),
  tasks: z.array(groupTask).max(8).default([]).describe("Further tasks of the group, beside the one that this object itself describes."),
});

/** The spec with all defaults filled in. */
export type ExecTaskSpec = z.output<typeof execTaskSpec>;

export type FindingLevel = "same" | "equivalent" | "weaker" | "lost" | "decision";

/** What the mapping of one field changes for the task, and what to do about it. */
export type Finding = {
  readonly level: FindingLevel;
  /** Field of the spec, such as "capAdd". */
  readonly path: string;
  readonly message: string;
};

export type ExecTaskStatus = {
  readonly observedGeneration?: number;
  /** "ready/desired", for kubectl's table. */
  readonly summary?: string;
  readonly desired?: number;
  readonly ready?: number;
  readonly running?: number;
  readonly failed?: number;
  /** Live allocations' IDs, ten at most. */
  readonly allocations?: readonly string[];
  readonly selector?: string;
  readonly conditions?: readonly Condition[];
  readonly findings?: readonly Finding[];
};

/** As the API server stores it: defaults are in, the status may be absent. */
export type ExecTask = KubeObject & {
  readonly kind: "ExecTask";
  readonly metadata: ObjectMeta;
  readonly spec: z.input<typeof execTaskSpec>;
  readonly status?: ExecTaskStatus;
};
