/** @module Every operator and function of HCL beside the recorded answers of HashiCorp's own library; test/clients asks the library itself. */
import { describe, expect, it } from "vitest";
import { evaluateHcl } from "../../../../src/nomad/hcl/evaluate.ts";
import { recordedAnswers } from "../../../hcl-oracle/recorded.ts";

describe("an expression, and what HashiCorp's library once said of it", () => {
  it.each(recordedAnswers().filter(({ unknownName }) => unknownName !== true))("$text", ({ text, value, refused }) => {
    const result = evaluateHcl({ name: "x.hcl", text: `x = ${text}\n` });
    expect(result.ok ? { value: result.value.attributes.get("x")?.value } : { refused: true }).toEqual(refused === true ? { refused } : { value });
  });
});
