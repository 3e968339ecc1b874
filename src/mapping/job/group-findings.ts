/** @module Findings of a group: those of an ExecTask, and for a Nomad job's group the same under the job's own JSON paths. Used by acceptGroup. */
import type { Profile } from "../../api/bridge-config.ts";
import type { ExecTaskSpec, Finding } from "../../api/exec-task.ts";
import type { TaskSpec } from "../../api/task-fields.ts";
import type { JobGroup } from "../accepted-task.ts";
import { findingsFor } from "../findings.ts";
import type { GroupTerms } from "./group-terms.ts";
import { grantFindings } from "./pod-network.ts";

export function groupFindings(source: JobGroup, spec: ExecTaskSpec, profile: Profile): readonly Finding[] {
  const { terms } = source;
  if (terms === undefined) return findingsFor(spec, profile);
  const found = findingsFor(withKnownVariables(spec, source, terms), profile);
  const kept = terms.network.mode === "" ? found : found.filter(({ path }) => path !== "network");
  const translated = kept.map((finding): Finding => ({ ...finding, path: jobPath(finding.path, terms, spec) }));
  return [...grantFindings({ source, profile }, terms.paths.group), ...translated];
}

/** Variables that an ExecTask's tasks never have: to a rule they are as good as the task's own. */
function withKnownVariables(spec: ExecTaskSpec, { parentId }: JobGroup, { network }: GroupTerms): ExecTaskSpec {
  const labels = network.ports.flatMap(({ label, task }) => (task === undefined ? [label] : [label, `${task}_${label}`]));
  const names = labels.flatMap((label) => ["", "HOST_", "ALLOC_"].flatMap((side) => ["PORT", "IP", "ADDR", "INTERFACE"].map((what) => `NOMAD_${side}${what}_${label}`)));
  const known = Object.fromEntries([...names, ...(parentId === "" ? [] : ["NOMAD_JOB_PARENT_ID"])].map((name) => [name, ""]));
  const withAll = <T extends Pick<TaskSpec, "env">>(task: T): T => ({ ...task, env: { ...known, ...task.env } });
  return { ...withAll(spec), tasks: spec.tasks.map(withAll) };
}

/** An ExecTask's field where it is not the job's by another case. */
const TASK_FIELDS: Readonly<Record<string, string>> = {
  command: "Config.command",
  args: "Config.args",
  env: "Env",
  user: "User",
  capAdd: "Config.cap_add",
  capDrop: "Config.cap_drop",
  workDir: "Config.work_dir",
  artifacts: "Artifacts",
  templates: "Templates",
  volumeMounts: "VolumeMounts",
  dispatchPayload: "DispatchPayload",
  resources: "Resources",
  meta: "Meta",
  logs: "LogConfig",
  killSignal: "KillSignal",
  killTimeout: "KillTimeout",
  shutdownDelay: "ShutdownDelay",
  restart: "RestartPolicy",
  leader: "Leader",
  lifecycle: "Lifecycle",
  name: "Name",
  driver: "Driver",
  pidMode: "Config.pid_mode",
  ipcMode: "Config.ipc_mode",
};

const GROUP_FIELDS: Readonly<Record<string, string>> = { volumes: "Volumes", ephemeralDisk: "EphemeralDisk", count: "Count", tasks: "Tasks", network: "Networks" };

/** What follows the field, such as `[0].destination`. */
const INNER: Readonly<Record<string, string>> = { ".source": ".GetterSource", ".destination": ".RelativeDest", ".cores": ".Cores", ".secrets": ".SecretsMB" };

/** The job's path of a path in an ExecTask. What is about the container as a whole belongs to the group. */
function jobPath(path: string, { paths }: GroupTerms, { volumes }: ExecTaskSpec): string {
  const other = /^tasks\[(\d+)\]\.(.*)$/s.exec(path);
  const task = paths.tasks[other === null ? 0 : Number(other[1]) + 1] ?? paths.group;
  const [, field = "", rest = ""] = /^(\w+)(.*)$/s.exec(other?.[2] ?? path) ?? [];
  if (field === "volumes") return `${paths.group}.Volumes.${volumes[Number(/^\[(\d+)\]/.exec(rest)?.[1])]?.name ?? ""}`;
  const ofGroup = GROUP_FIELDS[field];
  if (ofGroup !== undefined) return `${paths.group}.${ofGroup}`;
  const ofTask = TASK_FIELDS[field];
  return ofTask === undefined ? paths.group : `${task}.${ofTask}${innerPath(field, rest)}`;
}

function innerPath(field: string, rest: string): string {
  const [, position = "", inner = ""] = /^(\[\d+\])?(.*)$/s.exec(rest) ?? [];
  if (field === "templates" && inner === ".destination") return `${position}.DestPath`;
  return field === "env" ? rest : `${position}${INNER[inner] ?? inner}`;
}
