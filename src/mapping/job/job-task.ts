/** @module One task of a Nomad job in the words of an ExecTask. Used by job-groups.ts. */
import type { ExecTask } from "../../api/exec-task.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { SIGNAL_NAMES } from "../../nomad/driver/signals.ts";
import type { JobSpec, Strings, Task, TaskArtifact, TaskGroup, Template } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import { dockerConfig } from "./docker-config.ts";
import { type DriverConfig, execConfig, rawExecConfig } from "./driver-config.ts";
import { type Judged, judgeFields, RESOURCE_FATES, TASK_FATES, TEMPLATE_FATES } from "./field-fates.ts";
import { durationText } from "./job-durations.ts";
import { findingIf, type Mapped, mapAll, mapped, refusedAt } from "./mapped.ts";

type ExecSpec = ExecTask["spec"];
type TaskInput = NonNullable<ExecSpec["tasks"]>[number];
type ArtifactInput = NonNullable<ExecSpec["artifacts"]>[number];
type TemplateInput = NonNullable<ExecSpec["templates"]>[number];

export type JobTask = {
  readonly input: TaskInput;
  readonly config: DriverConfig;
  /** `exec` for a task of an image: it runs as an exec task does, in another root file system. */
  readonly driver: "exec" | "raw_exec";
};

/** What stands around the task. `path` is the task's own, such as `TaskGroups[0].Tasks[1]`. */
export type TaskPlace = { readonly job: JobSpec; readonly group: TaskGroup; readonly path: string; readonly payloadSecret: string | undefined };

export function jobTask(task: Task, place: TaskPlace): Result<Mapped<JobTask>, Refusal> {
  const { path } = place;
  const judged = judgeTask(task, path);
  if (judged.refusal !== undefined) return err(judged.refusal);
  const driver = driverOf(task, path);
  if (!driver.ok) return driver;
  const signal = signalOf(task.KillSignal, `${path}.KillSignal`);
  if (!signal.ok) return signal;
  const templates = mapAll(task.Templates, (template, i) => templateOf(template, `${path}.Templates[${i}]`));
  if (!templates.ok) return templates;
  const { config } = driver.value.value;
  const input: TaskInput = {
    name: task.Name,
    ...(task.Lifecycle === null ? {} : { lifecycle: { hook: task.Lifecycle.Hook as "prestart", sidecar: task.Lifecycle.Sidecar } }),
    command: config.command,
    args: [...config.args],
    workDir: config.workDir,
    capAdd: [...config.capAdd],
    capDrop: [...config.capDrop],
    env: { ...task.Env },
    user: task.User,
    meta: metaOf(task, place),
    artifacts: task.Artifacts.map(artifactOf),
    templates: [...templates.value.value],
    volumeMounts: task.VolumeMounts.map((mount) => ({
      volume: mount.Volume,
      destination: mount.Destination,
      readOnly: mount.ReadOnly,
      propagationMode: (mount.PropagationMode || "private") as "private",
    })),
    ...payloadOf(task, place.payloadSecret),
    resources: resourcesOf(task),
    logs: { maxFiles: task.LogConfig.MaxFiles, maxFileSize: task.LogConfig.MaxFileSizeMB, disabled: task.LogConfig.Disabled },
    killSignal: signal.value,
    killTimeout: durationText(task.KillTimeout),
    shutdownDelay: durationText(task.ShutdownDelay + (place.group.ShutdownDelay ?? 0)),
    restart: restartOf(task),
    leader: task.Leader,
  };
  return mapped({ input, config, driver: driver.value.value.driver }, [...judged.findings, ...driver.value.findings, ...templates.value.findings]);
}

function judgeTask(task: Task, path: string): Judged {
  const all = [
    judgeFields(task, TASK_FATES, `${path}.`),
    judgeFields(task.Resources, RESOURCE_FATES, `${path}.Resources.`),
    ...task.Templates.map((template, i) => judgeFields(template, TEMPLATE_FATES, `${path}.Templates[${i}].`)),
  ];
  const { Identity: identity } = task;
  const findings = [
    ...all.flatMap((each) => each.findings),
    ...findingIf(identity?.Env === true || identity?.File === true, "lost", `${path}.Identity`, "tasks have no workload identity here: there is no token in env or file"),
    ...task.VolumeMounts.flatMap(({ SELinuxLabel }, i) => findingIf(SELinuxLabel !== "", "lost", `${path}.VolumeMounts[${i}].SELinuxLabel`, "mounts are labelled as the container runtime does it")),
  ];
  const refusal = all.find((each) => each.refusal !== undefined)?.refusal;
  return { findings, ...(refusal === undefined ? {} : { refusal }) };
}

