/** @module HCL's regex_replace. Used by registry.ts. Source: behaviour of go-cty's stdlib, pkg.go.dev/regexp/syntax */
import { err } from "../../../lib/result.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { compile } from "../regex/compile.ts";
import { find, type Match } from "../regex/match.ts";
import type { Program } from "../regex/program.ts";

export const regexFunctions: Readonly<Record<string, HclFunction>> = {
  regex_replace: plainFunction("string:string pattern:string replacement:string", ([text, pattern, replacement], budget) =>
    replaceAll({ text: text as string, pattern: pattern as string, replacement: replacement as string }, budget)),
};

type Replace = { readonly text: string; readonly pattern: string; readonly replacement: string };

function replaceAll({ text, pattern, replacement }: Replace, budget: { left: number }): CallResult {
  const program = compile(pattern);
  if (!program.ok) return refuse(1, `invalid regexp pattern: ${program.error}`);
  const chars = Array.from(text);
  let result = "";
  let from = 0;
  let lastEnd = -1;
  for (let at = 0; at <= chars.length; ) {
    const match = find(program.value, chars, at, budget);
    if (match === "too costly") return err({ message: TOO_LARGE });
    if (match === undefined) break;
    // An empty match right behind another one does not count.
    if (match.end > match.start || match.start !== lastEnd) {
      const piece = expand(replacement, match, program.value, chars);
      if (!afford(budget, 1 + piece.length / 16)) return err({ message: TOO_LARGE });
      result += chars.slice(from, match.start).join("") + piece;
      from = match.end;
      lastEnd = match.end;
    }
    at = match.end > match.start ? match.end : match.end + 1;
  }
  return give((result + chars.slice(from).join("")).normalize("NFC"));
}

/** `$1`, `${1}`, `$name`, `${name}` and `$$`; a group that is not there is empty. */
function expand(replacement: string, match: Match, program: Program, chars: readonly string[]): string {
  return replacement.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_whole, dollar: string | undefined, braced: string | undefined, bare: string | undefined) => {
    if (dollar !== undefined) return "$";
    const name = braced ?? bare ?? "";
    const index = /^\d+$/.test(name) ? Number(name) : (program.names.get(name) ?? -1);
    const [start, end] = [match.slots[index * 2], match.slots[index * 2 + 1]];
    return start === undefined || end === undefined || start < 0 ? "" : chars.slice(start, end).join("");
  });
}
