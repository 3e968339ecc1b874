/** @module A regular expression of Go as a program. Used by functions/regex.ts. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { parsePattern } from "./parse.ts";
import type { Instruction, Node, Program } from "./program.ts";

/** Repetitions of repetitions make long programs. */
const MAX_INSTRUCTIONS = 20_000;
/** Every thread remembers where each began and ended. */
const MAX_GROUPS = 100;
/** Go has the same limit. */
const MAX_REPEAT = 1000;

export function compile(pattern: string): Result<Program, string> {
  const parsed = parsePattern(pattern);
  if (!parsed.ok) return parsed;
  if (parsed.value.groups > MAX_GROUPS) return err(`more than ${MAX_GROUPS} groups`);
  if (sizeOf(parsed.value.root) > MAX_INSTRUCTIONS) return err("expression too large");
  const instructions: Instruction[] = [];
  emit(parsed.value.root, instructions);
  instructions.push({ kind: "match" });
  return ok({ instructions, groups: parsed.value.groups + 1, names: parsed.value.names });
}

function sizeOf(node: Node): number {
  switch (node.kind) {
    case "sequence":
      return node.items.reduce((sum, item) => sum + sizeOf(item), 0);
    case "choice":
      return node.options.reduce((sum, option) => sum + sizeOf(option) + 2, 0);
    case "group":
      return sizeOf(node.inner) + 2;
    case "repeat":
      if (node.min > MAX_REPEAT || (node.max > MAX_REPEAT && node.max !== Infinity)) return Infinity;
      return (sizeOf(node.inner) + 2) * Math.max(node.min + 1, node.max === Infinity ? 1 : node.max);
    default:
      return 1;
  }
}

function emit(node: Node, into: Instruction[]): void {
  switch (node.kind) {
    case "empty":
      return;
    case "char":
    case "assert":
      into.push(node);
      return;
    case "sequence":
      for (const item of node.items) emit(item, into);
      return;
    case "group":
      into.push({ kind: "save", slot: node.index * 2 });
      emit(node.inner, into);
      into.push({ kind: "save", slot: node.index * 2 + 1 });
      return;
    case "choice":
      emitChoice(node.options, into);
      return;
    case "repeat":
      emitRepeat(node, into);
      return;
  }
}

function emitChoice(options: readonly Node[], into: Instruction[]): void {
  const jumps: Extract<Instruction, { kind: "jump" }>[] = [];
  for (const [index, option] of options.entries()) {
    if (index === options.length - 1) {
      emit(option, into);
      break;
    }
    const split = { kind: "split" as const, first: into.length + 1, second: 0 };
    into.push(split);
    emit(option, into);
    const jump = { kind: "jump" as const, to: 0 };
    into.push(jump);
    jumps.push(jump);
    split.second = into.length;
  }
  for (const jump of jumps) jump.to = into.length;
}

function emitRepeat({ inner, min, max, greedy }: Extract<Node, { kind: "repeat" }>, into: Instruction[]): void {
  for (let count = 0; count < min; count += 1) emit(inner, into);
  if (max === Infinity) {
    emitOptional(inner, greedy, into, true);
    return;
  }
  for (let count = min; count < max; count += 1) emitOptional(inner, greedy, into, false);
}

function emitOptional(inner: Node, greedy: boolean, into: Instruction[], loops: boolean): void {
  const at = into.length;
  const split = { kind: "split" as const, first: at + 1, second: at + 1 };
  into.push(split);
  emit(inner, into);
  if (loops) into.push({ kind: "jump", to: at });
  if (greedy) split.second = into.length;
  else split.first = into.length;
}