type Driven = Pick<JobTask, "config" | "driver">;

function driverOf(task: Task, path: string): Result<Mapped<Driven>, Refusal> {
  const as = (driver: JobTask["driver"], config: Result<Mapped<DriverConfig>, Refusal>): Result<Mapped<Driven>, Refusal> =>
    config.ok ? ok({ value: { driver, config: config.value.value }, findings: config.value.findings }) : config;
  switch (task.Driver) {
    case "exec":
      return as("exec", execConfig(task, `${path}.Config`));
    case "raw_exec":
      return as("raw_exec", rawExecConfig(task, `${path}.Config`));
    case "docker":
      return as("exec", dockerConfig(task, `${path}.Config`));
    default:
      return refusedAt(`${path}.Driver`, `missing drivers: no node here has the driver "${task.Driver}"; use exec, or docker or raw_exec where a profile allows it`, "MissingDrivers");
  }
}

/** A dispatched job's task finds every optional key, as Nomad gives it. */
function metaOf(task: Task, { job, group }: TaskPlace): Record<string, string> {
  const optional: Strings = job.Dispatched ? Object.fromEntries((job.ParameterizedJob?.MetaOptional ?? []).map((key) => [key, ""])) : {};
  return { ...optional, ...job.Meta, ...group.Meta, ...task.Meta };
}

/** "" where the task does not say: Nomad's drivers then take SIGINT. */
function signalOf(name: string, path: string): Result<NonNullable<TaskInput["killSignal"]>, Refusal> {
  const wanted = name === "" ? "SIGINT" : name.toUpperCase();
  const known = SIGNAL_NAMES.find((each) => each === wanted);
  return known === undefined ? refusedAt(path, `invalid signal "${name}"; write one of ${SIGNAL_NAMES.join(", ")}`) : ok(known);
}

/** Without a payload nothing is written, as on Nomad. */
function payloadOf({ DispatchPayload: payload }: Task, secretName: string | undefined): Pick<TaskInput, "dispatchPayload"> {
  return payload === null || secretName === undefined ? {} : { dispatchPayload: { file: payload.File, secretName } };
}

function resourcesOf({ Resources: resources }: Task): NonNullable<TaskInput["resources"]> {
  return {
    ...(resources.Cores > 0 ? { cores: resources.Cores } : { cpu: resources.CPU }),
    memory: resources.MemoryMB,
    ...(resources.MemoryMaxMB > 0 ? { memoryMax: resources.MemoryMaxMB } : {}),
    ...(resources.SecretsMB > 0 ? { secrets: resources.SecretsMB } : {}),
  };
}

function restartOf({ RestartPolicy: restart }: Task): NonNullable<TaskInput["restart"]> {
  const { Attempts: attempts, Interval, Delay, Mode, RenderTemplates: renderTemplates } = restart;
  return { attempts, interval: durationText(Interval), delay: durationText(Delay), mode: Mode as "fail", renderTemplates };
}

const artifactOf = (artifact: TaskArtifact): ArtifactInput => ({
  source: artifact.GetterSource,
  destination: artifact.RelativeDest || "local/",
  mode: (artifact.GetterMode || "any") as "any",
  options: { ...artifact.GetterOptions },
  headers: { ...artifact.GetterHeaders },
  insecure: artifact.GetterInsecure,
  chown: artifact.Chown,
});

function templateOf(template: Template, path: string): Result<Mapped<TemplateInput>, Refusal> {
  const isScript = template.ChangeMode === "script";
  const signal = template.ChangeMode === "signal" ? signalOf(template.ChangeSignal, `${path}.ChangeSignal`) : undefined;
  if (signal?.ok === false) return signal;
  const value: TemplateInput = {
    ...(template.SourcePath === "" ? { data: template.EmbeddedTmpl } : { source: template.SourcePath }),
    destination: template.DestPath,
    changeMode: isScript ? "noop" : ((template.ChangeMode || "restart") as "restart"),
    ...(signal === undefined ? {} : { changeSignal: signal.value }),
    once: template.Once,
    splay: durationText(template.Splay),
    perms: template.Perms || "0644",
    ...(template.Uid === null ? {} : { uid: template.Uid }),
    ...(template.Gid === null ? {} : { gid: template.Gid }),
    leftDelimiter: template.LeftDelim || "{{",
    rightDelimiter: template.RightDelim || "}}",
    env: template.Envvars,
    errMissingKey: template.ErrMissingKey,
  };
  return mapped(value, isScript ? [{ level: "lost", path: `${path}.ChangeScript`, message: "is never run: a change of the file is rendered, and nothing follows; use change_mode signal or restart" }] : []);
}
