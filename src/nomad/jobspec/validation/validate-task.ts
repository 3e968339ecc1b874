/** @module What may stand in a task. Used by validation. */
import { climbsOut } from "../client-path.ts";
import type { Resources, Task, TaskArtifact, TaskGroup, Template } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";
import { validateAffinity, validateConstraint, validateEach } from "./validate-placement.ts";
import { validateRestart } from "./validate-policies.ts";
import { validateService } from "./validate-service.ts";

const MIN_CPU_MHZ = 1;
const MIN_MEMORY_MB = 10;

export function validateTask(task: Task, group: TaskGroup, jobType: string): readonly string[] {
  return [
    ...validateName(task.Name),
    ...errorIf(task.Driver === "", "Missing task driver"),
    ...errorIf(task.KillTimeout < 0, "KillTimeout must be a positive value"),
    ...errorIf(task.ShutdownDelay < 0, "ShutdownDelay must be a positive value"),
    ...validateResources(task.Resources),
    ...validateLogs(task, group),
    ...validateEach("Constraint", task.Constraints, validateConstraint),
    ...task.Constraints.flatMap(({ Operand }, index) =>
      errorIf(Operand.startsWith("distinct_"), `Constraint ${index + 1} has disallowed Operand at task level: ${Operand}`),
    ),
    ...errorIf(task.Affinities.length > 0 && jobType.startsWith("sys"), "System jobs may not have an affinity block"),
    ...validateEach("Affinity", task.Affinities, validateAffinity),
    ...task.Services.flatMap((service) => nestedError(`service "${service.Name}" validation failed`, validateService(service))),
    ...validateEach("Artifact", task.Artifacts, validateArtifact),
    ...validateEach("Template", task.Templates, validateTemplate),
    ...validateDestinations(task.Templates),
    ...validateLifecycle(task),
    ...nestedError("Restart policy validation failed", validateRestart(task.RestartPolicy)),
    ...validateMounts(task, group),
    ...nestedError("Dispatch Payload validation failed", task.DispatchPayload === null ? [] : validatePayloadFile(task.DispatchPayload.File)),
    ...validateActions(task),
  ];
}

function validateName(name: string): readonly string[] {
  if (name === "") return ["Missing task name"];
  return [
    ...errorIf(/[/\\]/.test(name), "Task name cannot include slashes"),
    ...errorIf(name.includes("\0"), "Task name contains null character"),
    ...errorIf(name === "alloc", `Task cannot be named "alloc"`),
  ];
}

function validateResources(resources: Resources): readonly string[] {
  const { CPU, Cores, MemoryMB, MemoryMaxMB, SecretsMB, DiskMB } = resources;
  return [
    ...errorIf(Cores > 0 && CPU > 0, "Task can only ask for 'cpu' or 'cores' resource, not both."),
    ...errorIf(Cores < 0, `minimum Cores value is 0; got ${Cores}`),
    ...errorIf(Cores === 0 && CPU < MIN_CPU_MHZ, `minimum CPU value is ${MIN_CPU_MHZ}; got ${CPU}`),
    ...errorIf(MemoryMB < MIN_MEMORY_MB, `minimum MemoryMB value is ${MIN_MEMORY_MB}; got ${MemoryMB}`),
    ...errorIf(DiskMB > 0, "Task can't ask for disk resources, they have to be specified at the task group level."),
    ...errorIf(MemoryMaxMB !== 0 && MemoryMaxMB !== -1 && MemoryMaxMB < MemoryMB, `MemoryMaxMB value (${MemoryMaxMB}) should be larger than MemoryMB value (${MemoryMB})`),
    ...errorIf(SecretsMB < 0, `SecretsMB value (${SecretsMB}) must be positive`),
    ...validateEach("device", resources.Devices, ({ Name, Count, Constraints, Affinities }) => [
      ...errorIf(Name === "", "device name must be given as one of the following: type, vendor/type, or vendor/type/name"),
      ...errorIf(Count < 1, `device count must be at least 1; got ${Count}`),
      ...validateEach("Constraint", Constraints, validateConstraint),
      ...validateEach("Affinity", Affinities, validateAffinity),
    ]),
  ];
}

function validateLogs({ LogConfig: logs }: Task, group: TaskGroup): readonly string[] {
  if (logs.Disabled) return [];
  const storage = logs.MaxFiles * logs.MaxFileSizeMB;
  return [
    ...errorIf(logs.MaxFiles < 1, `minimum number of files is 1; got ${logs.MaxFiles}`),
    ...errorIf(logs.MaxFileSizeMB < 1, `minimum file size is 1MB; got ${logs.MaxFileSizeMB}`),
    ...errorIf(group.EphemeralDisk.SizeMB <= storage, `log storage (${storage} MB) must be less than requested disk capacity (${group.EphemeralDisk.SizeMB} MB)`),
  ];
}

const CHECKSUM_BYTES: Readonly<Record<string, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

