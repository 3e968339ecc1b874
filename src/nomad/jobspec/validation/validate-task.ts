/** @module What may stand in a task, in Nomad's words and order. Used by validation. */
import { climbsOut } from "../client-path.ts";
import type { Resources, Task, TaskArtifact, TaskGroup, Template, WorkloadIdentity } from "../../job.ts";
import { errorIf, multierror, nestedError, untitled } from "./multierror.ts";
import { parseUintFault } from "./parse-uint.ts";
import { validateAffinity, validateConstraint, validateEach } from "./validate-placement.ts";
import { goDuration, validateRestart } from "./validate-policies.ts";
import { validateSecrets } from "./validate-secrets.ts";
import { validateTaskServices } from "./validate-service.ts";

const MIN_CPU_MHZ = 1;
const MIN_MEMORY_MB = 10;
const ESCAPES = "destination escapes allocation directory";

export function validateTask(task: Task, group: TaskGroup, jobType: string): readonly string[] {
  return [
    ...validateName(task.Name),
    ...errorIf(task.Driver === "", "Missing task driver"),
    ...errorIf(task.KillTimeout < 0, "KillTimeout must be a positive value"),
    ...errorIf(task.ShutdownDelay < 0, "ShutdownDelay must be a positive value"),
    ...untitled(validateResources(task.Resources)),
    ...untitled(validateLogs(task, group)),
    ...validateEach("Constraint", task.Constraints, validateConstraint),
    ...task.Constraints.flatMap(({ Operand }, index) =>
      errorIf(Operand.startsWith("distinct_"), `Constraint ${index + 1} has disallowed Operand at task level: ${Operand}`),
    ),
    ...errorIf(task.Affinities.length > 0 && jobType.startsWith("sys"), "System jobs may not have an affinity block"),
    ...(jobType.startsWith("sys") ? [] : validateEach("Affinity", task.Affinities, validateAffinity)),
    ...validateTaskServices(task.Services, portLabels(group)),
    ...validateEach("Artifact", task.Artifacts, validateArtifact),
    ...validateEach("Template", task.Templates, validateTemplate),
    ...validateDestinations(task.Templates),
    ...validateActions(task),
    ...errorIf(task.DispatchPayload !== null && climbsOut(task.DispatchPayload.File, 2), `Dispatch Payload validation failed: ${ESCAPES}`),
    ...validateLifecycle(task),
    ...validateMounts(task, group),
    ...validateOwnRestart(task, group),
    ...validateCsiPlugin(task),
    ...[...(task.Identity === null ? [] : [task.Identity]), ...task.Identities].flatMap((identity) => nestedError(`Identity "${identity.Name}" is invalid`, validateIdentity(identity))),
    ...validateSecrets(task.Secrets),
  ];
}

const portLabels = ({ Networks, Tasks }: TaskGroup): ReadonlySet<string> =>
  new Set([...Networks, ...Tasks.flatMap(({ Resources: resources }) => resources.Networks)].flatMap(({ DynamicPorts, ReservedPorts }) => [...DynamicPorts, ...ReservedPorts]).map(({ Label }) => Label));

/** Nomad looks at the group's alone. A task's own is what its launcher goes by here, so that one without a meaning has to be refused. */
const validateOwnRestart = ({ RestartPolicy: own }: Task, { RestartPolicy: common }: TaskGroup): readonly string[] =>
  JSON.stringify(own) === JSON.stringify(common) ? [] : nestedError("Restart policy validation failed", validateRestart(own));

function validateName(name: string): readonly string[] {
  if (name === "") return ["Missing task name"];
  return [
    ...errorIf(/[/\\]/.test(name), "Task name cannot include slashes"),
    ...errorIf(name.includes("\0"), "Task name cannot include null characters"),
    ...errorIf(name === "alloc", `Task cannot be named "alloc"`),
  ];
}

