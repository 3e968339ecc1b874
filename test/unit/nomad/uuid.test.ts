import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalUuidPrefix, uuidPrefixError, uuidError } from "../../../src/nomad/uuid.ts";

describe("an ID that Nomad's index is asked for", () => {
  it.each([
    ["22222222-2222-2222-2222-222222222222", undefined],
    ["ABCDEF22-2222-2222-2222-222222222222", undefined],
    ["222222222222222222222222222222222222", undefined],
    ["", "index error: UUID must be 36 characters"],
    ["short", "index error: UUID must be 36 characters"],
    ["22222222-2222-2222-2222-2222222222222", "index error: UUID must be 36 characters"],
    ["zzzzzzzz-2222-2222-2222-222222222222", "index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
    ["22222222-2222-2222-2222-22222222222G", "index error: Invalid UUID: encoding/hex: invalid byte: U+0047 'G'"],
    ["2222222222222222222222222222222222é", "index error: Invalid UUID: encoding/hex: invalid byte: U+00C3 'Ã'"],
    ["2222222222222222222222222222222222\u0001\u0002", "index error: Invalid UUID: encoding/hex: invalid byte: U+0001"],
    ["22-22-22-22-22-22-22-22-22-22-22-22a", 'index error: UUID should have maximum of 4 "-"; got 11'],
    ["2222222-2222222222222222222222222222", "index error: Input (without hyphens) must be even length"],
  ])("%j: %s", (id, problem) => {
    expect(uuidError(id)).toBe(problem);
  });
});

describe("the beginning of an ID", () => {
  it.each([
    ["", undefined],
    ["ab", undefined],
    ["a-b-", undefined],
    ["----", undefined],
    ["22222222-2222-2222-2222-2222222222", undefined],
    ["abc", "index error: Input (without hyphens) must be even length"],
    ["zz", "index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
    ["a-b-c-d-e-f", 'index error: UUID should have maximum of 4 "-"; got 5'],
    ["22222222-2222-2222-2222-22222222222é", "index error: Invalid UUID length. UUID have 36 characters; got 37"],
  ])("%j: %s", (prefix, problem) => {
    expect(uuidPrefixError(prefix)).toBe(problem);
  });

  it("is the same wherever its hyphens are, and in capitals", () => {
    expect(["a74db5bbe1", "A74D-B5BB-E1", "a74db5bb-e1"].map(canonicalUuidPrefix)).toEqual(Array(3).fill("a74db5bb-e1"));
    expect(canonicalUuidPrefix("a74db5bb-")).toBe("a74db5bb");
    fc.assert(fc.property(fc.uuid(), fc.nat({ max: 32 }), (id, length) => id.startsWith(canonicalUuidPrefix(id.replaceAll("-", "").slice(0, length)))));
  });
});
