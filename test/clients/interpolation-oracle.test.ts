/** @module The launcher's interpolation beside HashiCorp's HCL: runs the Go tests of test/interpolation-oracle/ and counts each text as a test. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runGoTests } from "./go-test.ts";

const environment = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
const results = await runGoTests(join(import.meta.dirname, "..", "interpolation-oracle"), environment);

describe("a text of a driver's config, and HCL's own answer", () => {
  for (const { name, outcome, output } of results) {
    it(name, ({ skip }) => {
      if (outcome === "skip") skip(output);
      expect(outcome, output).toBe("pass");
    });
  }
});
