/** @module What a job may say, and would better not, in Nomad's words and order. Used by validation. */
import type { JobSpec, Service, Task, TaskGroup, WorkloadIdentity } from "../../job.ts";
import { errorIf, nestedError, untitled } from "./multierror.ts";

/** One warning for each group that has any, in the order of the job. */
export function jobWarnings(spec: JobSpec): readonly string[] {
  return [
    ...spec.TaskGroups.flatMap((group) => nestedError(`Group "${group.Name}" has warnings`, groupWarnings(group))),
    ...errorIf(isAutoPromotedInPart(spec), "auto_promote must be true for all groups to enable automatic promotion"),
    ...errorIf((spec.Periodic?.Spec ?? "") !== "", "cron is deprecated and may be removed in a future release. Use crons instead"),
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
    ...group.Services.flatMap(serviceWarnings),
    ...group.Tasks.flatMap((task) => nestedError(`Task "${task.Name}" has warnings`, taskWarnings(task))),
  ];
}

const serviceWarnings = ({ Name, Identity }: Service): readonly string[] => (Identity === null ? [] : identityWarnings(Identity).map((warning) => `Service "${Name}": ${warning}`));

function taskWarnings(task: Task): readonly string[] {
  return [
    ...errorIf(task.Resources.IOPS > 0, "IOPS has been deprecated as of Nomad 0.9.0. Please remove IOPS from resource block."),
    ...errorIf(
      task.Resources.Networks.length > 0,
      "task network resources have been deprecated as of Nomad 0.12.0. Please configure networking via group network block.",
    ),
    ...task.Templates.flatMap(({ VaultGrace }, index) =>
      errorIf(VaultGrace !== 0, `Template[${index}] VaultGrace has been deprecated as of Nomad 0.11 and ignored since Vault 0.5. Please remove VaultGrace / vault_grace from template block.`),
    ),
    ...task.Identities.flatMap((identity) => untitled(identityWarnings(identity).map((warning) => `Identity[${identity.Name}] ${warning}`))),
  ];
}

function identityWarnings({ Audience, TTL, Env, ChangeMode }: WorkloadIdentity): readonly string[] {
  return [
    ...errorIf(Audience.length === 0, "identities without an audience are insecure"),
    ...errorIf(TTL === 0, "identities without an expiration are insecure"),
    ...errorIf(Env && ChangeMode !== "restart", `using env=true without change_mode="restart" may result in task not getting updated identity`),
  ];
}