function validateArtifact(artifact: TaskArtifact): readonly string[] {
  return [
    ...errorIf(artifact.GetterSource === "", "source must be specified"),
    ...errorIf(!["", "any", "file", "dir"].includes(artifact.GetterMode), `invalid artifact mode "${artifact.GetterMode}"; must be one of: any, file, dir`),
    ...errorIf(climbsOut(artifact.RelativeDest), "artifact destination path escapes alloc directory"),
    ...validateChecksum(artifact.GetterOptions["checksum"]),
  ];
}

function validateChecksum(checksum: string | undefined): readonly string[] {
  if (checksum === undefined || checksum.includes("${")) return [];
  const trimmed = checksum.trim();
  if (trimmed === "") return ["checksum value cannot be empty"];
  const at = trimmed.indexOf(":");
  if (at < 0) return [`checksum must be given as "type:value"; got "${trimmed}"`];
  const type = trimmed.slice(0, at);
  const value = trimmed.slice(at + 1);
  if (type === "file") return [];
  const length = CHECKSUM_BYTES[type];
  if (length === undefined) return [`unsupported checksum type: ${type}`];
  return errorIf(!/^(?:[0-9a-fA-F]{2})*$/.test(value) || value.length !== 2 * length, `invalid ${type} checksum: ${trimmed}`);
}

function validateTemplate(template: Template): readonly string[] {
  const { ChangeMode, ChangeSignal, ChangeScript, Perms, Wait } = template;
  return [
    ...errorIf(template.SourcePath === "" && template.EmbeddedTmpl === "", "Must specify a source path or have an embedded template"),
    ...errorIf(template.DestPath === "", "Must specify a destination for the template"),
    ...errorIf(template.DestPath !== "" && climbsOut(template.DestPath), "template destination path escapes alloc directory"),
    ...errorIf(!["noop", "restart", "signal", "script"].includes(ChangeMode), "Invalid change mode. Must be one of the following: noop, signal, script, restart"),
    ...errorIf(ChangeMode === "signal" && ChangeSignal === "", "Must specify signal value when change mode is signal"),
    ...errorIf(ChangeMode === "signal" && template.Envvars, "cannot use signals with env var templates"),
    ...errorIf(ChangeMode === "script" && ChangeScript === null, "must specify change script configuration value when change mode is script"),
    ...errorIf(ChangeMode === "script" && ChangeScript?.Command === "", "must specify script path value when change mode is script"),
    ...errorIf(template.Splay < 0, "Must specify positive splay value"),
    ...errorIf(Perms !== "" && !/^[0-7]{1,11}$/.test(Perms), `Failed to parse "${Perms}" as octal`),
    ...errorIf(Wait !== null && (Wait.Min ?? 0) < 0, "wait min must not be negative"),
    ...errorIf(Wait !== null && (Wait.Min ?? 0) > (Wait.Max ?? 0), `wait min ${Wait?.Min ?? 0} is greater than max ${Wait?.Max ?? 0}`),
  ];
}

function validateDestinations(templates: readonly Template[]): readonly string[] {
  return templates.flatMap(({ DestPath }, index) => {
    const first = templates.findIndex((template) => template.DestPath === DestPath);
    return errorIf(first !== index, `Template ${index + 1} has same destination as Template ${first + 1}: "${DestPath}"`);
  });
}

function validateLifecycle({ Lifecycle: lifecycle, Leader }: Task): readonly string[] {
  if (lifecycle === null) return [];
  if (lifecycle.Hook === "") return ["no lifecycle hook provided"];
  return [
    ...errorIf(!["prestart", "poststart", "poststop"].includes(lifecycle.Hook), `invalid hook: ${lifecycle.Hook}`),
    ...errorIf(lifecycle.Hook === "poststop" && lifecycle.Sidecar, "poststop task cannot be a sidecar"),
    ...errorIf(Leader && lifecycle.Hook === "poststop", "poststop task cannot be a leader"),
  ];
}

function validateMounts(task: Task, group: TaskGroup): readonly string[] {
  return task.VolumeMounts.flatMap(({ Volume, PropagationMode, Destination }, index) => [
    ...errorIf(Volume === "", `Volume Mount (${index}) references an empty volume`),
    ...errorIf(Volume !== "" && !Object.hasOwn(group.Volumes, Volume), `Volume Mount (${index}) references undefined volume ${Volume}`),
    ...errorIf(Destination === "", `Volume Mount (${index}) has an empty destination`),
    ...errorIf(
      !["", "private", "host-to-task", "bidirectional"].includes(PropagationMode),
      `Volume Mount (${index}) has an invalid propagation mode: "${PropagationMode}"`,
    ),
  ]);
}

const validatePayloadFile = (file: string): readonly string[] => errorIf(climbsOut(file, 2), "destination path escapes alloc directory");

function validateActions({ Actions }: Task): readonly string[] {
  const names = Actions.map(({ Name }) => Name);
  return Actions.flatMap(({ Name, Command }, index) => [
    ...errorIf(!/^[a-zA-Z0-9-]{1,128}$/.test(Name), `invalid action name "${Name}"; must match regex ^[a-zA-Z0-9-]{1,128}$`),
    ...errorIf(Command === "", `Action ${Name === "" ? index : Name} is missing a command`),
    ...errorIf(names.indexOf(Name) !== index, `Action ${Name} is defined more than once`),
  ]);
}
