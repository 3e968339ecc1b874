import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import { type JobRequests, readJobRequests, withStop, withTrigger, writeJobRequests } from "../../../src/contract/job-requests.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import { evaluationIdsOf } from "../../../src/mapping/nomad-ids.ts";
import { sha256 } from "../../../src/access/sha256.ts";

const WHOLE: JobRequests = {
  evaluations: [{ at: 1, trigger: "job-register", version: 0, index: 7 }, { at: 2, trigger: "job-scaling", version: 1, index: 8 }],
  stop: { a: { at: 1 }, b: { at: 2, noShutdownDelay: true, reschedule: true, index: 9 } },
  deployment: { id: "d", promote: ["*"], paused: false, failed: true, healthy: ["x"], unhealthy: [] },
  reschedule: 3,
  stable: { version: 4, stable: false },
  tags: { golden: { version: 5, description: "five", taggedTime: 6 } },
  triggers: { "1": "job-scaling" },
};

describe("what is asked of a job", () => {
  it("is read as it was written", () => {
    expect(readJobRequests(writeJobRequests(WHOLE))).toEqual(WHOLE);
    expect(readJobRequests(undefined)).toEqual({});
  });

  it.each<readonly [string, unknown, JobRequests]>([
    ["a stop that is null", { stop: { a: null, b: { at: 2 } } }, { stop: { b: { at: 2 } } }],
    ["a stop without a time", { stop: { a: { at: "now" } } }, {}],
    ["a time that is no date", { stop: { a: { at: 1e300 } }, reschedule: 9e15 }, {}],
    ["stops that are a list", { stop: [1, null] }, {}],
    ["a tag that is null", { tags: { a: null } }, {}],
    ["a tag of a version that is no number", { tags: { a: { version: {}, description: "", taggedTime: 0 } } }, {}],
    ["triggers that are no texts", { triggers: { "0": null, "1": {}, "2": "x" } }, { triggers: { "2": "x" } }],
    ["a deployment that is null", { deployment: null, reschedule: 1 }, { reschedule: 1 }],
    ["a deployment whose lists are none", { deployment: { id: "d", promote: 7, healthy: [null, "x"], failed: "yes" } }, { deployment: { id: "d", healthy: ["x"] } }],
    ["a word on stability without a version", { stable: { stable: true } }, {}],
    ["null", null, {}],
    ["a text", "stop", {}],
  ])("asks for nothing where it is %s", (_what, written, read) => {
    expect(readJobRequests(JSON.stringify(written))).toEqual(read);
  });

  it("keeps no more stops than the bridge itself writes", () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_none, i) => [`a${i}`, { at: i }]));
    expect(Object.keys(readJobRequests(JSON.stringify({ stop: many })).stop ?? {})).toHaveLength(200);
  });

  it("can be gone on from, and indexed by, whatever somebody has written there", () => {
    const anyone = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ stop: fc.jsonValue(), deployment: fc.jsonValue(), reschedule: fc.jsonValue(), stable: fc.jsonValue(), tags: fc.jsonValue(), triggers: fc.jsonValue() }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(anyone, (text) => {
        const metadata = { name: "w", namespace: "default", uid: "u", generation: 2, annotations: { [ANNOTATION.requests]: text } };
        const ids = evaluationIdsOf(sha256, jobRecord({ kind: "ExecTask", metadata } as unknown as ExecTask));
        const read = readJobRequests(text);
        const after = readJobRequests(writeJobRequests(withTrigger(withStop(read, "mine", { at: 9 }), 1, "x")));
        expect(ids.length).toBeGreaterThan(0);
        expect(after.stop?.["mine"]).toEqual({ at: 9 });
        expect(after.tags).toEqual(read.tags);
      }),
    );
  });
});
