/** @module What may stand in a task group. Used by validation. */
import type { NetworkResource, Task, TaskGroup, VolumeRequest } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";
import { validateAffinity, validateConstraint, validateEach, validateSpread } from "./validate-placement.ts";
import { validateDisconnect, validateMigrate, validateReschedule, validateRestart, validateScaling, validateUpdate } from "./validate-policies.ts";
import { validatePortLabels, validateService, validateTaskNames } from "./validate-service.ts";
import { validateTask } from "./validate-task.ts";

const MIN_DISK_MB = 10;

export function validateGroup(group: TaskGroup, jobType: string): readonly string[] {
  const isSystem = jobType === "system" || jobType === "sysbatch";
  return [
    ...errorIf(group.Name === "", "Missing task group name"),
    ...errorIf(group.Name.includes("\0"), "Task group name contains null character"),
    ...errorIf(group.Count < 0, "Task group count can't be negative"),
    ...errorIf(group.Tasks.length === 0, "Missing tasks for task group"),
    ...validateEach("Constraint", group.Constraints, validateConstraint),
    ...errorIf(isSystem && group.Affinities.length > 0, "System jobs may not have an affinity block"),
    ...validateEach("Affinity", group.Affinities, validateAffinity),
    ...errorIf(isSystem && group.Spreads.length > 0, "System jobs may not have a spread block"),
    ...validateEach("Spread", group.Spreads, validateSpread),
    ...nestedError("Restart policy validation failed", validateRestart(group.RestartPolicy)),
    ...validateGroupPolicies(group, jobType),
    ...validateTimes(group, jobType),
    ...errorIf(group.EphemeralDisk.SizeMB < MIN_DISK_MB, `minimum DiskMB value is ${MIN_DISK_MB}; got ${group.EphemeralDisk.SizeMB}`),
    ...nestedError("Task group network validation failed", validatePorts(group)),
    ...Object.entries(group.Volumes).flatMap(([name, volume]) => nestedError(`Task group volume validation for ${name} failed`, validateVolume(volume, group))),
    ...validateTaskList(group),
    ...group.Services.flatMap((service) => nestedError(`Task group service "${service.Name}" validation failed`, validateService(service))),
    ...validateTaskNames(group),
    ...validatePortLabels(group),
    ...group.Tasks.flatMap((task) => nestedError(`Task ${task.Name} validation failed`, validateTask(task, group, jobType))),
  ];
}

function validateGroupPolicies(group: TaskGroup, jobType: string): readonly string[] {
  const isSystem = jobType === "system" || jobType === "sysbatch";
  const { ReschedulePolicy: reschedule, Update: update, Migrate: migrate, Scaling: scaling, Disconnect: disconnect } = group;
  return [
    ...errorIf(isSystem && reschedule !== null, "System or sysbatch jobs should not have a reschedule policy"),
    ...(isSystem || reschedule === null ? [] : validateReschedule(reschedule)),
    ...errorIf(update !== null && (jobType === "batch" || jobType === "sysbatch"), `Job type "${jobType}" does not allow update block`),
    ...(update === null || jobType === "batch" || jobType === "sysbatch" ? [] : validateUpdate(update)),
    ...errorIf(migrate !== null && jobType !== "service", `Job type "${jobType}" does not allow migrate block`),
    ...(migrate === null || jobType !== "service" ? [] : validateMigrate(migrate)),
    ...errorIf(scaling !== null && jobType === "system", "System jobs may not have a scaling block"),
    ...nestedError("Scaling policy invalid", scaling === null ? [] : validateScaling(scaling, group.Count)),
    ...(disconnect === null ? [] : validateDisconnect(disconnect, jobType)),
  ];
}

function validateTimes(group: TaskGroup, jobType: string): readonly string[] {
  return [
    ...errorIf((group.MaxClientDisconnect ?? 0) < 0, "max_client_disconnect cannot be negative"),
    ...errorIf((group.ShutdownDelay ?? 0) < 0, "ShutdownDelay must be a positive value"),
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
function validatePorts(group: TaskGroup): readonly string[] {
  const labels = new Set<string>();
  const taken = new Map<string, string>();
  const errors: string[] = [];
  const networks = [...group.Networks, ...group.Tasks.flatMap(({ Resources }) => Resources.Networks)];
  for (const network of networks) {
    for (const port of [...network.ReservedPorts, ...network.DynamicPorts]) {
      if (labels.has(port.Label)) errors.push(`Port label ${port.Label} already in use`);
      labels.add(port.Label);
      errors.push(...validatePortLabel(port.Label), ...errorIf(port.To < -1 || port.To > 65_535, `Port ${port.Label} has an invalid "to" of ${port.To}`));
    }
    for (const port of network.ReservedPorts) {
      const place = `${port.HostNetwork}:${port.Value}`;
      const other = taken.get(place);
      if (other !== undefined && !port.IgnoreCollision) errors.push(`Static port ${port.Value} already reserved by ${other}`);
      if (port.Value < 1 || port.Value > 65_535) errors.push(`Port ${port.Label} (${port.Value}) cannot be less than 1 or greater than 65535`);
      taken.set(place, port.Label);
    }
    errors.push(...validateHostname(network));
  }
  return errors;
}

const validatePortLabel = (label: string): readonly string[] =>
  errorIf(!/^[a-zA-Z0-9_-]{1,128}$/.test(label), `Port label "${label}" does not conform to naming requirements ^[a-zA-Z0-9_-]{1,128}$`);

const validateHostname = ({ Hostname, Mode }: NetworkResource): readonly string[] =>
  errorIf(
    Hostname !== "" && !Hostname.includes("${") && !/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(Hostname),
    `Hostname is not a valid DNS name: ${Hostname} (mode ${Mode})`,
  );

function validateVolume(volume: VolumeRequest, group: TaskGroup): readonly string[] {
  const isCsi = volume.Type === "csi";
  return [
    ...errorIf(volume.Type !== "csi" && volume.Type !== "host", `volume has unrecognized type "${volume.Type}"`),
    ...errorIf(volume.Source === "", "volume has an empty source"),
    ...errorIf(isCsi && volume.AttachmentMode === "", "CSI volumes must have an attachment mode"),
    ...errorIf(isCsi && volume.AccessMode === "", "CSI volumes must have an access mode"),
    ...errorIf(!isCsi && volume.MountOptions !== null, "host volumes cannot have mount options"),
    ...errorIf(volume.PerAlloc && (group.Update?.Canary ?? 0) > 0 && volume.AccessMode.startsWith("single-node"), "volume cannot be per_alloc when canaries are in use"),
    ...errorIf(volume.PerAlloc && volume.Sticky, "volume cannot be per_alloc and sticky"),
  ];
}
