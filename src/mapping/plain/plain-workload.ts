/** @module A group's pods as the object that keeps them: Deployment, DaemonSet, Job or CronJob. */
import type { Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { PeriodicConfig } from "../../nomad/job.ts";
import { DEFAULT_UPDATE } from "../../nomad/jobspec/default-policies.ts";
import { refusedAt } from "../job/mapped.ts";
import type { Refusal } from "../refusal.ts";
import { type Plain, type PlainGroup, seconds } from "./plain-group.ts";
import { attemptsOf } from "./plain-pod.ts";

export function workloads(group: PlainGroup, template: object, stop: boolean): Result<Plain<readonly object[]>, Refusal> {
  const { job, group: { Count: count } } = group;
  switch (job.Type) {
    case "service":
      return ok({ value: [deployment(group, template, stop ? 0 : count)], findings: serviceFindings(group) });
    case "system":
      return ok({ value: [daemonSet(group, template)], findings: systemFindings(group) });
    case "batch":
      return ok(batch(group, template, stop));
    default:
      return refusedAt("Type", `no kind of Kubernetes runs to an end on each node, as "${job.Type}" does: use -to=nomadjob, or a DaemonSet whose work is in an init container`);
  }
}

const metadata = ({ name, job, labels }: PlainGroup, suffix = "") => ({ name: `${name}${suffix}`, namespace: job.Namespace, labels });

/** Nomad stops the old allocation before it starts the new one. */
function deployment(group: PlainGroup, template: object, replicas: number): object {
  const { MaxParallel, MinHealthyTime, ProgressDeadline } = group.group.Update ?? DEFAULT_UPDATE;
  const minReadySeconds = seconds(MinHealthyTime);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(group),
    spec: {
      replicas,
      selector: { matchLabels: group.labels },
      minReadySeconds,
      progressDeadlineSeconds: Math.max(minReadySeconds + 1, seconds(ProgressDeadline) || 600),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: Math.max(1, MaxParallel) } },
      template,
    },
  };
}

const daemonSet = (group: PlainGroup, template: object): object => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: metadata(group),
  spec: { selector: { matchLabels: group.labels }, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: Math.max(1, group.group.Update?.MaxParallel ?? 1) } }, template },
});

function serviceFindings(group: PlainGroup): readonly Finding[] {
  const { path, group: { Update: update, ReschedulePolicy: reschedule } } = group;
  return [
    ...updateFindings(group),
    ...(update !== null && update.MaxParallel === 0 ? [{ level: "weaker" as const, path: `${path}.Update.MaxParallel`, message: "pods are replaced one at a time; on Nomad all at once" }] : []),
    ...(reschedule !== null && !reschedule.Unlimited ? [{ level: "weaker" as const, path: `${path}.ReschedulePolicy`, message: "a Deployment replaces its pods without end" }] : []),
  ];
}

function systemFindings(group: PlainGroup): readonly Finding[] {
  const { path, group: { Count: count } } = group;
  return [...updateFindings(group), ...(count > 1 ? [{ level: "lost" as const, path: `${path}.Count`, message: "a DaemonSet has one pod on each node" }] : [])];
}

function updateFindings({ path, group: { Update: update } }: PlainGroup): readonly Finding[] {
  if (update === null) return [];
  return [
    ...(update.Canary > 0 ? [{ level: "lost" as const, path: `${path}.Update.Canary`, message: "a Deployment has no canaries: make a second Deployment behind the same Service" }] : []),
    ...(update.AutoRevert ? [{ level: "lost" as const, path: `${path}.Update.AutoRevert`, message: "nothing goes back by itself: use kubectl rollout undo" }] : []),
    ...(update.HealthCheck !== "checks" && update.HealthCheck !== "" ? [{ level: "weaker" as const, path: `${path}.Update.HealthCheck`, message: "a pod is healthy when its readiness probes pass" }] : []),
  ];
}

function batch(group: PlainGroup, template: object, stop: boolean): Plain<readonly object[]> {
  const { job, group: { Count: count }, path } = group;
  const attempts = attemptsOf(group);
  const spec = { completions: count, parallelism: count, completionMode: "Indexed", backoffLimit: attempts * Math.max(1, count), template };
  const findings: Finding[] = [{ level: "weaker", path: `${path}.ReschedulePolicy`, message: `a Job gives up after ${spec.backoffLimit} failures of all its pods together; interval, delay and mode of restart and reschedule are not asked` }];
  if (job.Periodic !== null) return { value: cronJobs(group, job.Periodic, spec, stop), findings: [...findings, ...periodicFindings(job.Periodic)] };
  if (job.ParameterizedJob === null) return { value: [{ apiVersion: "batch/v1", kind: "Job", metadata: metadata(group), spec: { ...spec, ...(stop ? { suspend: true } : {}) } }], findings };
  const message = "is a CronJob that never starts by itself: run it with kubectl create job --from=cronjob/<name>; what a dispatch would give it, meta and payload, has no twin";
  return { value: [cronJob(group, { schedule: NEVER, spec, suspend: true })], findings: [...findings, { level: "lost", path: "ParameterizedJob", message }] };
}

/** The 31st of February, in case somebody takes the suspension off. */
const NEVER = "0 0 31 2 *";

type Cron = { readonly schedule: string; readonly spec: object; readonly suspend: boolean; readonly suffix?: string; readonly more?: object };

const cronJob = (group: PlainGroup, { schedule, spec, suspend, suffix = "", more = {} }: Cron): object => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: metadata(group, suffix),
  spec: { schedule, ...more, ...(suspend ? { suspend } : {}), jobTemplate: { spec } },
});

const schedulesOf = ({ Spec, Specs }: PeriodicConfig): readonly string[] => (Spec === "" ? Specs : [Spec]);

/** Five fields, or one of the words that both know. */
const isPlainSchedule = (text: string): boolean => /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text) || (text.trim().split(/\s+/).length === 5 && !/[LW#]/.test(text));

function cronJobs(group: PlainGroup, periodic: PeriodicConfig, spec: object, stop: boolean): readonly object[] {
  const schedules = schedulesOf(periodic);
  const more = { timeZone: periodic.TimeZone === "" ? "UTC" : periodic.TimeZone, concurrencyPolicy: periodic.ProhibitOverlap ? "Forbid" : "Allow" };
  return schedules.flatMap((schedule, i) => (isPlainSchedule(schedule) ? [cronJob(group, { schedule, spec, suspend: stop || !periodic.Enabled, suffix: schedules.length > 1 ? `-${i}` : "", more })] : []));
}

function periodicFindings(periodic: PeriodicConfig): readonly Finding[] {
  const schedules = schedulesOf(periodic);
  return [
    ...schedules.flatMap((schedule, i): Finding[] => (isPlainSchedule(schedule) ? [] : [{ level: "lost", path: periodic.Spec === "" ? `Periodic.Specs[${i}]` : "Periodic.Spec", message: `"${schedule}" has no twin, and is left out: write five fields, without seconds, years, L, W and #` }])),
    ...(schedules.length > 1 && periodic.ProhibitOverlap ? [{ level: "weaker" as const, path: "Periodic.ProhibitOverlap", message: "each schedule is a CronJob of its own, which knows nothing of the others' pods" }] : []),
  ];
}
