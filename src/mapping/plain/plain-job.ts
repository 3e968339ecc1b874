/**
 * @module A Nomad job as plain Kubernetes objects, for a cluster without this server: no launcher, and no annotations of ours. Whatever has no
 * twin is a finding. Pure. Used by convert.
 */
import type { Finding } from "../../api/exec-task.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import { judgeFields } from "../job/field-fates.ts";
import { groupChecks } from "../job/group-checks.ts";
import { groupNetwork } from "../job/group-network.ts";
import type { Refusal } from "../refusal.ts";
import { PLAIN_GROUP_FATES, PLAIN_JOB_FATES } from "./plain-fates.ts";
import { fileObjects } from "./plain-files.ts";
import { type Plain, type PlainGroup, type PlainInputs, slug } from "./plain-group.ts";
import { podTemplate } from "./plain-pod.ts";
import { plainServices } from "./plain-services.ts";
import { workloads } from "./plain-workload.ts";

export type PlainJob = { readonly objects: readonly object[]; readonly findings: readonly Finding[]; readonly refusals: readonly Refusal[] };

/** @param stop the job is stopped: its objects are there, and run nothing */
export function plainJob(job: JobSpec, stop: boolean, inputs: PlainInputs): PlainJob {
  const names = groupNames(job);
  const taken = new Set<string>();
  const groups = job.TaskGroups.map((group, i) => plainGroup({ job, group, path: `TaskGroups[${i}]`, name: names[i] ?? slug(job.ID), inputs, stop, taken }));
  return {
    objects: groups.flatMap((group) => (group.ok ? group.value.value : [])),
    findings: [...judgeFields(job, PLAIN_JOB_FATES, "").findings, ...groups.flatMap((group) => (group.ok ? group.value.findings : []))],
    refusals: groups.flatMap((group) => (group.ok ? [] : [group.error])),
  };
}

/** The job's own, and with several groups the group's behind it; two never have the same. */
function groupNames({ ID, TaskGroups }: JobSpec): readonly string[] {
  const wanted = TaskGroups.map(({ Name }) => (TaskGroups.length === 1 ? slug(ID, 40) : slug(`${ID}-${Name}`, 40)));
  return wanted.map((name, i) => (wanted.indexOf(name) < i ? `${name}-${i}` : name));
}

type GroupInputs = Pick<PlainGroup, "job" | "group" | "path" | "name" | "inputs"> & { readonly stop: boolean; readonly taken: Set<string> };

function plainGroup({ stop, taken, ...own }: GroupInputs): Result<Plain<readonly object[]>, Refusal> {
  const { job, group, path } = own;
  const network = groupNetwork(group, path);
  if (!network.ok) return err(network.error);
  const checks = groupChecks(group, network.value.value, path);
  const labels = { "app.kubernetes.io/name": slug(job.ID), "app.kubernetes.io/component": slug(group.Name) };
  const place: PlainGroup = { ...own, labels, network: network.value.value, probes: checks.value };
  const pod = podTemplate(place);
  if (!pod.ok) return err(pod.error);
  const kept = workloads(place, pod.value.value.template, stop);
  if (!kept.ok) return err(kept.error);
  const services = plainServices(place, taken);
  if (!services.ok) return err(services.error);
  return ok({
    value: [...fileObjects(place, pod.value.value.files), ...kept.value.value, ...services.value.value],
    findings: [...groupFindings(group, path), ...network.value.findings, ...checks.findings, ...pod.value.findings, ...kept.value.findings, ...services.value.findings],
  });
}

const groupFindings = (group: TaskGroup, path: string): readonly Finding[] => judgeFields(group, PLAIN_GROUP_FATES, `${path}.`).findings;
