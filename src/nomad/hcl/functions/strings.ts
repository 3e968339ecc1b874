/** @module HCL functions of text. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err } from "../../../lib/result.ts";
import { isSpace } from "../template-tokens.ts";
import type { Num } from "../values/number.ts";
import { compareText, isNull, list, type Sequence, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { graphemes } from "./graphemes.ts";

const text = (value: Val | undefined): string => value as string;
/** A text as HCL keeps it. */
const giveText = (value: string): CallResult => give(value.normalize("NFC"));

export const stringFunctions: Readonly<Record<string, HclFunction>> = {
  chomp: plainFunction("str:string", ([str]) => giveText(withoutLineEnds(text(str)))),
  indent: plainFunction("spaces:number str:string", ([spaces, str], budget) => indent(spaces as Num, text(str), budget)),
  join: plainFunction("separator:string ...lists:list(string)", ([separator, ...lists], budget) => join(text(separator), lists as readonly Sequence[], budget)),
  lower: plainFunction("str:string", ([str]) => giveText(mapCase(text(str), (char) => (char === "İ" ? "i" : char.toLowerCase())))),
  upper: plainFunction("str:string", ([str]) => giveText(mapCase(text(str), (char) => char.toUpperCase()))),
  replace: plainFunction("str:string substr:string replace:string", ([str, substr, replacement], budget) => replace(text(str), text(substr), text(replacement), budget)),
  split: plainFunction("separator:string str:string", ([separator, str], budget) => split(text(separator), text(str), budget)),
  strlen: plainFunction("str:string", ([str]) => give(graphemes(text(str)).length)),
  strrev: plainFunction("str:string", ([str]) => giveText(graphemes(text(str)).toReversed().join(""))),
  substr: plainFunction("str:string offset:number length:number", ([str, offset, length]) => substring(text(str), offset as Num, length as Num)),
  title: plainFunction("str:string", ([str]) => giveText(title(text(str)))),
  trim: plainFunction("str:string cutset:string", ([str, cutset]) => {
    const cut = new Set(text(cutset));
    return giveText(trimBoth(text(str), (char) => cut.has(char)));
  }),
  trimspace: plainFunction("str:string", ([str]) => giveText(trimBoth(text(str), (char) => isSpace(char.charCodeAt(0))))),
  trimprefix: plainFunction("str:string prefix:string", ([str, prefix]) => giveText(text(str).startsWith(text(prefix)) ? text(str).slice(text(prefix).length) : text(str))),
  trimsuffix: plainFunction("str:string suffix:string", ([str, suffix]) => giveText(text(str).endsWith(text(suffix)) ? text(str).slice(0, text(str).length - text(suffix).length) : text(str))),
  sort: plainFunction("list:list(string)", ([items]) => sort(items as Sequence)),
};

function withoutLineEnds(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === "\n" || value[end - 1] === "\r")) end -= 1;
  return value.slice(0, end);
}

/** Go changes letter by letter: those that would become several stay as they are. */
function mapCase(value: string, change: (char: string) => string): string {
  return Array.from(value, (char) => {
    const changed = change(char);
    return changed.length === char.length ? changed : char;
  }).join("");
}

/** A count that fits; undefined for fractions and what no text is as long as. */
const wholeOf = (num: Num): number | undefined => (typeof num === "number" && Number.isFinite(num) ? num : undefined);

function indent(spaces: Num, value: string, budget: { left: number }): CallResult {
  const width = wholeOf(spaces);
  if (width === undefined || width < 0) return refuse(0, "must be a whole number, 0 or more");
  const lines = value.split("\n");
  if (!afford(budget, (lines.length * width) / 16)) return err({ message: TOO_LARGE });
  return giveText(lines.join(`\n${" ".repeat(lines.length > 1 ? width : 0)}`));
}

function join(separator: string, lists: readonly Sequence[], budget: { left: number }): CallResult {
  if (lists.length === 0) return err({ message: "at least one list is required" });
  const items = lists.flatMap(({ items }) => items);
  const nullAt = items.findIndex(isNull);
  if (nullAt !== -1) return refuse(1, `element ${nullAt} is null; cannot concatenate null values`);
  if (!afford(budget, (items.length * separator.length) / 16)) return err({ message: TOO_LARGE });
  return giveText((items as readonly string[]).join(separator));
}

function replace(value: string, from: string, to: string, budget: { left: number }): CallResult {
  const pieces = from === "" ? ["", ...Array.from(value), ""] : value.split(from);
  if (!afford(budget, (pieces.length * (1 + to.length)) / 16)) return err({ message: TOO_LARGE });
  return giveText(pieces.join(to));
}

function split(separator: string, value: string, budget: { left: number }): CallResult {
  const pieces = separator === "" ? Array.from(value) : value.split(separator);
  return afford(budget, pieces.length) ? give(list(pieces, "string")) : err({ message: TOO_LARGE });
}

/** A negative offset counts from the end; a negative length means all the rest. */
function substring(value: string, offset: Num, length: Num): CallResult {
  const [from, count] = [wholeOf(offset), wholeOf(length)];
  if (from === undefined || count === undefined) return err({ message: "value must be a whole number" });
  const chars = graphemes(value);
  const start = from < 0 ? from + chars.length : from;
  if (from >= 0 && count === 0) return give("");
  const rest = start > 0 ? chars.slice(start) : chars;
  // As go-cty has it: a length of 0 behind a negative offset does not count.
  return giveText((count <= 0 ? rest : rest.slice(0, count)).join(""));
}

function title(value: string): string {
  let isAfterSeparator = true;
  return Array.from(value, (char) => {
    const raised = isAfterSeparator ? titleCase(char) : char;
    isAfterSeparator = char.charCodeAt(0) < 128 ? !/[A-Za-z0-9_]/.test(char) : isSpace(char.charCodeAt(0));
    return raised;
  }).join("");
}

/** A few letters have a form of their own at the start of a word. */
function titleCase(char: string): string {
  const digraph = ["Ǆǅǆ", "Ǉǈǉ", "Ǌǋǌ", "Ǳǲǳ"].find((forms) => forms.includes(char));
  return digraph?.[1] ?? mapCase(char, (each) => each.toUpperCase());
}

function trimBoth(value: string, isCut: (char: string) => boolean): string {
  const chars = Array.from(value);
  const start = chars.findIndex((char) => !isCut(char));
  return start === -1 ? "" : chars.slice(start, chars.findLastIndex((char) => !isCut(char)) + 1).join("");
}

function sort({ items }: Sequence): CallResult {
  const nullAt = items.findIndex(isNull);
  if (nullAt !== -1) return err({ message: `given list element ${nullAt} is null; a null string cannot be sorted` });
  return give(list((items as readonly string[]).toSorted(compareText), "string"));
}
