/** @module The config block of the drivers exec and raw_exec in the words of an ExecTask. Used by job-task.ts. */
import type { Finding } from "../../api/exec-task.ts";
import type { Task } from "../../nomad/job.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { Refusal } from "../refusal.ts";
import { type Config, listOf, textOf, unknownKey } from "./config-values.ts";
import { type Mapped, mapped, refusedAt } from "./mapped.ts";

type Isolation = "private" | "host";

/** What a driver's config says, whichever driver it is. */
export type DriverConfig = {
  readonly command: string;
  readonly args: readonly string[];
  readonly workDir: string;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** "" where it does not say. */
  readonly pidMode: Isolation | "";
  readonly ipcMode: Isolation | "";
  /** Of an image of the job's own, which takes the place of the profile's root file system. */
  readonly image?: string;
  /** When kubelet pulls that image. */
  readonly pull?: "Always" | "IfNotPresent";
};

const EXEC_KEYS = ["command", "args", "pid_mode", "ipc_mode", "cap_add", "cap_drop", "work_dir"];

/** What raw_exec has and a container has not: what is lost without each. */
const RAW_EXEC_LOST: Readonly<Record<string, string>> = {
  cgroup_v1_override: "the process stays in the control groups of its container",
  cgroup_v2_override: "the process stays in the control group of its container",
  oom_score_adj: "kubelet sets the OOM score of a container by its memory request",
  denied_envvars: "nothing of an agent's environment reaches a task, so there is nothing to keep from it",
};
const RAW_EXEC_KEYS = ["command", "args", "work_dir", ...Object.keys(RAW_EXEC_LOST)];

export function execConfig({ Config: config }: Pick<Task, "Config">, path: string): Result<Mapped<DriverConfig>, Refusal> {
  const unknown = unknownKey(config, EXEC_KEYS, path);
  if (unknown !== undefined) return unknown;
  const common = commonConfig(config, path);
  if (!common.ok) return common;
  const capAdd = listOf(config, "cap_add", path);
  if (!capAdd.ok) return capAdd;
  const capDrop = listOf(config, "cap_drop", path);
  if (!capDrop.ok) return capDrop;
  const pidMode = isolationOf(config, "pid_mode", path);
  if (!pidMode.ok) return pidMode;
  const ipcMode = isolationOf(config, "ipc_mode", path);
  if (!ipcMode.ok) return ipcMode;
  return mapped({ ...common.value, capAdd: capAdd.value, capDrop: capDrop.value, pidMode: pidMode.value, ipcMode: ipcMode.value });
}

export function rawExecConfig({ Config: config }: Pick<Task, "Config">, path: string): Result<Mapped<DriverConfig>, Refusal> {
  const unknown = unknownKey(config, RAW_EXEC_KEYS, path);
  if (unknown !== undefined) return unknown;
  const common = commonConfig(config, path);
  if (!common.ok) return common;
  const lost = Object.entries(RAW_EXEC_LOST).flatMap(([key, message]): Finding[] => (config[key] === undefined ? [] : [{ level: "lost", path: `${path}.${key}`, message: `has no effect: ${message}` }]));
  return mapped({ ...common.value, capAdd: [], capDrop: [], pidMode: "" as const, ipcMode: "" as const }, lost);
}

function commonConfig(config: Config, path: string): Result<Pick<DriverConfig, "command" | "args" | "workDir">, Refusal> {
  const command = textOf(config, "command", path);
  if (!command.ok) return command;
  if (command.value === "") return refusedAt(`${path}.command`, 'failed to parse config: Missing required argument; The argument "command" is required, but no definition was found.');
  const args = listOf(config, "args", path);
  if (!args.ok) return args;
  const workDir = textOf(config, "work_dir", path);
  if (!workDir.ok) return workDir;
  return ok({ command: command.value, args: args.value, workDir: workDir.value });
}

function isolationOf(config: Config, key: "pid_mode" | "ipc_mode", path: string): Result<Isolation | "", Refusal> {
  const text = textOf(config, key, path);
  if (!text.ok) return text;
  if (text.value === "" || text.value === "private" || text.value === "host") return ok(text.value);
  return refusedAt(`${path}.${key}`, `failed driver config validation: ${key} must be "private" or "host", got "${text.value}"`);
}
