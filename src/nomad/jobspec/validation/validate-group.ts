/** @module What may stand in a task group, in Nomad's words and order. Used by validation. */
import type { NetworkResource, Task, TaskGroup, VolumeRequest } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";
import { validateAffinity, validateConstraint, validateEach, validateSpread } from "./validate-placement.ts";
import { validateDisconnect, validateMigrate, validateReschedule, validateRestart, validateScaling, validateUpdate } from "./validate-policies.ts";
import { validateServices } from "./validate-service.ts";
import { validateTask } from "./validate-task.ts";

const MIN_DISK_MB = 10;

export function validateGroup(group: TaskGroup, jobType: string): readonly string[] {
  const isSystem = jobType === "system" || jobType === "sysbatch";
  return [
    ...errorIf(group.Name === "", "Missing task group name"),
    ...errorIf(group.Name.includes("\0"), "Task group name contains null character"),
    ...errorIf(group.Count < 0, "Task group count can't be negative"),
    ...errorIf(group.Tasks.length === 0, "Missing tasks for task group"),
    ...(group.Disconnect === null ? [] : validateDisconnect(group.Disconnect, jobType)),
    ...validateEach("Constraint", group.Constraints, validateConstraint),
    ...errorIf(isSystem && group.Affinities.length > 0, "System jobs may not have an affinity block"),
    ...(isSystem ? [] : validateEach("Affinity", group.Affinities, validateAffinity)),
    ...validateRestart(group.RestartPolicy),
    ...errorIf(isSystem && group.Spreads.length > 0, "System jobs may not have a spread block"),
    ...(isSystem ? [] : validateEach("Spread", group.Spreads, validateSpread)),
    ...validateGroupPolicies(group, jobType),
    ...validateTaskList(group),
    ...Object.entries(group.Volumes).flatMap(([name, volume]) => nestedError(`Task group volume validation for ${name} failed`, validateVolume(volume, group, isSystem))),
    ...nestedError("Task group network validation failed", validateNetworks(group)),
    ...validateServices(group),
    ...nestedError("Task group scaling policy validation failed", group.Scaling === null ? [] : validateScaling(group.Scaling, group.Count)),
    ...group.Tasks.flatMap((task) => nestedError(`Task ${task.Name} validation failed`, validateTask(task, group, jobType))),
  ];
}

function validateGroupPolicies(group: TaskGroup, jobType: string): readonly string[] {
  const isSystem = jobType === "system" || jobType === "sysbatch";
  const { ReschedulePolicy: reschedule, Update: update, Migrate: migrate } = group;
  return [
    ...errorIf(isSystem && reschedule !== null, "System or sysbatch jobs should not have a reschedule policy"),
    ...(isSystem || reschedule === null ? [] : validateReschedule(reschedule)),
    ...errorIf(group.EphemeralDisk.SizeMB < MIN_DISK_MB, `minimum DiskMB value is ${MIN_DISK_MB}; got ${group.EphemeralDisk.SizeMB}`),
    ...errorIf(update !== null && (jobType === "batch" || jobType === "sysbatch"), `Job type "${jobType}" does not allow update block`),
    ...(update === null || jobType === "batch" || jobType === "sysbatch" ? [] : validateUpdate(update)),
    ...errorIf(migrate !== null && jobType !== "service", `Job type "${jobType}" does not allow migrate block`),
    ...(migrate === null || jobType !== "service" ? [] : validateMigrate(migrate)),
    ...errorIf((group.MaxRunDuration ?? 0) < 0, "MaxRunDuration must be a positive value"),
    ...errorIf(group.MaxRunDuration !== null && jobType !== "batch" && jobType !== "sysbatch", `Job type "${jobType}" does not allow max_run_duration`),
  ];
}

function validateTaskList({ Name, Tasks }: TaskGroup): readonly string[] {
  const names = Tasks.map((task) => task.Name);
  return [
    ...names.flatMap((name, index) => {
      const first = names.indexOf(name);
      if (name === "") return [`Task ${index + 1} missing name`];
      return errorIf(first !== index, `Task ${index + 1} redefines '${name}' from task ${first + 1}`);
    }),
    ...errorIf(Tasks.filter(({ Leader }) => Leader).length > 1, "Only one task may be marked as leader"),
    ...errorIf(Tasks.length > 0 && !Tasks.some(isMain), `Task group ${Name} must have at least one main task`),
  ];
}

const isMain = ({ Lifecycle: lifecycle }: Task): boolean => lifecycle === null || lifecycle.Hook === "";

/** Labels are one namespace for the group's network and those of its tasks; a static port may be taken once on each host network. */
function validateNetworks(group: TaskGroup): readonly string[] {
  const taken: Taken = { labels: new Map(), ports: new Map() };
  return [
    ...group.Networks.flatMap((network) => validateNetwork(network, "taskgroup network", taken)),
    ...group.Tasks.flatMap((task) => task.Resources.Networks.flatMap((network) => validateNetwork(network, `task network:${task.Name}`, taken))),
  ];
}

