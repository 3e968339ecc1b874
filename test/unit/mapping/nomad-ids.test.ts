import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { writeJobRequests } from "../../../src/contract/job-requests.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import { deploymentId, deploymentIdsOf, evaluationId, type EvaluationCause, evaluationIdsOf } from "../../../src/mapping/nomad-ids.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const version = fc.nat({ max: 1000 });
const cause: fc.Arbitrary<EvaluationCause> = fc.oneof(
  fc.record({ kind: fc.constantFrom("version" as const, "blocked" as const), version }),
  fc.record({ kind: fc.constant("stop" as const), allocId: fc.uuid(), at: fc.nat() }),
  fc.record({ kind: fc.constantFrom("reschedule" as const, "asked" as const), at: fc.nat() }),
  fc.record({ kind: fc.constantFrom("failure" as const, "retry" as const), allocId: fc.uuid() }),
  fc.record({ kind: fc.constant("deployment" as const), version, verb: fc.constantFrom("promote" as const, "fail" as const, "pause" as const, "resume" as const, "health" as const) }),
);

const job = (generation: number, requests: object = {}) =>
  jobRecord({
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "NomadJob",
    metadata: { name: "web", namespace: "default", uid: "uid-1", generation, annotations: { [ANNOTATION.requests]: writeJobRequests(requests) } },
    spec: { id: "web", job: {} },
  });

describe("an evaluation's ID", () => {
  it("is a UUID of version 8, the same for the same cause and another for any other", () => {
    fc.assert(
      fc.property(cause, cause, fc.uuid(), (a, b, uid) => {
        const id = evaluationId(sha256, uid, a);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(evaluationId(sha256, uid, { ...a })).toBe(id);
        expect(evaluationId(sha256, `${uid}x`, a)).not.toBe(id);
        // Some of the two have a prototype and some have none, which makes no other cause of them.
        if (!isDeepStrictEqual({ ...a }, { ...b })) expect(evaluationId(sha256, uid, b)).not.toBe(id);
      }),
    );
  });
});

describe("the IDs that lead to a job", () => {
  it("are those of its newest versions, and of what was asked of it", () => {
    const ids = evaluationIdsOf(sha256, job(10, { stop: { a: { at: 5 } }, reschedule: 7 }));
    const has = (each: EvaluationCause) => ids.includes(evaluationId(sha256, "uid-1", each));
    expect([9, 3, 2, 10].map((number) => has({ kind: "version", version: number }))).toEqual([true, true, false, false]);
    expect([has({ kind: "stop", allocId: "a", at: 5 }), has({ kind: "stop", allocId: "a", at: 6 }), has({ kind: "reschedule", at: 7 })]).toEqual([true, false, true]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are of versions from 0", () => {
    expect(deploymentIdsOf(sha256, job(2))).toEqual([deploymentId(sha256, "uid-1", 1), deploymentId(sha256, "uid-1", 0)]);
  });
});
