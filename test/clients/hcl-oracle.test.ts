/** @module Our HCL evaluator beside HashiCorp's: the same expressions to both. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateHcl } from "../../src/nomad/hcl/evaluate.ts";
import { expression } from "../hcl-oracle/generated.ts";
import { type Answer, type Oracle, startOracle } from "../hcl-oracle/oracle.ts";
import { recordedAnswers } from "../hcl-oracle/recorded.ts";

const RECORDED = recordedAnswers();

function ours(text: string): Answer {
  const result = evaluateHcl({ name: "x.hcl", text: `x = ${text}\n` });
  if (!result.ok) return { ok: false, error: result.error.map(({ message }) => message).join("; ") };
  return { ok: true, value: result.value.attributes.get("x")?.value };
}

function asRecorded(answer: Answer): object {
  // The record knows no negative zero.
  if (answer.ok) return { value: JSON.parse(JSON.stringify(answer.value)) as unknown };
  return isAboutNames(answer) ? { unknownName: true } : { refused: true };
}

/** A name that nobody defined is a mistake to the library, and stays as it is to us. */
const isAboutNames = ({ error = "" }: Answer): boolean => error.includes("Unknown variable");

/**
 * What we leave out on purpose: panics, the type that a branch would have had which fails, the sign of a zero, and types of nulls and of what is in an empty list.
 */
function isKnown({ text, theirs }: Difference): boolean {
  const panicked = theirs.error?.includes("panic in function implementation") === true;
  return panicked || text.includes(" ? ") || text.includes("convert(null") || /(?<![\d.])-0(?![\d.])/.test(JSON.stringify(theirs.value ?? "")) || /\[\*\]|\.\*/.test(text);
}

type Difference = { readonly text: string; readonly theirs: Answer; readonly ours: Answer };

let oracle: Oracle;

beforeAll(async () => {
  oracle = await startOracle();
}, 300_000);

afterAll(() => oracle.close());

describe("an expression, and HashiCorp's own answer", () => {
  it("are as they were recorded", async () => {
    const answers = await oracle.ask(RECORDED.map(({ text }) => text));
    const now = answers.map((answer, index) => ({ text: RECORDED[index]?.text ?? "", ...asRecorded(answer) }));
    expect(now).toEqual(RECORDED);
  });

  it("are the same for generated ones", async () => {
    const texts = fc.sample(expression, { numRuns: 6000, seed: 7 });
    const answers = await oracle.ask(texts);
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(texts.length / 4);
    const different = texts.flatMap((text, index) => differenceOf(text, answers[index]));
    const known = different.filter(isKnown);
    expect(different.filter((each) => !known.includes(each))).toEqual([]);
    expect(known.length).toBeLessThan(texts.length / 50);
  });
});

function differenceOf(text: string, theirs: Answer | undefined): readonly Difference[] {
  if (theirs === undefined) throw new Error(`no answer for ${text}`);
  const own = ours(text);
  const isSame = own.ok === theirs.ok && (!own.ok || isEqual(own.value, theirs.value));
  return isSame || isAboutNames(theirs) ? [] : [{ text, theirs, ours: own }];
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
