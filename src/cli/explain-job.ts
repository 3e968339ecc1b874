/** @module What there is to say of a Nomad job: a report for each of its groups, as for an ExecTask, or one where the job is refused. Used by explain. */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { Finding } from "../api/exec-task.ts";
import type { Result } from "../lib/result.ts";
import type { AcceptedGroup, JobGroup } from "../mapping/accepted-task.ts";
import { jobGroups, refusalOf } from "../mapping/job/job-groups.ts";
import { acceptGroup, podForTask, type Refusal } from "../mapping/pod-for-task.ts";
import { podSecurity, type PodSpecView } from "../mapping/pod-security.ts";
import type { JobSpec } from "../nomad/job.ts";
import { validateJob } from "../nomad/jobspec/validation/validate-job.ts";
import { type Judging, nomadJobObject } from "./convert/judge-job.ts";
import { capabilitiesOf, FIRST, IMAGES, NO_UID, type TaskReport } from "./explain-report.ts";
import { withoutSecrets } from "./explain-secrets.ts";

/** What the file says of a job beside its spec. */
export type JobToExplain = { readonly spec: JobSpec; readonly stop: boolean };

/** @param spec with the namespace that it would be in */
export function explainJob({ spec, stop }: JobToExplain, judging: Judging): readonly TaskReport[] {
  const job = { namespace: spec.Namespace, name: spec.ID, isJob: true } as const;
  const refused = (refusal: Refusal): readonly TaskReport[] => [{ ...job, accepted: false, refusal }];
  const { errors } = validateJob(spec);
  if (errors.length > 0) return refused({ reason: "InvalidSpec", message: errors.join("; ").replace(/\s+/g, " ").trim() });
  const object = nomadJobObject(spec, judging.sha256, { stop });
  const mapped = jobGroups({ ...object, metadata: { ...object.metadata, uid: NO_UID } }, spec, judging.config);
  const refusal = refusalOf(mapped);
  if (refusal !== undefined) return refused(refusal);
  return mapped.groups.flatMap(({ group, findings }) => (group.ok ? [{ ...job, group: group.value.group, ...groupReport(group.value, [...mapped.findings, ...findings], judging) }] : []));
}

type GroupReport = { readonly accepted: false; readonly refusal: Refusal } | Omit<Extract<TaskReport, { readonly accepted: true }>, "namespace" | "name">;

/** @param ofJob what the job and the group say that is no task's */
function groupReport(group: JobGroup, ofJob: readonly Finding[], { config, sha256 }: Judging): GroupReport {
  const accepted = acceptGroup(group, config, sha256);
  if (!accepted.ok) return { accepted: false, refusal: accepted.error };
  const real = podForTask(accepted.value, FIRST, IMAGES);
  if (!real.ok) return { accepted: false, refusal: real.error };
  const { hidden, task: shown } = withoutSecrets(group);
  const pod = podOf(shown, { config, sha256 });
  if (!pod.ok) return { accepted: false, refusal: pod.error };
  return {
    accepted: true,
    profile: accepted.value.profile.name,
    findings: bySeverity([...ofJob, ...accepted.value.findings]),
    capabilities: capabilitiesOf(accepted.value),
    podSecurity: podSecurity((pod.value as unknown as { readonly spec: PodSpecView }).spec),
    hidden,
    pod: pod.value,
  };
}

function podOf(group: JobGroup, { config, sha256 }: { readonly config: BridgeConfigSpec; readonly sha256: Judging["sha256"] }): ReturnType<typeof podForTask> {
  const accepted: Result<AcceptedGroup, Refusal> = acceptGroup(group, config, sha256);
  return accepted.ok ? podForTask(accepted.value, FIRST, IMAGES) : accepted;
}

const LEVELS: readonly Finding["level"][] = ["lost", "decision", "weaker", "equivalent", "same"];
/** As those of an ExecTask are. What the job, its group and its tasks say alike is told once. */
const bySeverity = (findings: readonly Finding[]): readonly Finding[] =>
  [...new Map(findings.map((each) => [`${each.path}\0${each.message}`, each])).values()].toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
