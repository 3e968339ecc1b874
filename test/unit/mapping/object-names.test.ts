import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocationPodName, groupObjectName } from "../../../src/mapping/object-names.ts";
import { sha256 } from "./mapping-fixtures.ts";

const nameOf = (jobId: string, namespace = "team", group = jobId) => groupObjectName(sha256, { namespace, jobId, group });
const slug = (jobId: string) => nameOf(jobId).slice("nb-".length, -"-12345678".length);

describe("groupObjectName", () => {
  it.each([
    ["web", "web"], ["Web_API", "web-api"], ["etl/daily/2026", "etl-daily-2026"], ["--a--", "a"], ["grüße", "gr-e"],
    ["a".repeat(128), "a".repeat(30)], [`${"a".repeat(29)}/b`, "a".repeat(29)], ["1", "1"],
  ])("shows job %j as %s", (jobId, readable) => expect(slug(jobId)).toBe(readable));

  it.each(["日本", "///", "-", ""])("leaves the readable part out when nothing of %j is left", (jobId) => expect(nameOf(jobId)).toMatch(/^nb-[0-9a-f]{8}$/));

  it("is legal for Kubernetes with any index and serial, and the same every time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 140 }), fc.nat(999), fc.nat(999_999), (jobId, index, serial) => {
        const name = allocationPodName(nameOf(jobId), index, serial);
        expect(name).toMatch(/^nb-[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name).toBe(allocationPodName(nameOf(jobId), index, serial));
      }),
    );
  });

  it("tells two identities apart, however they are cut into parts", () => {
    const part = fc.constantFrom("a", "b", "a-b", "a,b", '"', "A", "");
    const identity = fc.record({ namespace: part, jobId: part, group: part });
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        expect(groupObjectName(sha256, a) === groupObjectName(sha256, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 500 },
    );
  });
});
