import { describe, expect, it } from "vitest";
import { uuidError, uuidPrefixError } from "../../../src/nomad/uuid.ts";

describe("what is said of an ID that is none", () => {
  it.each([
    ["", undefined], ["0-0", undefined], ["----", undefined], ["AbCd", undefined], ["1".repeat(36), undefined],
    ["z", "Input (without hyphens) must be even length"],
    ["000", "Input (without hyphens) must be even length"],
    ["0z", "Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
    ["\u00e9", "Invalid UUID: encoding/hex: invalid byte: U+00C3 '\u00c3'"],
    ["\u0001a", "Invalid UUID: encoding/hex: invalid byte: U+0001"],
    ["0-0-0-0-0-0", 'UUID should have maximum of 4 "-"; got 5'],
    ["1".repeat(37), "Invalid UUID length. UUID have 36 characters; got 37"],
  ])("the prefix %j", (prefix, error) => expect(uuidPrefixError(prefix)).toBe(error));

  it("is that a whole one is not whole, before all else", () => {
    expect(uuidError("zz")).toBe("UUID must be 36 characters");
    expect(uuidError("z".repeat(36))).toBe("Invalid UUID: encoding/hex: invalid byte: U+007A 'z'");
    expect(uuidError("11111111-1111-1111-1111-111111111111")).toBeUndefined();
  });
});
