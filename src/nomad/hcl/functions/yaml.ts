/** @module HCL functions that write and read YAML. Used by registry.ts. Source: behaviour of go-cty-yaml. */
import { parseDocument } from "yaml";
import { err, messageOf } from "../../../lib/result.ts";
import { fromBigInt, isNum, numOf, numText } from "../values/number.ts";
import { isMapping, isNull, isSequence, NULL, object, tuple, type Val } from "../values/value.ts";
import { afford, type CallResult, give, type HclFunction, plainFunction, TOO_LARGE } from "./function.ts";

export const yamlFunctions: Readonly<Record<string, HclFunction>> = {
  yamldecode: plainFunction("src:string", ([text], budget) => decode(text as string, budget)),
  yamlencode: plainFunction("value:any?", ([value]) => give(`${lines(value ?? NULL).join("\n")}\n`)),
};

/** Longer texts are refused: the reader of YAML takes about a second for a megabyte. */
const MAX_CHARS = 1024 * 1024;
/** Deeper ones too: it calls itself for each level. */
const MAX_FLOW_DEPTH = 200;

function decode(text: string, budget: { left: number }): CallResult {
  if (text.length > MAX_CHARS || !afford(budget, text.length)) return err({ message: TOO_LARGE });
  if (deepest(text) > MAX_FLOW_DEPTH) return err({ message: `nested more than ${MAX_FLOW_DEPTH} levels deep` });
  try {
    const document = parseDocument(text, { intAsBigInt: true, uniqueKeys: false, logLevel: "silent" });
    const [first] = document.errors;
    if (first !== undefined) return err({ message: first.message.split("\n")[0] ?? "not YAML" });
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    return valueOf(value);
  } catch (thrown) {
    return err({ message: messageOf(thrown) });
  }
}

/** An upper bound of how deep a text can be: brackets, indentation and dashes. */
function deepest(text: string): number {
  let brackets = 0;
  let most = 0;
  for (const char of text) {
    if (char === "[" || char === "{") brackets += 1;
    else if ((char === "]" || char === "}") && brackets > 0) brackets -= 1;
    most = Math.max(most, brackets);
  }
  const dashes = Math.max(0, ...(text.match(/(?:[-?] +){3,}/g) ?? []).map((run) => run.length / 2));
  return most + dashes;
}

function valueOf(value: unknown): CallResult {
  if (value === null || value === undefined) return give(NULL);
  if (typeof value === "string") return give(value.normalize("NFC"));
  if (typeof value === "boolean") return give(value);
  if (typeof value === "bigint") return give(fromBigInt(value));
  if (typeof value === "number") return Number.isNaN(value) ? err({ message: "NaN is not supported" }) : give(numOf(value));
  if (value instanceof Date) return give(value.toISOString());
  if (Array.isArray(value)) {
    const items: Val[] = [];
    for (const item of value) {
      const each = valueOf(item);
      if (!each.ok) return each;
      items.push(each.value);
    }
    return give(tuple(items));
  }
  const entries: [string, Val][] = [];
  for (const [key, item] of Object.entries(value)) {
    const each = valueOf(item);
    if (!each.ok) return each;
    entries.push([key, each.value]);
  }
  return give(object(entries));
}

function lines(value: Val): readonly string[] {
  if (isSequence(value)) return value.items.length === 0 ? ["[]"] : value.items.flatMap((item) => itemLines(item));
  if (isMapping(value)) return value.entries.size === 0 ? ["{}"] : [...value.entries].flatMap(([key, item]) => entryLines(JSON.stringify(key), item));
  return scalarLines(value);
}

function scalarLines(value: Val): readonly string[] {
  if (isNull(value)) return ["null"];
  if (typeof value === "boolean") return [String(value)];
  if (isNum(value)) return [numText(value)];
  if (typeof value !== "string") return [];
  return value.includes("\n") ? literalLines(value) : [JSON.stringify(value)];
}

/** A text of several lines as a block. */
function literalLines(text: string): readonly string[] {
  const isPlain = /^[^\s]/.test(text) && !/[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/.test(text);
  if (!isPlain) return [JSON.stringify(text)];
  const chomp = text.endsWith("\n\n") ? "+" : text.endsWith("\n") ? "" : "-";
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  return [`|${chomp}`, ...body.split("\n").map((line) => (line === "" ? "" : `  ${line}`))];
}

/** The first line stands behind the dash, and the others below it. */
function itemLines(item: Val): readonly string[] {
  const [first = "", ...more] = lines(item);
  return [`- ${first}`, ...more.map((line) => (line === "" ? "" : `  ${line}`))];
}

function entryLines(key: string, item: Val): readonly string[] {
  const inner = lines(item);
  const isBlock = (isMapping(item) && item.entries.size > 0) || (isSequence(item) && item.items.length > 0);
  if (!isBlock) return [`${key}: ${inner[0] ?? ""}`, ...inner.slice(1)];
  const indent = isMapping(item) ? "  " : "";
  return [`${key}:`, ...inner.map((line) => (line === "" ? "" : `${indent}${line}`))];
}
