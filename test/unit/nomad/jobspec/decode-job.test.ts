/** @module Jobs out of JSON that nobody vouches for: bounded, and never thrown at. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJob, decodeJobBody, decodeStruct, parseJobJson } from "../../../../src/nomad/jobspec/decode-job.ts";

describe("decodeJob", () => {
  it("never throws, whatever it is given", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => ["boolean"].includes(typeof decodeJob(json).ok)));
    const keys = fc.constantFrom("ID", "TaskGroups", "Tasks", "Config", "Count", "Meta", "Update", "__proto__", "constructor");
    const { job } = fc.letrec<{ job: unknown }>((tie) => ({
      job: fc.oneof({ maxDepth: 6 }, fc.constantFrom(null, 1, "x", true, 1e300, -0), fc.array(tie("job"), { maxLength: 3 }), fc.dictionary(keys, tie("job"), { maxKeys: 4 })),
    }));
    fc.assert(fc.property(job, (json) => typeof decodeJobBody(json).ok === "boolean"), { numRuns: 2000 });
  });

  it("leaves every prototype as it is", () => {
    const text = '{"Job":{"__proto__":{"polluted":1},"Meta":{"__proto__":"x"},"TaskGroups":[{"Tasks":[{"Config":{"__proto__":{"polluted":1}}}]}]}}';
    const decoded = parseJobJson(text);
    expect(decoded.ok).toBe(true);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    if (!decoded.ok) throw new Error(decoded.error);
    expect(Object.getPrototypeOf(decoded.value?.TaskGroups?.[0]?.Tasks?.[0]?.Config)).toBe(Object.prototype);
  });

  it("keeps the largest integers such that Go can read them again", () => {
    const decoded = parseJobJson('{"Priority": 9223372036854775807, "Version": 18446744073709551615}');
    if (!decoded.ok) throw new Error(decoded.error);
    expect(BigInt(decoded.value?.Priority ?? 0)).toBeLessThan(2n ** 63n);
    expect(BigInt(decoded.value?.Version ?? 0)).toBeLessThan(2n ** 64n);
  });

  it.each([
    [{ TaskGroups: [null] }, "json: TaskGroups[0] is null, and must be an object of type api.TaskGroup"],
    [[], "json: cannot unmarshal array into Go value of type api.Job"],
    ["x", "json: cannot unmarshal string into Go value of type api.Job"],
  ])("refuses %j", (json, error) => {
    expect(decodeJob(json)).toEqual({ ok: false, error });
  });

  it("takes a job by itself and in a request, and says when the request has none", () => {
    expect(parseJobJson('{"ID":"a"}')).toEqual({ ok: true, value: { ID: "a" } });
    expect(parseJobJson('{"job":{"ID":"a"}}')).toEqual({ ok: true, value: { ID: "a" } });
    expect(parseJobJson('{"Job":null}')).toEqual({ ok: true, value: undefined });
  });

  it("reads one struct where that is what a request has", () => {
    expect(decodeStruct("Constraint", { ltarget: "a", x: 1 })).toEqual({ ok: true, value: { LTarget: "a" } });
    expect(decodeStruct("ScalingPolicy", { Min: "1" })).toEqual({
      ok: false,
      error: "json: cannot unmarshal string into Go struct field ScalingPolicy.Min of type int64",
    });
  });
});

describe("parseJobJson", () => {
  const nested = (depth: number) => `{"TaskGroups":[{"Tasks":[{"Config":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}]}]}`;

  it("refuses what is nested a thousand levels deep", () => {
    expect(parseJobJson(nested(1000))).toEqual({ ok: false, error: "the job is nested deeper than 128 levels" });
    expect(parseJobJson(`{"ID":"${"[".repeat(1000)}\\"${"[".repeat(1000)}"}`).ok).toBe(true);
    expect(parseJobJson(nested(100)).ok).toBe(true);
    expect(decodeJob(JSON.parse(nested(5000)))).toEqual({ ok: false, error: "the job is nested deeper than 128 levels" });
  });

  it("refuses 50 MB without reading them", () => {
    expect(parseJobJson(`{"ID":"${"x".repeat(50_000_000)}"}`)).toEqual({ ok: false, error: "the job has 50000009 characters, and at most 8388608 are read" });
  });

  it("says what is wrong with text that is no JSON", () => {
    expect(parseJobJson("{").ok).toBe(false);
    expect(parseJobJson('{"a":"\\').ok).toBe(false);
  });
});
