import { describe, expect, it } from "vitest";
import { uuidError, uuidPrefixError } from "../../../src/nomad/uuid.ts";

const ID = "11111111-1111-1111-1111-1111111111aF";

describe("what may begin an ID", () => {
  it.each([
    ["", undefined],
    ["ab", undefined],
    ["a-b-", undefined],
    ["AB", undefined],
    [ID, undefined],
    ["a", "index error: Input (without hyphens) must be even length"],
    ["éa", "index error: Input (without hyphens) must be even length"],
    ["zz", "index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
    ["1g", "index error: Invalid UUID: encoding/hex: invalid byte: U+0067 'g'"],
    ["a\n", "index error: Invalid UUID: encoding/hex: invalid byte: U+000A"],
    ["ab-cd-ef-12-34-56", 'index error: UUID should have maximum of 4 "-"; got 5'],
    [`${ID}a1`, "index error: Invalid UUID length. UUID have 36 characters; got 38"],
  ])("%j: %s", (text, error) => expect(uuidPrefixError(text)).toBe(error));
});

describe("what may be a whole ID", () => {
  it.each([
    [ID, undefined],
    ["111111111-111-1111-1111-111111111111", undefined],
    ["ab", "index error: UUID must be 36 characters"],
    ["", "index error: UUID must be 36 characters"],
    ["11111111-1111-1111-1111-1111111111zz", "index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
  ])("%j: %s", (text, error) => expect(uuidError(text)).toBe(error));
});
