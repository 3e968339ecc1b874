/**
 * @module What a job's parts have of each other: groups of their job, tasks of their group, checks of their service. The part of the api
 * module's Canonicalize that needs to know where a struct stands. Used by canonicalise.ts.
 */
import type { CheckRestart, Service, Task, TaskGroup } from "../job.ts";
import type { Decoded, DecodedJob } from "./decoded.ts";
import { DEFAULT_MIGRATE, DEFAULT_UPDATE, defaultReschedule, defaultRestart } from "./default-policies.ts";
import { SECOND_NS } from "./durations.ts";
import { emptyToNull, isNil, merged, withDefaults } from "./fill.ts";

/** The job with every field of its own that a client fills in, and its groups with all that they take from it. */
export function inherited(job: DecodedJob): DecodedJob {
  const filled = withJobDefaults(job);
  return isNil(filled.TaskGroups) ? filled : { ...filled, TaskGroups: filled.TaskGroups.map((group) => inheritedGroup(group, filled)) };
}

function withJobDefaults(job: DecodedJob): DecodedJob {
  const named = withDefaults(job, { ID: "", Type: "service" });
  const updates = named.Type === "service" || named.Type === "system" || !isNil(named.Update);
  return withDefaults(updates ? { ...named, Update: withDefaults(named.Update ?? {}, DEFAULT_UPDATE) } : named, {
    Name: named.ID ?? "",
    ParentID: "",
    Namespace: "default",
    Priority: 50,
    Stop: false,
    Region: "global",
    NodePool: "",
    AllAtOnce: false,
    ConsulNamespace: "",
    VaultNamespace: "",
    NomadTokenID: "",
    Status: "",
    StatusDescription: "",
    Stable: false,
    Version: 0,
    CreateIndex: 0,
    ModifyIndex: 0,
    JobModifyIndex: 0,
  });
}

type Consul = { readonly Namespace?: string; readonly Cluster?: string; readonly Partition?: string };
type Group = Decoded<TaskGroup>;

function inheritedGroup(raw: Group, job: DecodedJob): Group {
  const count = raw.Count ?? raw.Scaling?.Min ?? 1;
  const group: Group = { ...withDefaults(raw, { Name: "", EphemeralDisk: {} }), Count: count, ...policies(raw, job) };
  return {
    ...group,
    ...(isNil(group.Scaling) ? {} : { Scaling: scaling(group.Scaling, count) }),
    ...(isNil(group.Consul) ? {} : { Consul: consul(group.Consul, job) }),
    ...(isNil(group.Tasks) ? {} : { Tasks: group.Tasks.map((task) => inheritedTask(task, group, job)) }),
    ...(isNil(group.Services) ? {} : { Services: group.Services.map((service) => inheritedService(service, `${job.Name ?? ""}-${group.Name ?? ""}`)) }),
  };
}

function policies(group: Group, job: DecodedJob): Partial<Group> {
  const type = job.Type ?? "service";
  const update = isUpdateEmpty(job.Update) && isNil(group.Update) ? null : withDefaults(merged(job.Update ?? {}, group.Update), DEFAULT_UPDATE);
  const wroteReschedule = !isNil(job.Reschedule) || !isNil(group.ReschedulePolicy);
  const reschedules = wroteReschedule || (type !== "system" && type !== "sysbatch");
  const migrates = !isNil(job.Migrate) || !isNil(group.Migrate) || type === "service";
  return {
    Update: update,
    ReschedulePolicy: reschedules ? withDefaults(merged(job.Reschedule ?? {}, group.ReschedulePolicy), defaultReschedule(type)) : null,
    Migrate: migrates ? withDefaults(merged(job.Migrate ?? {}, group.Migrate), DEFAULT_MIGRATE) : null,
    RestartPolicy: merged<Decoded<TaskGroup["RestartPolicy"]>>(defaultRestart(type), group.RestartPolicy),
  };
}

/** A job's update block of nothing but zeros is none: groups do not inherit it. */
const isUpdateEmpty = (update: DecodedJob["Update"]): boolean => Object.values(update ?? {}).every((value) => !value);

const scaling = (policy: NonNullable<Group["Scaling"]>, count: number): NonNullable<Group["Scaling"]> => ({
  ...withDefaults(policy, { Enabled: true, Min: count }),
  Type: policy.Type || "horizontal",
});

const consul = (block: Consul, job: DecodedJob): Consul => ({ ...block, Namespace: block.Namespace || (job.ConsulNamespace ?? "") });

function inheritedTask(task: Decoded<Task>, group: Group, job: DecodedJob): Decoded<Task> {
  const base = `${job.Name ?? ""}-${group.Name ?? ""}-${task.Name ?? ""}`;
  return {
    ...task,
    RestartPolicy: merged(group.RestartPolicy ?? {}, task.RestartPolicy),
    ...(isNil(task.Services) ? {} : { Services: task.Services.map((service) => inheritedService(service, base)) }),
  };
}

function inheritedService(raw: Decoded<Service>, defaultName: string): Decoded<Service> {
  const service = emptyToNull(
    {
      ...raw,
      Name: raw.Name || defaultName,
      AddressMode: raw.AddressMode || "auto",
      OnUpdate: raw.OnUpdate || "require_healthy",
      Provider: raw.Provider || "consul",
      Cluster: raw.Cluster || "default",
    },
    ["Meta", "CanaryMeta", "TaggedAddresses"],
  );
  return isNil(service.Checks) ? service : { ...service, Checks: service.Checks.map((check) => inheritedCheck(check, service)) };
}

type Check = NonNullable<Decoded<Service>["Checks"]>[number];

function inheritedCheck(check: Check, service: Decoded<Service>): Check {
  const restart = checkRestart(service.CheckRestart, check.CheckRestart);
  return {
    ...check,
    CheckRestart: restart === null ? null : withDefaults(restart, { Grace: SECOND_NS }),
    SuccessBeforePassing: Math.max(check.SuccessBeforePassing ?? 0, 0),
    FailuresBeforeCritical: Math.max(check.FailuresBeforeCritical ?? 0, 0),
    FailuresBeforeWarning: Math.max(check.FailuresBeforeWarning ?? 0, 0),
    OnUpdate: check.OnUpdate || (service.OnUpdate ?? ""),
  };
}

/** The check's own values win where they are more than zero. */
function checkRestart(service: Decoded<CheckRestart> | null | undefined, check: Decoded<CheckRestart> | null | undefined): Decoded<CheckRestart> | null {
  if (isNil(service)) return check ?? null;
  if (isNil(check)) return service;
  return {
    Limit: (check.Limit ?? 0) > 0 ? (check.Limit ?? 0) : (service.Limit ?? 0),
    Grace: check.Grace ?? service.Grace ?? null,
    IgnoreWarnings: check.IgnoreWarnings || (service.IgnoreWarnings ?? false),
  };
}
