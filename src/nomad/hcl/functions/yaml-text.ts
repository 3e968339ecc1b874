/** @module HCL values as YAML, as go-cty-yaml writes them, but for long texts, which stay on one line. Used by yaml.ts. */
import { isNum, numText } from "../values/number.ts";
import { isMapping, isNull, isSequence, type Val } from "../values/value.ts";

/** Texts are quoted or blocks, so that no reader takes them for anything else. */
export function encodeYaml(value: Val): string {
  const isPlain = isNull(value) || typeof value === "boolean" || isNum(value);
  return `${linesOf(value).join("\n")}\n${isPlain ? "...\n" : ""}`;
}

function linesOf(value: Val): readonly string[] {
  if (isSequence(value)) return value.items.length === 0 ? ["[]"] : value.items.flatMap(itemLines);
  if (isMapping(value)) return value.entries.size === 0 ? ["{}"] : [...value.entries].flatMap(([key, item]) => entryLines(quoted(key), item));
  if (isNull(value)) return ["null"];
  if (isNum(value)) return [numText(value)];
  if (typeof value === "boolean") return [String(value)];
  return isBlock(value) ? blockLines(value) : [quoted(value)];
}

/** The lines of a text have their own indentation, from where the list stands. */
function itemLines(item: Val): readonly string[] {
  const [first = "", ...more] = linesOf(item);
  return [`- ${first}`, ...(typeof item === "string" ? more : more.map(indented))];
}

function entryLines(key: string, item: Val): readonly string[] {
  const inner = linesOf(item);
  if (isMapping(item) && item.entries.size > 0) return [`${key}:`, ...inner.map(indented)];
  if (isSequence(item) && item.items.length > 0) return [`${key}:`, ...inner];
  return [`${key}: ${inner[0] ?? ""}`, ...inner.slice(1)];
}

const indented = (line: string): string => (line === "" ? "" : `  ${line}`);

/** Several lines, none with blanks at its end or anything that needs an escape. */
function isBlock(text: string): boolean {
  return text.includes("\n") && !/ (?:\n|$)/.test(text) && !UNPRINTABLE.test(text.replaceAll("\n", ""));
}

function blockLines(text: string): readonly string[] {
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  return [`|${hint}${chomp}`, ...body.split("\n").map(indented)];
}

const UNPRINTABLE = /[^ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;
const ESCAPED = /[^ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\\"]/u;
const SHORT: Readonly<Record<string, string>> = {
  "\0": "\\0", "\x07": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N",
  "\u2028": "\\L", "\u2029": "\\P",
};

function quoted(text: string): string {
  return `"${Array.from(text, (char) => (ESCAPED.test(char) ? escapeOf(char) : char)).join("")}"`;
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  return SHORT[char] ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`);
}