function validateResources(resources: Resources): readonly string[] {
  const { CPU, Cores, MemoryMB, MemoryMaxMB, SecretsMB } = resources;
  return [
    ...errorIf(Cores > 0 && CPU > 0, "Task can only ask for 'cpu' or 'cores' resource, not both."),
    ...untitled([
      ...errorIf(Cores < 0, `minimum Cores value is 0; got ${Cores}`),
      ...errorIf(Cores === 0 && CPU < MIN_CPU_MHZ, `minimum CPU value is ${MIN_CPU_MHZ}; got ${CPU}`),
      ...errorIf(MemoryMB < MIN_MEMORY_MB, `minimum MemoryMB value is ${MIN_MEMORY_MB}; got ${MemoryMB}`),
    ]),
    ...resources.Devices.flatMap(({ Name, Constraints, Affinities }, index) =>
      nestedError(`device ${index + 1} failed validation`, [
        ...errorIf(Name === "", "device name must be given as one of the following: type, vendor/type, or vendor/type/name"),
        ...validateEach("Constraint", Constraints, validateConstraint),
        ...validateEach("Affinity", Affinities, validateAffinity),
      ]),
    ),
    ...errorIf(!["none", "prefer", "require"].includes(resources.NUMA?.Affinity ?? "none"), "numa affinity must be one of none, prefer, or require"),
    ...errorIf(MemoryMaxMB !== 0 && MemoryMaxMB !== -1 && MemoryMaxMB < MemoryMB, `MemoryMaxMB value (${MemoryMaxMB}) should be larger than MemoryMB value (${MemoryMB})`),
    ...errorIf(SecretsMB < 0, `SecretsMB value (${SecretsMB}) cannot be negative`),
    ...errorIf(SecretsMB > MemoryMB, `SecretsMB value (${SecretsMB}) cannot be larger than MemoryMB value (${MemoryMB})`),
  ];
}

/** The room is asked for whether or not the task logs. */
function validateLogs({ LogConfig: logs }: Task, group: TaskGroup): readonly string[] {
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
    ...errorIf(climbsOut(artifact.RelativeDest), ESCAPES),
    ...validateChecksum(artifact.GetterOptions["checksum"]),
  ];
}

function validateChecksum(checksum: string | undefined): readonly string[] {
  if (checksum === undefined || checksum.includes("${")) return [];
  const trimmed = checksum.trim();
  if (trimmed === "") return ["checksum value cannot be empty"];
  const at = trimmed.indexOf(":");
  if (at < 0) return [`checksum must be given as "type:value"; got "${trimmed}"`];
  const [type, value] = [trimmed.slice(0, at), trimmed.slice(at + 1)];
  if (type === "file") return [`checksum must be given as "type:value"; got "${trimmed}"`];
  const strange = Array.from(value).find((char) => !/^[0-9a-fA-F]$/.test(char));
  if (strange !== undefined) return [`invalid checksum: encoding/hex: invalid byte: ${codePoint(strange)}`];
  if (value.length % 2 !== 0) return ["invalid checksum: encoding/hex: odd length hex string"];
  const length = CHECKSUM_BYTES[type];
  if (length === undefined) return [`unsupported checksum type: ${type}`];
  return errorIf(value.length !== 2 * length, `invalid ${type} checksum: ${value}`);
}

