/** @module What Nomad says of jobs that may not be registered, one fault at a time. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { formatWarnings, multierror } from "../../../../src/nomad/jobspec/validation/multierror.ts";
import { validateJob } from "../../../../src/nomad/jobspec/validation/validate-job.ts";
import { arbitraryStruct } from "./arbitrary-job.ts";

type Json = Readonly<Record<string, unknown>>;

const faultsOf = (job: Json) => {
  const decoded = decodeJob(job);
  if (!decoded.ok) throw new Error(decoded.error);
  return validateJob(canonicalise(decoded.value).spec);
};

const TASK = { Name: "t", Driver: "exec", Config: { command: "true" } };
const GROUP = { Name: "g", Tasks: [TASK] };
const JOB = { ID: "j", TaskGroups: [GROUP] };
const withGroup = (group: Json, job: Json = {}): Json => ({ ...JOB, ...job, TaskGroups: [{ ...GROUP, ...group }] });
const withTask = (task: Json, job: Json = {}): Json => withGroup({ Tasks: [{ ...TASK, ...task }] }, job);

const inGroup = (text: string): string => `Task group g validation failed: 1 error occurred:\n\t* ${text}\n\n`;
const inTask = (text: string): string => inGroup(`Task t validation failed: 1 error occurred:\n\t* ${text}\n\n`);
const one = (title: string, text: string): string => `${title}: 1 error occurred:\n\t* ${text}\n\n`;
const S = 1_000_000_000;

const CONSTRAINT = { LTarget: "${attr.cpu.arch}", RTarget: "amd64", Operand: "=" };
const CHECK = { Name: "c", Type: "tcp", Interval: 10 * S, Timeout: S };
const service = (fields: Json): Json => ({ Name: "web", PortLabel: "8080", ...fields });

const ACCEPTED: readonly (readonly [string, Json])[] = [
  ["the least job", JOB],
  ["an ID of 200 letters, slashes and unicode", { ...JOB, ID: `${"ü/".repeat(100)}x` }],
  ["a batch job with a cron word", { ...JOB, Type: "batch", Periodic: { Spec: "@daily", TimeZone: "Europe/Berlin" } }],
  ["a dispatched child", withTask({ DispatchPayload: { File: "in.json" } }, { Type: "batch", Dispatched: true })],
  ["a sysbatch job", { ...JOB, Type: "sysbatch" }],
  ["cores without cpu", withTask({ Resources: { Cores: 2 } })],
  ["a constraint on distinct hosts", { ...JOB, Constraints: [{ Operand: "distinct_hosts" }] }],
  ["a version constraint", { ...JOB, Constraints: [{ ...CONSTRAINT, Operand: "version", RTarget: ">= 1.2, < 2.0.0-beta1" }] }],
  ["an artifact in the shared directory", withTask({ Artifacts: [{ GetterSource: "http://x/y", RelativeDest: "../alloc/data" }] })],
  ["a service with a check", withGroup({ Services: [service({ Checks: [CHECK] })] })],
  ["unlimited memory", withTask({ Resources: { MemoryMaxMB: -1 } })],
  ["logs switched off on a small disk", withGroup({ EphemeralDisk: { SizeMB: 10 }, Tasks: [{ ...TASK, LogConfig: { Disabled: true } }] })],
];

const JOB_FAULTS: readonly (readonly [Json, string])[] = [
  [{ ...JOB, ID: "a b" }, "Job ID contains a space"],
  [{ ...JOB, ID: "a\0b", Name: "n" }, "Job ID contains a null character"],
  [{ ...JOB, ID: "x".repeat(2000) }, "Job ID has 2000 characters, and at most 1024 are possible"],
  [{ ...JOB, Name: "a\0" }, "Job Name contains a null character"],
  [{ ...JOB, Type: "cron" }, 'Invalid job type: "cron"'],
  [{ ...JOB, Priority: 0 }, "job priority must be between [1, 100]"],
  [{ ...JOB, Priority: 101 }, "job priority must be between [1, 100]"],
  [{ ...JOB, Datacenters: [""] }, "job datacenter must be non-empty string"],
  [{ ID: "j" }, "Missing job task groups"],
  [{ ...JOB, TaskGroups: [GROUP, GROUP] }, "Job task group 2 redefines 'g' from group 1"],
  [{ ...JOB, Constraints: [{ LTarget: "a" }] }, one("Constraint 1 validation failed", "Missing constraint operand")],
  [{ ...JOB, Constraints: [CONSTRAINT, { ...CONSTRAINT, Operand: "~" }] }, one("Constraint 2 validation failed", 'Unknown constraint type "~"')],
  [{ ...JOB, Constraints: [{ ...CONSTRAINT, Operand: "regexp", RTarget: "(" }] }, one("Constraint 1 validation failed", "Regular expression failed to compile: Invalid regular expression: /(/: Unterminated group")],
  [{ ...JOB, Constraints: [{ ...CONSTRAINT, Operand: "version", RTarget: "new" }] }, one("Constraint 1 validation failed", "Version constraint is invalid: Malformed constraint: new")],
  [{ ...JOB, Constraints: [{ ...CONSTRAINT, RTarget: "" }] }, one("Constraint 1 validation failed", 'Operator "=" requires an RTarget')],
  [{ ...JOB, Constraints: [{ ...CONSTRAINT, LTarget: "" }] }, one("Constraint 1 validation failed", "No LTarget provided but is required by constraint")],
  [{ ...JOB, Constraints: [{ LTarget: "a", Operand: "set_contains" }] }, one("Constraint 1 validation failed", "Set contains constraint requires an RTarget")],
  [{ ...JOB, Constraints: [{ LTarget: "a", Operand: "distinct_property", RTarget: "0" }] }, one("Constraint 1 validation failed", "Distinct Property must have an allowed count of 1 or greater: 0 < 1")],
  [{ ...JOB, Affinities: [{ ...CONSTRAINT, Weight: 0 }] }, one("Affinity 1 validation failed", "Affinity weight cannot be zero")],
  [{ ...JOB, Affinities: [{ ...CONSTRAINT, Weight: 101 }] }, one("Affinity 1 validation failed", "Affinity weight must be within the range [-100,100]")],
  [{ ...JOB, Affinities: [{ ...CONSTRAINT, Operand: "distinct_hosts" }] }, one("Affinity 1 validation failed", 'Unknown affinity operator "distinct_hosts"')],
  [{ ...JOB, Type: "system", Affinities: [CONSTRAINT] }, "System jobs may not have an affinity block"],
  [{ ...JOB, Spreads: [{ Attribute: "a", SpreadTarget: [{ Value: "x", Percent: 60 }, { Value: "y", Percent: 50 }] }] }, one("Spread 1 validation failed", "Sum of spread target percentages must not be greater than 100%; got 110%")],
  [{ ...JOB, Spreads: [{}] }, one("Spread 1 validation failed", "Missing spread attribute")],
  [{ ...JOB, Periodic: { Spec: "@daily" } }, 'Periodic can only be used with "batch" or "sysbatch" scheduler'],
  [{ ...JOB, Type: "batch", Periodic: {} }, "Must specify a spec"],
  [{ ...JOB, Type: "batch", Periodic: { Spec: "* *" } }, 'Invalid cron spec "* *": missing field(s)'],
  [{ ...JOB, Type: "batch", Periodic: { Spec: "@daily", Specs: ["@daily"] } }, "Only one of cron or crons may be used"],
  [{ ...JOB, Type: "batch", Periodic: { Spec: "@daily", TimeZone: "Mars" } }, 'Invalid time zone "Mars": unknown time zone Mars'],
  [{ ...JOB, Type: "batch", Periodic: { Spec: "x", SpecType: "unix" } }, 'Unknown periodic specification type "unix"'],
  [{ ...JOB, ParameterizedJob: {} }, 'Parameterized job can only be used with "batch" or "sysbatch" scheduler'],
  [{ ...JOB, Type: "batch", ParameterizedJob: { Payload: "maybe" } }, 'Unknown payload requirement: "maybe"'],
  [{ ...JOB, Type: "batch", ParameterizedJob: { MetaRequired: ["a", "b"], MetaOptional: ["b"] } }, "Required and optional meta keys should be disjoint. Following keys exist in both: [b]"],
  [withTask({ DispatchPayload: { File: "x" } }, { Type: "batch", ParameterizedJob: { Payload: "forbidden" } }), one("Task group g task t", "dispatch_payload is set, but the job's parameterized block forbids a payload")],
  [{ ...JOB, Type: "system", TaskGroups: [{ ...GROUP, Count: 2 }] }, "Job task group g has count 2. Count cannot exceed 1 with system scheduler"],
];

const GROUP_FAULTS: readonly (readonly [Json, string, Json?])[] = [
  [{ Count: -1 }, "Task group count can't be negative"],
  [{ Tasks: [] }, "Missing tasks for task group"],
  [{ Tasks: [TASK, TASK] }, "Task 2 redefines 't' from task 1"],
  [{ Tasks: [{ ...TASK, Leader: true }, { ...TASK, Name: "u", Leader: true }] }, "Only one task may be marked as leader"],
  [{ Tasks: [{ ...TASK, Lifecycle: { Hook: "prestart" } }] }, "Task group g must have at least one main task"],
  [{ EphemeralDisk: { SizeMB: 9 }, Tasks: [{ ...TASK, LogConfig: { Disabled: true } }] }, "minimum DiskMB value is 10; got 9"],
  [{ Update: {} }, 'Job type "batch" does not allow update block', { Type: "batch" }],
  [{ Update: { Canary: 0, AutoPromote: true } }, "Auto Promote requires a Canary count greater than zero"],
  [{ Update: { MinHealthyTime: 400 * S } }, "Minimum healthy time must be less than healthy deadline: 6m40s > 5m0s"],
  [{ Update: { HealthyDeadline: 900 * S } }, "Healthy deadline must be less than progress deadline: 15m0s > 10m0s"],
  [{ Update: { MaxParallel: -1 } }, "Max parallel can not be less than zero: -1 < 0"],
  [{ ReschedulePolicy: { Attempts: 1, Interval: 60 * S, Unlimited: false } }, "System or sysbatch jobs should not have a reschedule policy", { Type: "system" }],
  [{ ReschedulePolicy: { Unlimited: true, Attempts: 2 } }, "Reschedule Policy with both attempts and unlimited is ambiguous"],
  [{ ReschedulePolicy: { DelayFunction: "random" } }, 'Invalid delay function "random", must be one of ["constant" "exponential" "fibonacci"]'],
  [{ ReschedulePolicy: { Delay: S } }, "Delay cannot be less than 5s (got 1s)"],
  [{ Migrate: {} }, 'Job type "batch" does not allow migrate block', { Type: "batch" }],
  [{ Migrate: { HealthCheck: "luck" } }, 'HealthCheck must be "checks" or "task_states" but found: "luck"'],
  [{ Networks: [{ DynamicPorts: [{ Label: "a" }, { Label: "a" }] }] }, one("Task group network validation failed", "Port label a already in use")],
  [{ Networks: [{ ReservedPorts: [{ Label: "a", Value: 80 }, { Label: "b", Value: 80 }] }] }, one("Task group network validation failed", "Static port 80 already reserved by a")],
  [{ Networks: [{ DynamicPorts: [{ Label: "a b" }] }] }, one("Task group network validation failed", 'Port label "a b" does not conform to naming requirements ^[a-zA-Z0-9_-]{1,128}$')],
  [{ Volumes: { v: { Type: "nfs", Source: "s" } } }, one("Task group volume validation for v failed", 'volume has unrecognized type "nfs"')],
  [{ Volumes: { v: { Type: "host" } } }, one("Task group volume validation for v failed", "volume has an empty source")],
  [{ Count: 5, Scaling: { Min: 1, Max: 3 } }, one("Scaling policy invalid", "task group count must not be greater than maximum count in scaling policy")],
  [{ Services: [service({ PortLabel: "http" })] }, 'port label "http" referenced by services web does not exist'],
  [{ Services: [service({ Name: "a_b" })] }, one('Task group service "a_b" validation failed', 'Service name must be valid per RFC 1123 and can contain only alphanumeric characters or dashes and must be no longer than 63 characters: "a_b"')],
  [{ Services: [service({ Provider: "dns" })] }, one('Task group service "web" validation failed', 'Service web provider "dns" is invalid; must be "consul" or "nomad"')],
  [{ Services: [service({ Checks: [{ ...CHECK, Interval: 5 }] })] }, one('Task group service "web" validation failed', "check c invalid: interval (5ns) cannot be lower than 1s")],
  [{ Services: [service({ Provider: "nomad", Checks: [{ ...CHECK, Type: "grpc" }] })] }, one('Task group service "web" validation failed', 'check c invalid: invalid check type ("grpc"), must be one of "http" or "tcp"')],
  [{ Services: [service({ Checks: [{ ...CHECK, Type: "http" }] })] }, one('Task group service "web" validation failed', "check c invalid: http type must have http path")],
  [{ Services: [service({ TaskName: "nobody" })] }, "Service g->web refers to undefined task nobody"],
  [{ RestartPolicy: { Mode: "always" } }, one("Restart policy validation failed", 'Unsupported restart mode: "always"')],
  [{ Disconnect: { LostAfter: -1 } }, "lost_after cannot be a negative duration"],
  [{ MaxRunDuration: S }, 'Job type "service" does not allow max_run_duration'],
];

const TASK_FAULTS: readonly (readonly [Json, string])[] = [
  [{ Driver: "" }, "Missing task driver"],
  [{ Name: "t", KillTimeout: -1 }, "KillTimeout must be a positive value"],
  [{ Resources: { CPU: 0 } }, "minimum CPU value is 1; got 0"],
  [{ Resources: { MemoryMB: 9 } }, "minimum MemoryMB value is 10; got 9"],
  [{ Resources: { MemoryMB: 100, MemoryMaxMB: 50 } }, "MemoryMaxMB value (50) should be larger than MemoryMB value (100)"],
  [{ Resources: { Cores: 1, CPU: 100 } }, "Task can only ask for 'cpu' or 'cores' resource, not both."],
  [{ LogConfig: { MaxFiles: 0 } }, "minimum number of files is 1; got 0"],
  [{ LogConfig: { MaxFiles: 30 } }, "log storage (300 MB) must be less than requested disk capacity (300 MB)"],
  [{ Constraints: [{ Operand: "distinct_hosts" }] }, "Constraint 1 has disallowed Operand at task level: distinct_hosts"],
  [{ Artifacts: [{}] }, one("Artifact 1 validation failed", "source must be specified")],
  [{ Artifacts: [{ GetterSource: "x", RelativeDest: "../../etc" }] }, one("Artifact 1 validation failed", "artifact destination path escapes alloc directory")],
  [{ Artifacts: [{ GetterSource: "x", GetterMode: "zip" }] }, one("Artifact 1 validation failed", 'invalid artifact mode "zip"; must be one of: any, file, dir')],
  [{ Artifacts: [{ GetterSource: "x", GetterOptions: { checksum: "crc32:00" } }] }, one("Artifact 1 validation failed", "unsupported checksum type: crc32")],
  [{ Artifacts: [{ GetterSource: "x", GetterOptions: { checksum: "md5:00" } }] }, one("Artifact 1 validation failed", "invalid md5 checksum: md5:00")],
  [{ Templates: [{ DestPath: "local/x" }] }, one("Template 1 validation failed", "Must specify a source path or have an embedded template")],
  [{ Templates: [{ EmbeddedTmpl: "x" }] }, one("Template 1 validation failed", "Must specify a destination for the template")],
  [{ Templates: [{ EmbeddedTmpl: "x", DestPath: "../../x" }] }, one("Template 1 validation failed", "template destination path escapes alloc directory")],
  [{ Templates: [{ EmbeddedTmpl: "x", DestPath: "x", ChangeMode: "reload" }] }, one("Template 1 validation failed", "Invalid change mode. Must be one of the following: noop, signal, script, restart")],
  [{ Templates: [{ EmbeddedTmpl: "x", DestPath: "x", ChangeMode: "script" }] }, one("Template 1 validation failed", "must specify change script configuration value when change mode is script")],
  [{ Templates: [{ EmbeddedTmpl: "x", DestPath: "x", Perms: "rw" }] }, one("Template 1 validation failed", 'Failed to parse "rw" as octal')],
  [{ Lifecycle: { Hook: "" } }, "no lifecycle hook provided"],
  [{ VolumeMounts: [{ Volume: "v", Destination: "/d" }] }, "Volume Mount (0) references undefined volume v"],
  [{ DispatchPayload: { File: "../../../x" } }, one("Dispatch Payload validation failed", "destination path escapes alloc directory")],
  [{ Actions: [{ Name: "a b", Command: "x" }] }, 'invalid action name "a b"; must match regex ^[a-zA-Z0-9-]{1,128}$'],
  [{ RestartPolicy: { Interval: S, Delay: 0 } }, one("Restart policy validation failed", "Interval can not be less than 5s (got 1s)")],
];

describe("validateJob", () => {
  it.each(ACCEPTED)("accepts %s", (_, job) => {
    expect(faultsOf(job)).toEqual({ errors: [], warnings: [] });
  });

  it.each(JOB_FAULTS)("says of %j: %s", (job, text) => {
    expect(faultsOf(job).errors).toContain(text);
  });

  it.each(GROUP_FAULTS.map(([group, text, job]) => [group, text, job] as const))("says of a group with %j: %s", (group, text, job: Json | undefined) => {
    expect(faultsOf(withGroup(group, job ?? {})).errors.join("\n")).toContain(`\t* ${text}`);
  });

  it.each(TASK_FAULTS)("says of a task with %j: %s", (task, text) => {
    expect(faultsOf(withTask(task)).errors.join("\n")).toContain(`\t* ${text}`);
  });

  it("says where a fault stands, and nothing else", () => {
    expect(faultsOf(withTask({ Driver: "" })).errors).toEqual([inTask("Missing task driver")]);
    expect(faultsOf(withGroup({ Count: -1 })).errors).toEqual([inGroup("Task group count can't be negative")]);
  });

  it.each(["a/b", "a\\b", "alloc"])("does not let a task be called %s", (name) => {
    expect(faultsOf(withTask({ Name: name })).errors).toHaveLength(1);
  });

  it("says the same of the same job, and throws at none", () => {
    fc.assert(
      fc.property(arbitraryStruct("Job"), (job) => {
        expect(faultsOf(job)).toEqual(faultsOf(job));
      }),
      { numRuns: 200 },
    );
  });

  it("counts the allocations of all groups", () => {
    const counted = (...counts: readonly number[]) => faultsOf({ ...JOB, TaskGroups: counts.map((Count, i) => ({ ...GROUP, Name: `g${i}`, Count })) }).errors;
    expect(counted(30_000, 20_000)).toEqual([]);
    expect(counted(30_000, 30_000)).toEqual(["total count was greater than configured job_max_count: 60000 > 50000"]);
  });

  it("warns of what is allowed and unwise", () => {
    const job = withGroup({ Count: 2, Update: { MaxParallel: 3 }, Networks: [{ MBits: 10 }], Tasks: [{ ...TASK, Resources: { IOPS: 1, Networks: [{}] }, Templates: [{ EmbeddedTmpl: "x", DestPath: "d", VaultGrace: 1 }] }] });
    const { warnings } = faultsOf(job);
    expect(warnings).toHaveLength(1);
    for (const word of ["max parallel count", "mbits", "IOPS", "task network resources", "VaultGrace"]) expect(warnings[0]).toContain(word);
    const canaries = [true, false].map((AutoPromote, index) => ({ ...GROUP, Name: `g${index}`, Update: { Canary: 1, AutoPromote } }));
    expect(faultsOf({ ...JOB, TaskGroups: canaries }).warnings).toEqual(["auto_promote must be true for all groups to enable automatic promotion"]);
  });
});

describe("several errors as one text", () => {
  it("have the form of Nomad's replies", () => {
    expect(multierror([])).toBe("");
    expect(multierror(["a"])).toBe("1 error occurred:\n\t* a\n\n");
    expect(multierror(["a", "b"])).toBe("2 errors occurred:\n\t* a\n\t* b\n\n");
    expect(formatWarnings([])).toBe("");
    expect(formatWarnings(["a", "b"])).toBe("2 warnings:\n\n* a\n* b");
  });
});
