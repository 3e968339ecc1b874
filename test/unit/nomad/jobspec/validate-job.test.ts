/** @module What is valid and what is not, beside validation-answers.test.ts, which has what a Nomad agent says. */
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
const S = 1_000_000_000;

const CONSTRAINT = { LTarget: "${attr.cpu.arch}", RTarget: "amd64", Operand: "=" };
const CHECK = { Name: "c", Type: "tcp", Interval: 10 * S, Timeout: S };
const service = (fields: Json): Json => ({ Name: "web", PortLabel: "8080", ...fields });

const ACCEPTED: readonly (readonly [string, Json])[] = [
  ["the least job", JOB],
  ["an ID of 200 letters, slashes and unicode", { ...JOB, ID: `${"ü/".repeat(100)}x` }],
  ["a batch job with a cron word", { ...JOB, Type: "batch", Periodic: { Specs: ["@daily"], TimeZone: "Europe/Berlin" } }],
  ["a dispatched child", withTask({ DispatchPayload: { File: "in.json" } }, { Type: "batch", Dispatched: true })],
  ["a sysbatch job", { ...JOB, Type: "sysbatch" }],
  ["cores without cpu", withTask({ Resources: { Cores: 2 } })],
  ["a constraint on distinct hosts", { ...JOB, Constraints: [{ Operand: "distinct_hosts" }] }],
  ["a version constraint", { ...JOB, Constraints: [{ ...CONSTRAINT, Operand: "version", RTarget: ">= 1.2, < 2.0.0-beta1" }] }],
  ["an artifact in the shared directory", withTask({ Artifacts: [{ GetterSource: "http://x/y", RelativeDest: "../alloc/data" }] })],
  ["a service with a check", withGroup({ Services: [service({ Checks: [CHECK] })] })],
  ["unlimited memory", withTask({ Resources: { MemoryMaxMB: -1 } })],
];

describe("validateJob", () => {
  it.each(ACCEPTED)("accepts %s", (_, job) => {
    expect(faultsOf(job)).toEqual({ errors: [], warnings: [] });
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
