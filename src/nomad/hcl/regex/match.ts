/** @module Runs a regular expression's program over a text, all threads in step. Used by functions/regex.ts. Source: swtch.com/~rsc/regexp */
import type { Assertion, Program } from "./program.ts";

/** Positions in characters; `slots` has start and end of each group, -1 where it took no part. */
export type Match = { readonly start: number; readonly end: number; readonly slots: readonly number[] };

type Thread = { readonly at: number; readonly slots: readonly number[] };
/** `visits` counts what was looked at, for the budget. */
type Threads = { list: Thread[]; readonly seen: Uint32Array; mark: number; visits: number };

/** The leftmost match at or behind `from`, as Perl would find it. Costs a step for each thread and character. */
export function find(program: Program, chars: readonly string[], from: number, budget: { left: number }): Match | "too costly" | undefined {
  let current = emptyThreads(program);
  let next = emptyThreads(program);
  let found: Match | undefined;
  for (let position = from; position <= chars.length; position += 1) {
    if (found === undefined) addThread({ program, chars, position }, current, 0, startSlots(program, position));
    if (current.list.length === 0 && found !== undefined) break;
    budget.left -= (1 + current.list.length + current.visits) / 4;
    if (budget.left < 0) {
      budget.left = 0;
      return "too costly";
    }
    next.list = [];
    next.mark += 1;
    next.visits = 0;
    found = step({ program, chars, position }, current, next) ?? found;
    [current, next] = [next, current];
  }
  return found;
}

const emptyThreads = ({ instructions }: Program): Threads => ({ list: [], seen: new Uint32Array(instructions.length), mark: 1, visits: 0 });
const startSlots = ({ groups }: Program, position: number): readonly number[] => Array.from({ length: groups * 2 }, (_, slot) => (slot === 0 ? position : -1));

type Place = { readonly program: Program; readonly chars: readonly string[]; readonly position: number };

/** Threads are in order of preference: those behind one that matches are given up. */
function step(place: Place, current: Threads, next: Threads): Match | undefined {
  const { program, chars, position } = place;
  const code = chars[position]?.codePointAt(0);
  for (const { at, slots } of current.list) {
    const instruction = program.instructions[at];
    if (instruction?.kind === "match") return { start: slots[0] ?? 0, end: position, slots: slots.with(1, position) };
    if (instruction?.kind === "char" && code !== undefined && instruction.test(code)) addThread({ ...place, position: position + 1 }, next, at + 1, slots);
  }
  return undefined;
}

/** Follows all steps that take no character; its own stack, as patterns may be long. */
function addThread(place: Place, threads: Threads, start: number, startSlots: readonly number[]): void {
  const open: Thread[] = [{ at: start, slots: startSlots }];
  for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
    const { at, slots } = thread;
    threads.visits += 1;
    if (threads.seen[at] === threads.mark) continue;
    threads.seen[at] = threads.mark;
    const instruction = place.program.instructions[at];
    if (instruction === undefined) continue;
    if (instruction.kind === "jump") open.push({ at: instruction.to, slots });
    else if (instruction.kind === "split") open.push({ at: instruction.second, slots }, { at: instruction.first, slots });
    else if (instruction.kind === "save") open.push({ at: at + 1, slots: slots.with(instruction.slot, place.position) });
    else if (instruction.kind !== "assert") threads.list.push(thread);
    else if (holds(instruction.assertion, place)) open.push({ at: at + 1, slots });
  }
}

function holds(assertion: Assertion, { chars, position }: Place): boolean {
  const [before, after] = [chars[position - 1], chars[position]];
  switch (assertion) {
    case "text-start":
      return before === undefined;
    case "text-end":
      return after === undefined;
    case "line-start":
      return before === undefined || before === "\n";
    case "line-end":
      return after === undefined || after === "\n";
    case "word":
      return isWord(before) !== isWord(after);
    case "not-word":
      return isWord(before) === isWord(after);
  }
}

const isWord = (char: string | undefined): boolean => char !== undefined && /^[0-9A-Za-z_]$/.test(char);
