/** @module HCL functions that write and read YAML. Used by registry.ts. Source: behaviour of go-cty-yaml. */
import { isAlias, isMap, isScalar, isSeq, type Pair, parseAllDocuments, type Scalar } from "yaml";
import { err, messageOf } from "../../../lib/result.ts";
import { isNum, numText, parseNum } from "../values/number.ts";
import { isMapping, isNull, isSequence, NULL, object, tuple, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { encodeYaml } from "./yaml-text.ts";

export const yamlFunctions: Readonly<Record<string, HclFunction>> = {
  yamldecode: plainFunction("src:string", ([text], budget) => decode(text as string, budget)),
  yamlencode: plainFunction("value:any?", ([value]) => give(encodeYaml(value ?? NULL))),
};

/** Longer texts are refused: the reader of YAML takes about a second for a megabyte. */
const MAX_CHARS = 1024 * 1024;
/** Deeper ones too: it calls itself for each level. */
const MAX_DEPTH = 200;

/** `anchors` has what was read so far: an alias is the value of the one before it. */
type Reader = { readonly anchors: Map<string, Val>; readonly budget: { left: number }; depth: number };

function decode(text: string, budget: { left: number }): CallResult {
  if (text.length > MAX_CHARS || !afford(budget, text.length)) return err({ message: TOO_LARGE });
  if (mostDepth(text) > MAX_DEPTH) return err({ message: `nested more than ${MAX_DEPTH} levels deep` });
  try {
    const [document, second] = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, logLevel: "silent" });
    if (document === undefined || !("contents" in document)) return err({ message: "on line 1, column 1: missing start of document" });
    if (second !== undefined) return err({ message: "on line 1, column 1: unexpected extra content after value" });
    const [first] = document.errors;
    if (first !== undefined) return err({ message: first.message.split("\n")[0] ?? "not YAML" });
    return valueOf(document.contents, { anchors: new Map(), budget, depth: 0 });
  } catch (thrown) {
    return err({ message: messageOf(thrown) });
  }
}

/** An upper bound of how deep a text can be: brackets, and dashes and question marks in a row. */
function mostDepth(text: string): number {
  let brackets = 0;
  let most = 0;
  let indicators = 0;
  for (const char of text) {
    if (char === "[" || char === "{") brackets += 1;
    else if ((char === "]" || char === "}") && brackets > 0) brackets -= 1;
    if (char === "-" || char === "?" || char === ":") indicators += 1;
    else if (char !== " ") indicators = 0;
    most = Math.max(most, brackets + indicators);
  }
  return most;
}

function valueOf(node: unknown, reader: Reader): CallResult {
  if (!afford(reader.budget, 1)) return err({ message: TOO_LARGE });
  if (reader.depth > MAX_DEPTH) return err({ message: `nested more than ${MAX_DEPTH} levels deep` });
  if (node === null || node === undefined) return give(NULL);
  if (isAlias(node)) {
    const known = reader.anchors.get(node.source);
    return known === undefined ? err({ message: `reference to undefined anchor ${JSON.stringify(node.source)}` }) : give(known);
  }
  if (!isScalar(node) && !isSeq(node) && !isMap(node)) return err({ message: "this is no value" });
  const value = isScalar(node) ? scalarOf(node) : isSeq(node) ? deeper(node.items, reader, itemsOf) : deeper(node.items, reader, entriesOf);
  if (value.ok && node.anchor !== undefined) reader.anchors.set(node.anchor, value.value);
  return value;
}

function deeper<T>(part: T, reader: Reader, read: (part: T, reader: Reader) => CallResult): CallResult {
  reader.depth += 1;
  const value = read(part, reader);
  reader.depth -= 1;
  return value;
}

function itemsOf(nodes: readonly unknown[], reader: Reader): CallResult {
  const items: Val[] = [];
  for (const node of nodes) {
    const item = valueOf(node, reader);
    if (!item.ok) return item;
    items.push(item.value);
  }
  return give(tuple(items));
}

/** "<<" takes in what another mapping has; what stands here itself wins. */
function entriesOf(pairs: readonly Pair[], reader: Reader): CallResult {
  const own: [string, Val][] = [];
  const merged: [string, Val][] = [];
  for (const { key, value: node } of pairs) {
    const value = valueOf(node, reader);
    if (!value.ok) return value;
    const name = keyText(key);
    if (name === undefined) return err({ message: "mapping keys must be scalars" });
    if (name !== "<<") own.push([name, value.value]);
    else for (const each of isSequence(value.value) ? value.value.items : [value.value]) if (isMapping(each)) merged.unshift(...each.entries);
  }
  return give(object([...merged, ...own]));
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const value = scalarOf(key);
  if (!value.ok || isSequence(value.value) || isMapping(value.value)) return undefined;
  if (isNull(value.value)) return "";
  return isNum(value.value) ? numText(value.value) : String(value.value);
}

const WORDS: ReadonlyMap<string, Val> = new Map<string, Val>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, NULL] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Infinity] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, -Infinity] as const),
]);

/** What a word without quotes means, as readers of YAML 1.1 have it. */
function scalarOf({ value, type, tag }: Scalar): CallResult {
  const text = typeof value === "string" ? value : "";
  if (type !== "PLAIN" || tag?.endsWith(":str") === true) return give(text.normalize("NFC"));
  const word = WORDS.get(text);
  if (word !== undefined) return give(word);
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return err({ message: "floating point NaN is not supported" });
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(text)) return give(`${text.split("-").map((part) => part.padStart(2, "0")).join("-")}T00:00:00Z`);
  if (/^[-+]?(?:[0-9_]+|0o[0-7_]+|0x[0-9a-fA-F_]+)$/.test(text)) return give(integerOf(text.replaceAll("_", "")) ?? text);
  const isFloat = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text);
  return give((isFloat ? parseNum(text) : undefined) ?? text.normalize("NFC"));
}

function integerOf(text: string): Val | undefined {
  const prefixed = /^([-+]?)(0[xo].+)$/.exec(text);
  if (prefixed === null) return parseNum(text);
  return parseNum(`${prefixed[1]}${BigInt(prefixed[2] ?? "0")}`);
}

