/** @module The job's schema, decoding and canonicalising beside Nomad's own Go api module. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientCanonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJobBody } from "../../../../src/nomad/jobspec/decode-job.ts";
import { encodeJob } from "../../../../src/nomad/jobspec/encode-job.ts";
import { STRUCT_NAMES, structOf } from "../../../../src/nomad/jobspec/schema/schema.ts";
import { JOB_ROWS } from "../../../../src/nomad/jobspec/schema/job-rows.ts";
import { SERVICE_ROWS } from "../../../../src/nomad/jobspec/schema/service-rows.ts";
import { TASK_ROWS } from "../../../../src/nomad/jobspec/schema/task-rows.ts";
import { arbitraryStruct } from "./arbitrary-job.ts";
import { askGo, type Question } from "./job-oracle.ts";

/** Go compiles its module the first time. */
const TIMEOUT_MS = 300_000;

/** Null in a map or a list of scalars is Go's zero value, which the decoder of ours has made of it already. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const MISMATCHES = [
  { TaskGroups: [{ Count: "x" }] },
  { TaskGroups: [{ Tasks: [{ Affinities: [{ Weight: 300 }] }] }] },
  { Datacenters: [5] },
  { Datacenters: "dc1" },
  { Update: 1 },
  { Update: [] },
  { Meta: { a: 5 } },
  { Meta: { a: { b: 1 } } },
  { Constraints: [5] },
  { Constraints: {} },
  { Payload: "a!b" },
  { Payload: "YQ" },
  { Payload: "YWJjZGU" },
  { Payload: 7 },
  { Payload: [1, 300] },
  { priority: 1.5 },
  { Priority: true },
  { AllAtOnce: "true" },
  { TaskGroups: [{ Volumes: { v: { ReadOnly: 1 } } }] },
  { TaskGroups: [{ Tasks: [{ KillTimeout: "30s" }] }] },
  { TaskGroups: [{ Services: [{ Checks: [{ Interval: "10s" }] }] }] },
  { TaskGroups: [{ Services: [{ Checks: [{ Header: { a: "b" } }] }] }] },
  { TaskGroups: [{ Tasks: [{ CSIPluginConfig: { Type: 1 } }] }] },
  { Version: -1 },
  { TaskGroups: [{ Tasks: [{ Config: [] }] }] },
];

const ACCEPTED = [
  {},
  { id: "lower", NAME: "upper", dATACENTERS: ["a", null] },
  { ID: null, TaskGroups: null, Unknown: { deep: [1] }, Dispatched: null },
  { Payload: "YWJj\r\nZA==", Meta: { a: null } },
  { Payload: [104, 105] },
  { "\u212aind": 1, "Con\u017ftraints": [{ LTarget: "a" }] },
  { TaskGroups: [{ Tasks: [{ Name: "t", Config: { a: [1, { b: null }], __proto__x: 1 } }] }] },
];

describe("the job's schema", () => {
  it(
    "has each field of the Go api module's job and no other",
    async () => {
      const [answer] = await askGo([{ Op: "schema" }]);
      const rows: Readonly<Record<string, readonly (readonly string[])[]>> = { ...JOB_ROWS, ...TASK_ROWS, ...SERVICE_ROWS };
      expect(rows).toEqual(answer?.Schema);
      expect(STRUCT_NAMES.map((name) => structOf(name).fields.length)).toEqual(STRUCT_NAMES.map((name) => rows[name]?.length));
    },
    TIMEOUT_MS,
  );
});

describe("decoding a job", () => {
  it(
    "refuses what Go refuses, in Go's words",
    async () => {
      const answers = await askGo(MISMATCHES.map((job) => ({ Op: "decode", JSON: JSON.stringify({ Job: job }) })));
      const ours = MISMATCHES.map((job) => decodeJobBody({ Job: job }));
      expect(ours.map((result) => (result.ok ? "accepted" : result.error))).toEqual(answers.map(({ Error }) => Error));
    },
    TIMEOUT_MS,
  );

  it(
    "reads what Go reads",
    async () => {
      const answers = await askGo(ACCEPTED.map((job) => ({ Op: "decode", JSON: JSON.stringify({ Job: job }) })));
      const ours = ACCEPTED.map((job) => decodeJobBody({ Job: job })).map((result) => (result.ok ? encodeJob(result.value ?? {}) : result.error));
      expect(ours.map(asJson)).toEqual(answers.map(({ Result }) => Result));
    },
    TIMEOUT_MS,
  );
});

describe("canonicalising as Nomad's clients do", () => {
  it(
    "makes of any job what the Go api module makes of it",
    async () => {
      const jobs = fc.sample(arbitraryStruct("Job"), { numRuns: 300, seed: 7 });
      const questions: readonly Question[] = jobs.map((job) => ({ Op: "canonicalise", JSON: JSON.stringify({ Job: job }) }));
      const answers = await askGo(questions);
      for (const [index, job] of jobs.entries()) {
        const decoded = decodeJobBody({ Job: job });
        if (!decoded.ok) throw new Error(decoded.error);
        expect(asJson(encodeJob(clientCanonicalise(decoded.value ?? {}))), JSON.stringify(job)).toEqual(answers[index]?.Result ?? answers[index]?.Error);
      }
    },
    TIMEOUT_MS,
  );
});
