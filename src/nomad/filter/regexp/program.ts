/**
 * @module Regular expressions of users on texts of users, in time that is linear in the text: all states at once, as RE2 does it, and never
 * JavaScript's own engine, which can take for ever. Used by evaluate.ts and by a job's constraints. It answers whether a text fits, and refuses a
 * pattern in Go's words; where each group is, and which of several matches comes first, is asked of hcl/regex/ alone, whose every thread keeps a record of it.
 */
import { err, ok, type Result } from "../../../lib/result.ts";
import { isWord } from "./classes.ts";
import { type Assertion, parseRegexp, type RegexpNode } from "./syntax.ts";

/** Counts down. Shared by everything that one filter does; below 0 it has done too much. */
export type Budget = { left: number };

type Instruction =
  | { readonly kind: "one"; readonly test: (codePoint: number) => boolean }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { kind: "split"; first: number; second: number }
  | { readonly kind: "match" };

export type Regexp = {
  /** Whether it fits anywhere in the text. Stops, with false, when the budget is gone. */
  readonly matches: (text: string, budget: Budget) => boolean;
};

const MAX_PATTERN = 1024;
/** More than RE2 would take for most patterns of that length, and what bounds the cost of each character of the text. */
const MAX_INSTRUCTIONS = 4000;

/** The error is Go's wording where Go has one. */
export function compileRegexp(pattern: string): Result<Regexp, string> {
  if (pattern.length > MAX_PATTERN) return err(`the regular expression has ${pattern.length} characters, and ${MAX_PATTERN} are the most`);
  const parsed = parseRegexp(pattern);
  if (!parsed.ok) return parsed;
  const program: Instruction[] = [];
  if (!emit(program, parsed.value)) return err(`error parsing regexp: expression too large: more than ${MAX_INSTRUCTIONS} steps`);
  program.push({ kind: "match" });
  return ok({ matches: (text, budget) => search(program, text, budget) });
}

/** False when the program has become too large. Falling off the end of what is emitted is success. */
function emit(program: Instruction[], node: RegexpNode): boolean {
  if (program.length > MAX_INSTRUCTIONS) return false;
  switch (node.kind) {
    case "one":
    case "assert":
      program.push(node);
      return true;
    case "sequence":
      return node.nodes.every((part) => emit(program, part));
    case "choice":
      return emitChoice(program, node.nodes);
    case "repeat":
      return emitRepeat(program, node);
  }
}

function emitChoice(program: Instruction[], nodes: readonly RegexpNode[]): boolean {
  const [first, ...rest] = nodes;
  if (first === undefined) return true;
  if (rest.length === 0) return emit(program, first);
  const ends: { second: number; first: number }[] = [];
  for (const [position, part] of nodes.entries()) {
    const split = { kind: "split" as const, first: program.length + 1, second: program.length + 1 };
    program.push(split);
    if (!emit(program, part)) return false;
    if (position === nodes.length - 1) break;
    const end = { kind: "split" as const, first: 0, second: 0 };
    ends.push(end);
    program.push(end);
    split.second = program.length;
  }
  for (const end of ends) end.first = end.second = program.length;
  return true;
}

function emitRepeat(program: Instruction[], { node, min, max }: Extract<RegexpNode, { kind: "repeat" }>): boolean {
  for (let count = 0; count < min; count += 1) if (!emit(program, node)) return false;
  if (max === Infinity) return emitLoop(program, node);
  const skips: { second: number }[] = [];
  for (let count = min; count < max; count += 1) {
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    program.push(split);
    skips.push(split);
    if (!emit(program, node)) return false;
  }
  for (const skip of skips) skip.second = program.length;
  return true;
}

function emitLoop(program: Instruction[], node: RegexpNode): boolean {
  const start = program.length;
  const split = { kind: "split" as const, first: start + 1, second: 0 };
  program.push(split);
  if (!emit(program, node)) return false;
  program.push({ kind: "split", first: start, second: start });
  split.second = program.length;
  return true;
}

function search(program: readonly Instruction[], text: string, budget: Budget): boolean {
  budget.left -= text.length;
  if (budget.left < 0) return false;
  const codePoints = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  let live: number[] = [];
  for (let at = 0; at <= codePoints.length; at += 1) {
    // A match may begin anywhere.
    const states = closure(program, [...live, 0], { codePoints, at, budget });
    if (states.has(program.length - 1)) return budget.left >= 0;
    if (budget.left < 0) return false;
    const next = codePoints[at];
    if (next === undefined) return false;
    live = [];
    for (const state of states) {
      const instruction = program[state];
      if (instruction?.kind === "one" && instruction.test(next)) live.push(state + 1);
    }
  }
  return false;
}

type Place = { readonly codePoints: readonly number[]; readonly at: number; readonly budget: Budget };

/** Every state that can be reached without taking a character. */
function closure(program: readonly Instruction[], from: readonly number[], place: Place): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let state = open.pop(); state !== undefined && place.budget.left >= 0; state = open.pop()) {
    if (reached.has(state)) continue;
    reached.add(state);
    place.budget.left -= 1;
    const instruction = program[state];
    if (instruction?.kind === "split") open.push(instruction.second, instruction.first);
    else if (instruction?.kind === "assert" && holds(instruction.assertion, place)) open.push(state + 1);
  }
  return reached;
}

function holds(assertion: Assertion, { codePoints, at }: Place): boolean {
  const before = codePoints[at - 1];
  const after = codePoints[at];
  switch (assertion) {
    case "text-begin":
      return before === undefined;
    case "text-end":
      return after === undefined;
    case "line-begin":
      return before === undefined || before === 0x0a;
    case "line-end":
      return after === undefined || after === 0x0a;
    case "word":
    case "no-word": {
      const isBoundary = (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after));
      return isBoundary === (assertion === "word");
    }
  }
}
