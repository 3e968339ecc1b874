/** @module What a job may say, and would better not. Used by validation. */
import type { JobSpec, Task, TaskGroup } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";

/** One warning for each group that has any, in the order of the job. */
export function jobWarnings(spec: JobSpec): readonly string[] {
  return [
    ...spec.TaskGroups.flatMap((group) => nestedError(`Group "${group.Name}" has warnings`, groupWarnings(group))),
    ...errorIf(isAutoPromotedInPart(spec), "auto_promote must be true for all groups to enable automatic promotion"),
  ];
}

function isAutoPromotedInPart({ TaskGroups }: JobSpec): boolean {
  const updates = TaskGroups.flatMap(({ Update }) => (Update !== null && Update.Canary > 0 ? [Update.AutoPromote] : []));
  return updates.includes(true) && updates.includes(false);
}

function groupWarnings(group: TaskGroup): readonly string[] {
  const parallel = group.Update?.MaxParallel ?? 0;
  return [
    ...errorIf(
      group.Count > 1 && parallel > group.Count,
      `Update max parallel count is greater than task group count (${parallel} > ${group.Count}). A destructive change would result in the simultaneous replacement of all allocations.`,
    ),
    ...errorIf(
      group.Networks.some(({ MBits }) => MBits !== null && MBits > 0),
      "mbits has been deprecated as of Nomad 0.12.0. Please remove mbits from the network block",
    ),
    ...group.Tasks.flatMap((task) => nestedError(`Task "${task.Name}" has warnings`, taskWarnings(task))),
  ];
}

function taskWarnings(task: Task): readonly string[] {
  return [
    ...errorIf(
      task.Resources.Networks.length > 0,
      "task network resources have been deprecated as of Nomad 0.12.0. Please configure networking via group network block.",
    ),
    ...errorIf(task.Resources.IOPS > 0, "IOPS has been deprecated as of Nomad 0.9.0. Please remove IOPS resource block."),
    ...task.Templates.flatMap(({ VaultGrace }, index) =>
      nestedError(
        `Template ${index + 1} has warnings`,
        errorIf(VaultGrace !== 0, "VaultGrace has been deprecated as of Nomad 0.11 and ignored since Vault 0.5. Please remove VaultGrace / vault_grace from template block."),
      ),
    ),
  ];
}
