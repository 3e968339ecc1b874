/**
 * @module What a Nomad 1.11.2 agent answered to `PUT /v1/validate/job` for jobs with one mistake or one oddity each, against our validation. Each
 * row of the file says what of the base job is replaced, and what came back. What depends on an agent's own store, on Vault or on an Enterprise
 * licence is not in it.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { formatWarnings } from "../../../../src/nomad/jobspec/validation/multierror.ts";
import { validateJob } from "../../../../src/nomad/jobspec/validation/validate-job.ts";

type Json = Readonly<Record<string, unknown>>;
type Group = Json & { readonly Tasks: readonly Json[] };
type Job = Json & { readonly TaskGroups: readonly Group[] };
type Answer = { readonly name: string; readonly job?: Json; readonly group?: Json; readonly task?: Json; readonly errors?: readonly string[]; readonly warnings?: string };

const RECORDED = JSON.parse(readFileSync(new URL("../../../golden/validation/answers.json", import.meta.url), "utf8")) as { readonly base: Job; readonly answers: readonly Answer[] };

function jobOf({ job, group, task }: Pick<Answer, "job" | "group" | "task">): Json {
  const { base } = RECORDED;
  const groups = base.TaskGroups.map((each) => ({ ...each, ...group, Tasks: each.Tasks.map((inner) => ({ ...inner, ...task })) }));
  return { ...base, TaskGroups: groups, ...job };
}

function faultsOf(job: Json): { readonly errors: readonly string[]; readonly warnings: string } {
  const decoded = decodeJob(job);
  if (!decoded.ok) throw new Error(decoded.error);
  const { errors, warnings } = validateJob(canonicalise(decoded.value).spec);
  return { errors, warnings: formatWarnings(warnings) };
}

/** What Nomad takes although nothing can be done by it. Here the pod, the launcher or the planner would have to make something of it. */
const REFUSED_HERE: readonly (readonly [Pick<Answer, "job" | "group" | "task">, string])[] = [
  [{ group: { RestartPolicy: { Attempts: -1 } } }, "Restart policy attempts can not be less than zero: -1 < 0"],
  [{ task: { RestartPolicy: { Mode: "always" } } }, 'Unsupported restart mode: "always"'],
  [{ group: { ReschedulePolicy: { Attempts: -5, Unlimited: false, Interval: 3_600_000_000_000 } } }, "Reschedule policy attempts can not be less than zero: -5 < 0"],
  [{ group: { Networks: [{ ReservedPorts: [{ Label: "a", Value: 0 }] }] } }, "Port a (0) cannot be less than 1"],
  [{ group: { Networks: [{ DynamicPorts: [{ Label: "a b" }] }] } }, 'Port label "a b" does not conform to naming requirements ^[a-zA-Z0-9_-]{1,128}$'],
  [{ group: { Networks: [{ Mode: "bridge", Hostname: "a_b!" }] } }, "Hostname is not a valid DNS name: a_b! (mode bridge)"],
  [{ task: { Templates: [{ EmbeddedTmpl: "x", DestPath: "local/a", Wait: { Min: -1, Max: 5 } }] } }, "wait min -1ns must not be negative"],
  [{ task: { VolumeMounts: [{ Volume: "", Destination: "" }] } }, "Volume Mount (0) references an empty volume"],
  [{ task: { Lifecycle: { Hook: "prestart" } } }, "Task group g must have at least one main task"],
  [{ task: { Resources: { Cores: -2, MemoryMB: 64 } } }, "minimum Cores value is 0; got -2"],
  [{ group: { Volumes: { v: { Name: "v", Type: "nfs", Source: "s" } } } }, 'volume has unrecognized type "nfs"'],
];

describe("validateJob beside a Nomad agent", () => {
  it.each(RECORDED.answers.map((answer) => [answer.name, answer] as const))("answers alike: %s", (_, answer) => {
    expect(faultsOf(jobOf(answer))).toEqual({ errors: answer.errors ?? [], warnings: answer.warnings ?? "" });
  });

  it.each(REFUSED_HERE)("refuses what Nomad takes unlooked at: %j", (change, text) => {
    expect(faultsOf(jobOf(change)).errors.join("\n")).toContain(`\t* ${text}`);
  });
});