/** Who has a label, and who a port of a host network. */
type Taken = { readonly labels: Map<string, string>; readonly ports: Map<string, string> };

function validateNetwork(network: NetworkResource, owner: string, taken: Taken): readonly string[] {
  const errors: string[] = [];
  for (const [isReserved, port] of [...network.ReservedPorts.map((each) => [true, each] as const), ...network.DynamicPorts.map((each) => [false, each] as const)]) {
    const holder = taken.labels.get(port.Label);
    errors.push(...errorIf(holder !== undefined, `Port label ${port.Label} already in use by ${holder}`), ...validatePortLabel(port.Label));
    taken.labels.set(port.Label, holder ?? owner);
    if (isReserved) errors.push(...validateStatic(port, `${owner}:${port.Label}`, taken));
    if (port.IgnoreCollision && !["", "host"].includes(network.Mode)) errors.push(`Port "${port.Label}" collision may not be ignored on non-host network mode "${network.Mode}"`);
    if (port.To < -1) errors.push(`Port "${port.Label}" cannot be mapped to negative value ${port.To}`);
    if (port.To > MAX_PORT) errors.push(`Port "${port.Label}" cannot be mapped to a port (${port.To}) greater than ${MAX_PORT}`);
  }
  return [...errors, ...validateHostname(network)];
}

const MAX_PORT = 65_535;

function validateStatic(port: NetworkResource["ReservedPorts"][number], owner: string, { ports }: Taken): readonly string[] {
  if (port.Value > MAX_PORT) return [`Port ${port.Label} (${port.Value}) cannot be greater than ${MAX_PORT}`];
  if (port.Value < 1) return [`Port ${port.Label} (${port.Value}) cannot be less than 1`];
  const place = `${port.HostNetwork}:${port.Value}`;
  const holder = ports.get(place);
  ports.set(place, holder ?? owner);
  return errorIf(holder !== undefined && !port.IgnoreCollision, `Static port ${port.Value} already reserved by ${holder}`);
}

/** Nomad looks at labels when it writes a task's environment, and at host names when a task starts; here both are parts of a pod. */
const validatePortLabel = (label: string): readonly string[] =>
  errorIf(!/^[a-zA-Z0-9_-]{1,128}$/.test(label), `Port label "${label}" does not conform to naming requirements ^[a-zA-Z0-9_-]{1,128}$`);

const validateHostname = ({ Hostname, Mode }: NetworkResource): readonly string[] =>
  errorIf(
    Hostname !== "" && !Hostname.includes("${") && !/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(Hostname),
    `Hostname is not a valid DNS name: ${Hostname} (mode ${Mode})`,
  );

function validateVolume(volume: VolumeRequest, group: TaskGroup, isSystem: boolean): readonly string[] {
  return [
    ...errorIf(volume.Type !== "csi" && volume.Type !== "host", `volume has unrecognized type "${volume.Type}"`),
    ...errorIf(volume.Source === "", "volume has an empty source"),
    ...errorIf(volume.PerAlloc && (group.Update?.Canary ?? 0) > 0, "volume cannot be per_alloc when canaries are in use"),
    ...errorIf(volume.PerAlloc && isSystem, "volume cannot be per_alloc for system or sysbatch jobs"),
    ...errorIf(volume.PerAlloc && volume.Sticky, "volume cannot be per_alloc and sticky at the same time"),
    ...(volume.Type === "csi" ? validateCsiVolume(volume, group.Count) : []),
    ...(volume.Type === "host" ? validateHostVolume(volume) : []),
  ];
}

const HOST_ACCESS = new Set(["", "single-node-reader-only", "single-node-writer", "single-node-single-writer", "single-node-multi-writer"]);

const validateHostVolume = ({ MountOptions, AccessMode }: VolumeRequest): readonly string[] => [
  ...errorIf(MountOptions !== null, "host volumes cannot have mount options"),
  ...errorIf(!HOST_ACCESS.has(AccessMode), `host volumes cannot be mounted with ${AccessMode} access mode`),
];

function validateCsiVolume(volume: VolumeRequest, count: number): readonly string[] {
  const { AttachmentMode, AccessMode, MountOptions, ReadOnly, PerAlloc } = volume;
  const isShared = count > 1 && !PerAlloc;
  return [
    ...errorIf(AttachmentMode === "", "CSI volumes must have an attachment mode"),
    ...errorIf(AttachmentMode === "block-device" && MountOptions !== null, "block devices cannot have mount options"),
    ...errorIf(AccessMode === "", "CSI volumes must have an access mode"),
    ...errorIf(AccessMode.endsWith("-reader-only") && !ReadOnly, `${AccessMode} volumes must be read-only`),
    ...errorIf(isShared && AccessMode === "single-node-reader-only" && ReadOnly, "volume with single-node-reader-only access mode allows only one reader"),
    ...errorIf(isShared && AccessMode === "single-node-writer", "volume with single-node-writer access mode allows only one reader or writer"),
    ...errorIf(isShared && AccessMode === "multi-node-single-writer" && !ReadOnly, "volume with multi-node-single-writer access mode allows only one writer"),
  ];
}
