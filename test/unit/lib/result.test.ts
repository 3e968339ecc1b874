import { describe, expect, expectTypeOf, it } from "vitest";
import { assertNever, err, messageOf, ok, type Result } from "../../../src/lib/result.ts";

describe("Result", () => {
  it("is told apart by ok alone", () => {
    const half = (n: number): Result<number, string> => (n % 2 === 0 ? ok(n / 2) : err(`${n} is odd`));
    expect([half(4), half(3)]).toEqual([{ ok: true, value: 2 }, { ok: false, error: "3 is odd" }]);
    const result = half(4);
    if (result.ok) expectTypeOf(result).toExtend<{ value: number }>();
    else expectTypeOf(result).toExtend<{ error: string }>();
  });
});

describe("assertNever", () => {
  it("throws with the place and the value that should not have been", () => {
    expect(() => assertNever({ kind: "new" } as never, "stepSession")).toThrow(new Error('stepSession: unexpected {"kind":"new"}'));
  });
});

describe("messageOf", () => {
  it.each([[new TypeError("no"), "no"], ["text", "text"], [undefined, "undefined"], [{ toString: (): string => "own" }, "own"]])("of %s is %s", (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
