/**
 * @module ExecTask: one Nomad exec-driver task, Kubernetes style. This schema is the source of the type, the CRD, the decoder
 * and docs/reference/exec-task.md.
 */
import * as z from "zod";
import { SIGNAL_NAMES } from "../nomad/driver/signals.ts";
import type { Condition, KubeObject, ObjectMeta } from "./meta.ts";
import { absolutePathRule, argText, capabilityList, durationText, isolationMode, stringMap } from "./schema-parts.ts";

export const API_VERSION = "nomad-bridge.dev/v1alpha1";

const resources = z
  .object({
    cpu: z.int().min(1).max(1_000_000).default(100).describe("CPU in MHz. A share, never a hard limit, as on Nomad."),
    cores: z.int().min(1).max(1024).optional().describe("Whole CPU cores, reserved. Takes the place of cpu."),
    memory: z.int().min(10).max(16_777_216).default(300).describe("Memory in MiB: what is reserved, and the limit unless memoryMax is set."),
    memoryMax: z.int().min(10).max(16_777_216).optional().describe("Memory limit in MiB, where the task may use more than it reserves."),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "!has(self.memoryMax) || self.memoryMax >= self.memory", message: "memoryMax must be at least memory" },
    ],
  });

const restart = z.object({
  attempts: z.int().min(0).max(1000).default(2).describe("Restarts allowed within one interval."),
  interval: durationText("30m").describe("The interval that attempts are counted in."),
  delay: durationText("15s").describe("Wait before a restart; up to a quarter is added at random."),
  mode: z.enum(["fail", "delay"]).default("fail").describe("After the last attempt: fail the allocation, or wait for the next interval."),
});

export const execTaskSpec = z.object({
  command: z
    .string()
    .min(1)
    .max(4096)
    .meta({
      "x-kubernetes-validations": [
        {
          rule: "!self.split('/').exists(part, part == '..')",
          messageExpression: `'command "' + self + '" contains "..": write the path that it resolves to'`,
        },
      ],
    })
    .describe("What to run, without a shell. Searched in local/, /, the mounts, then usr/local/bin, usr/bin and bin, as Nomad does."),
  args: z.array(argText).max(1024).default([]).describe("Arguments, passed on as they are."),
  env: stringMap(1024, 65_536).default({}).describe("Environment variables of the task, beside those of Nomad."),
  user: z
    .string()
    .min(1)
    .max(64)
    .default("nobody")
    .describe("User to run as: a name from the profile's table or the chroot's passwd, or a numeric uid."),
  capAdd: capabilityList.default([]).describe("Linux capabilities to add; each must be in the profile's allowCaps."),
  capDrop: capabilityList.default([]).describe('Linux capabilities to drop; "all" drops the defaults.'),
  pidMode: isolationMode.optional().describe("PID namespace: private, or the node's where the profile allows it. Default: the profile's."),
  ipcMode: isolationMode.optional().describe("IPC namespace: private, or the node's where the profile allows it. Default: the profile's."),
  workDir: z
    .string()
    .max(4096)
    .default("")
    .meta(absolutePathRule("work_dir"))
    .describe("Absolute working directory of the task and of alloc exec. Default: /."),
  chroot: z.enum(["host"]).optional().describe("Root file system. host: the node's directories that the profile lists, read-only. Default: the profile's."),
  profile: z.string().max(63).optional().describe("Profile of the BridgeConfig to run under. Default: the first that this namespace may use."),
  resources: resources.prefault({}).describe("What the task needs."),
  count: z.int().min(0).max(1000).default(1).describe("How many allocations to run."),
  meta: stringMap(256, 16_384).default({}).describe("Metadata, given to the task as NOMAD_META_<key>."),
  killSignal: z.enum(SIGNAL_NAMES).default("SIGINT").describe("Signal that asks the task to stop."),
  killTimeout: durationText("5s").describe("Time between the kill signal and SIGKILL."),
  restart: restart.prefault({}).describe("What happens in place when the task ends."),
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
