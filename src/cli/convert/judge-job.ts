/** @module What running a Nomad job here changes, and whether it runs at all: the mapping's words and the profile's. Used by convert and assess. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import { API_VERSION, type Finding } from "../../api/exec-task.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import type { JobGroup } from "../../mapping/accepted-task.ts";
import { jobGroups, refusalOf } from "../../mapping/job/job-groups.ts";
import { jobObjectName, type Sha256 } from "../../mapping/object-names.ts";
import { acceptGroup } from "../../mapping/pod-for-task.ts";
import { storedSpec } from "../../mapping/stored-job.ts";
import type { JobSpec } from "../../nomad/job.ts";

/** job: another job is needed. profile: another BridgeConfig would do. */
export type JobRefusal = { readonly by: "job" | "profile"; readonly message: string };

export type JudgedJob = {
  readonly findings: readonly Finding[];
  readonly refusals: readonly JobRefusal[];
  /** Empty where the job is refused. */
  readonly groups: readonly JobGroup[];
};

export type Judging = { readonly config: BridgeConfigSpec; readonly sha256: Sha256 };

/** The object that holds the job: its name is the one that `nomad job run` gives it, so that both mean the same object. */
export function nomadJobObject(spec: JobSpec, sha256: Sha256, rest: { readonly stop: boolean; readonly payloadSecret?: string | undefined }): NomadJob {
  const metadata = { name: jobObjectName(sha256, { namespace: spec.Namespace, jobId: spec.ID }), namespace: spec.Namespace };
  return { apiVersion: API_VERSION, kind: "NomadJob", metadata, spec: storedSpec(spec, rest) };
}

export function judgeJob(object: NomadJob, spec: JobSpec, { config, sha256 }: Judging): JudgedJob {
  const mapped = jobGroups(object, spec, config);
  const refusal = refusalOf(mapped);
  if (refusal !== undefined) return { findings: [], refusals: [{ by: "job", message: refusal.message }], groups: [] };
  const groups = mapped.groups.flatMap(({ group }) => (group.ok ? [group.value] : []));
  const accepted = groups.map((group) => acceptGroup(group, config, sha256));
  const refusals = accepted.flatMap((each): JobRefusal[] => (each.ok ? [] : [{ by: "profile", message: each.error.message }]));
  const findings = [...mapped.findings, ...mapped.groups.flatMap((group) => group.findings), ...accepted.flatMap((each) => (each.ok ? each.value.findings : []))];
  return { findings, refusals, groups };
}

/** A refusal's message begins with the path of what is refused; "" where it does not. */
export function pathOfRefusal(message: string): { readonly path: string; readonly message: string } {
  const [all = "", path = ""] = /^((?:TaskGroups\[|[A-Z][A-Za-z]+(?=:))[\w.[\]-]*): /.exec(message) ?? [];
  return { path, message: message.slice(all.length) };
}
