/**
 * @module What Nomad's server adds to a job on registration, beyond what its clients fill in. Used by canonicalise.ts.
 * Source: developer.hashicorp.com/nomad/docs/job-specification, and jobs read back from agents
 */
import type { DecodedJob, DecodedStruct } from "./decoded.ts";
import { SECOND_NS } from "./durations.ts";
import { isNil, withDefaults } from "./fill.ts";
import type { StructName } from "./schema/schema.ts";
import { mapStructs } from "./struct-defaults.ts";

/** Groups hold a job's reschedule and migrate blocks by now; a stored job has none of its own. */
export function withServerDefaults(job: DecodedJob): DecodedJob {
  const named = nameServices({ ...job, Reschedule: null, Migrate: null, Datacenters: isNil(job.Datacenters) || job.Datacenters.length === 0 ? ["*"] : job.Datacenters });
  return mapStructs("Job", named, { change: (name, value) => RULES[name]?.(value) ?? value });
}

const orElse = (value: DecodedStruct, defaults: DecodedStruct): DecodedStruct => ({
  ...value,
  ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !value[name])),
});

const RULES: Partial<Record<StructName, (value: DecodedStruct) => DecodedStruct>> = {
  // A name or a type that is written as "" is not filled in: it is a mistake, and told as one.
  Job: (job) => orElse(job, { Region: "global", Namespace: "default", NodePool: "default", Priority: 50 }),
  TaskGroup: (group) => (isNil(group["Volumes"]) ? group : { ...group, Volumes: namedVolumes(group["Volumes"] as Readonly<Record<string, DecodedStruct>>) }),
  ParameterizedJobConfig: (config) => orElse(config, { Payload: "optional" }),
  Task: (task) => ({ ...orElse(task, { KillTimeout: 5 * SECOND_NS }), Identity: defaultIdentity((task["Identity"] ?? {}) as DecodedStruct) }),
  ScalingPolicy: (policy) => withDefaults(policy, { Enabled: true }),
  LogConfig: (logs) => (isNil(logs["Enabled"]) ? logs : { ...logs, Disabled: logs["Disabled"] === true || logs["Enabled"] === false }),
  Port: (port) => orElse(port, { HostNetwork: "default" }),
};

const namedVolumes = (volumes: Readonly<Record<string, DecodedStruct>>): DecodedStruct =>
  Object.fromEntries(Object.entries(volumes).map(([name, volume]) => [name, orElse(volume, { Name: name })]));

/** Every task has one, in Nomad's own name and for Nomad's own audience. */
function defaultIdentity(identity: DecodedStruct): DecodedStruct {
  const named = orElse(identity, { Name: "default" });
  const audience = named["Audience"] as readonly string[] | null | undefined;
  return isNil(audience) || audience.length === 0 ? { ...named, Audience: ["nomadproject.io"] } : named;
}

/** `${JOB}`, `${TASKGROUP}`, `${TASK}` and `${BASE}` in a service's name are known now; a check without a name is called by its service. */
function nameServices(job: DecodedJob): DecodedJob {
  const jobName = job.Name ?? "";
  const groups = (job.TaskGroups ?? []).map((group) => {
    const groupName = group.Name ?? "";
    const tasks = (group.Tasks ?? []).map((task) => {
      const taskName = task.Name ?? "";
      const names = { JOB: jobName, TASKGROUP: groupName, TASK: taskName, BASE: `${jobName}-${groupName}-${taskName}` };
      return { ...task, Services: (task.Services ?? []).map((service) => ofTask(namedService(service, names), taskName)) };
    });
    const names = { JOB: jobName, TASKGROUP: groupName, TASK: "group", BASE: `${jobName}-${groupName}-group` };
    return { ...group, Tasks: tasks, Services: (group.Services ?? []).map((service) => ofTask(namedService(service, names), service.TaskName ?? "")) };
  });
  return { ...job, TaskGroups: groups };
}

/** A service that stands in a task is that task's, and so are its checks where they do not say another one. */
const ofTask = (service: DecodedService, taskName: string): DecodedService => ({
  ...service,
  TaskName: taskName,
  Checks: (service.Checks ?? []).map((check) => ({ ...check, TaskName: check.TaskName || taskName })),
});

/** A job that is called `${JOB}` must not grow a name each time that it is registered. */
const plainOr = (kept: string, name: string): string => (name.includes("${") ? kept : name);

type DecodedService = NonNullable<NonNullable<NonNullable<DecodedJob["TaskGroups"]>[number]["Services"]>[number]>;

function namedService(service: DecodedService, names: Readonly<Record<string, string>>): DecodedService {
  const name = (service.Name ?? "").replaceAll(/\$\{(JOB|TASKGROUP|TASK|BASE)\}/g, (kept, key: string) => plainOr(kept, names[key] ?? ""));
  const checks = (service.Checks ?? []).map((check) => ({ ...check, Name: check.Name || `service: "${name}" check` }));
  return { ...service, Name: name, Checks: checks };
}
