/** @module Expressions of HCL, and what HashiCorp's own library makes of them, as answers.json has them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `unknownName`: the library refuses a name that nobody defined, which we keep as it is. */
export type RecordedAnswer = { readonly text: string; readonly value?: unknown; readonly refused?: boolean; readonly unknownName?: boolean };

export function recordedAnswers(): readonly RecordedAnswer[] {
  const pairs = JSON.parse(readFileSync(join(import.meta.dirname, "answers.json"), "utf8")) as readonly (readonly [string, Omit<RecordedAnswer, "text">])[];
  return pairs.map(([text, answer]) => ({ text, ...answer }));
}