/** As Go prints a byte: `U+007A 'z'`. */
const codePoint = (char: string): string => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} '${char}'`;

function validateTemplate(template: Template): readonly string[] {
  const { ChangeMode, ChangeSignal, ChangeScript, Perms, Wait } = template;
  const permsFault = parseUintFault(Perms, 8, 12);
  return [
    ...errorIf(template.SourcePath === "" && template.EmbeddedTmpl === "", "Must specify a source path or have an embedded template"),
    ...errorIf(template.DestPath === "", "Must specify a destination for the template"),
    ...errorIf(template.DestPath !== "" && climbsOut(template.DestPath), ESCAPES),
    ...errorIf(!["noop", "restart", "signal", "script"].includes(ChangeMode), "Invalid change mode. Must be one of the following: noop, signal, script, restart"),
    ...errorIf(ChangeMode === "signal" && ChangeSignal === "", "Must specify signal value when change mode is signal"),
    ...errorIf(ChangeMode === "signal" && template.Envvars, "cannot use signals with env var templates"),
    ...errorIf(ChangeMode === "script" && ChangeScript === null, "must specify change script configuration value when change mode is script"),
    ...errorIf(ChangeMode === "script" && ChangeScript?.Command === "", "must specify script path value when change mode is script"),
    ...errorIf(template.Splay < 0, "Must specify positive splay value"),
    ...errorIf(Perms !== "" && permsFault !== undefined, `Failed to parse "${Perms}" as octal: ${permsFault}`),
    ...validateWait(Wait),
  ];
}

/** Nomad's own text for a wait that ends before it begins; one that is negative alone it takes unlooked at, and no launcher can. */
function validateWait(wait: Template["Wait"]): readonly string[] {
  const { Min: min, Max: max } = wait ?? { Min: null, Max: null };
  if (min !== null && max !== null && min > max) return [`wait min ${goDuration(min)} is greater than max ${goDuration(max)}`];
  return errorIf((min ?? 0) < 0, `wait min ${goDuration(min ?? 0)} must not be negative`);
}

function validateDestinations(templates: readonly Template[]): readonly string[] {
  return templates.flatMap(({ DestPath }, index) => {
    const first = templates.findIndex((template) => template.DestPath === DestPath);
    return errorIf(first !== index, `Template ${index + 1} has same destination as ${first + 1}`);
  });
}

function validateLifecycle({ Lifecycle: lifecycle }: Task): readonly string[] {
  if (lifecycle === null) return [];
  if (lifecycle.Hook === "") return ["Lifecycle validation failed: no lifecycle hook provided"];
  return errorIf(!["prestart", "poststart", "poststop"].includes(lifecycle.Hook), `Lifecycle validation failed: invalid hook: ${lifecycle.Hook}`);
}

function validateMounts(task: Task, group: TaskGroup): readonly string[] {
  return task.VolumeMounts.flatMap(({ Volume, PropagationMode, Destination }, index) => [
    // Nomad takes these two unlooked at, and a pod cannot have such a mount.
    ...errorIf(Volume === "", `Volume Mount (${index}) references an empty volume`),
    ...errorIf(Volume !== "" && Destination === "", `Volume Mount (${index}) has an empty destination`),
    ...errorIf(Volume !== "" && !Object.hasOwn(group.Volumes, Volume), `Volume Mount (${index}) references undefined volume ${Volume}`),
    ...errorIf(
      !["", "private", "host-to-task", "bidirectional"].includes(PropagationMode),
      `Volume Mount (${index}) is invalid: "${multierror([`volume mount has an invalid propagation mode: "${PropagationMode}"`])}"`,
    ),
  ]);
}

function validateActions({ Actions }: Task): readonly string[] {
  const names = Actions.map(({ Name }) => Name);
  return Actions.flatMap(({ Name, Command }, index) => [
    ...nestedError(`Action ${Name} validation failed`, [
      ...errorIf(Command === "", "command cannot be empty"),
      ...errorIf(!/^\S{1,128}$/.test(Name), `invalid name '${Name}'`),
    ]),
    ...errorIf(names.indexOf(Name) !== index, `Action ${Name} defined multiple times`),
  ]);
}

const CSI_TYPES = ["node", "controller", "monolith"];

function validateCsiPlugin({ CSIPluginConfig: plugin }: Task): readonly string[] {
  if (plugin === null) return [];
  return [
    ...errorIf(plugin["ID"] === "", "CSIPluginConfig must have a non-empty PluginID"),
    ...errorIf(!CSI_TYPES.includes(String(plugin["Type"])), `CSIPluginConfig PluginType must be one of 'node', 'controller', or 'monolith', got: "${String(plugin["Type"])}"`),
  ];
}

const IDENTITY_NAME = "^[a-zA-Z0-9-_]{1,128}$";

function validateIdentity({ Name, Audience, ChangeMode, ChangeSignal, TTL }: WorkloadIdentity): readonly string[] {
  const empty = Audience.indexOf("");
  return [
    ...errorIf(!/^[a-zA-Z0-9\-_]{1,128}$/.test(Name), `invalid name "${Name}". Must match regex ${IDENTITY_NAME}`),
    ...errorIf(empty >= 0 && Name !== "default", `an empty string is an invalid audience (${empty + 1})`),
    ...errorIf(!["", "noop", "restart", "signal"].includes(ChangeMode), `invalid change_mode: ${ChangeMode}`),
    ...errorIf(ChangeMode === "signal" && ChangeSignal === "", `change_signal must be specified when using change_mode="signal"`),
    ...errorIf(ChangeMode !== "signal" && ChangeSignal !== "", `can only use change_signal="${ChangeSignal}" with change_mode="signal"`),
    ...errorIf(TTL < 0, "ttl must be >= 0"),
    ...errorIf(Name === "default" && TTL > 0, "ttl for default identity not yet supported"),
  ];
}
