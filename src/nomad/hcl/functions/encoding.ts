/** @module HCL functions that write and read base64, URLs, JSON and CSV. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err, messageOf, ok, type Result } from "../../../lib/result.ts";
import { parseJson } from "../json.ts";
import type { Expression } from "../syntax.ts";
import { isNum, numText, parseNum } from "../values/number.ts";
import { isNull, isSequence, list, NULL, object, tuple, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { parseCsv } from "./csv.ts";

export const encodingFunctions: Readonly<Record<string, HclFunction>> = {
  base64decode: plainFunction("str:string", ([str]) => decodeBase64(str as string)),
  base64encode: plainFunction("str:string", ([str]) => give(Buffer.from(str as string).toString("base64"))),
  urlencode: plainFunction("str:string", ([str]) => give(urlEncode(str as string))),
  jsonencode: plainFunction("val:any?", ([value]) => give(jsonText(value ?? NULL))),
  jsondecode: plainFunction("str:string", ([str]) => decodeJson(str as string)),
  csvdecode: plainFunction("str:string", ([str], budget) => decodeCsv(str as string, budget)),
};

function decodeBase64(text: string): CallResult {
  const bytes = Buffer.from(text, "base64");
  const isBase64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(text) && text.replace(/[\r\n]/g, "").length % 4 === 0;
  if (!isBase64) return err({ message: "failed to decode base64 data: illegal base64 data" });
  try {
    return give(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).normalize("NFC"));
  } catch (thrown) {
    return err({ message: `the result of decoding the provided string is not valid UTF-8: ${messageOf(thrown)}` });
  }
}

/** As a query has it: a space is "+". */
function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll("%20", "+");
}

/** Keys sorted, no blanks, and what could end a script in HTML escaped, as Go does it. */
export function jsonText(value: Val): string {
  if (typeof value === "string") return goJsonString(value);
  if (typeof value === "boolean") return String(value);
  if (isNum(value)) return numText(value);
  if (isNull(value)) return "null";
  if (isSequence(value)) return `[${value.items.map(jsonText).join(",")}]`;
  return `{${[...value.entries].map(([key, each]) => `${goJsonString(key)}:${jsonText(each)}`).join(",")}}`;
}

const goJsonString = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029\u007f]/g, (char) => (char === "\u007f" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`));

function decodeJson(text: string): CallResult {
  try {
    // Our own reader lets comments pass, which JSON has none of.
    JSON.parse(text);
  } catch (thrown) {
    return err({ message: messageOf(thrown) });
  }
  const parsed = parseJson(text, { maxChars: text.length, maxDepth: 64 });
  return parsed.ok ? valueOf(parsed.value, text) : err({ message: parsed.error.message });
}

function valueOf(expression: Expression, text: string): CallResult {
  if (expression.kind === "literal") {
    const digits = text.slice(expression.range.start.offset, expression.range.end.offset);
    if (typeof expression.value === "number") return give(parseNum(digits) ?? 0);
    return give(typeof expression.value === "string" ? expression.value.normalize("NFC") : (expression.value ?? NULL));
  }
  if (expression.kind === "tuple") {
    const items = all(expression.items, (item) => valueOf(item, text));
    return items.ok ? give(tuple(items.value)) : items;
  }
  if (expression.kind !== "object") return err({ message: "not a value" });
  const entries = all(expression.items, ({ key, value }) => {
    const each = valueOf(value, text);
    return each.ok ? ok([key.name.normalize("NFC"), each.value] as const) : each;
  });
  return entries.ok ? give(object(entries.value)) : entries;
}

function all<T, U, E>(items: readonly T[], transform: (item: T) => Result<U, E>): Result<readonly U[], E> {
  const made: U[] = [];
  for (const item of items) {
    const each = transform(item);
    if (!each.ok) return each;
    made.push(each.value);
  }
  return ok(made);
}

/** One object a line; the first line has the names. */
function decodeCsv(text: string, budget: { left: number }): CallResult {
  const rows = parseCsv(text);
  if (!rows.ok) return err({ message: rows.error });
  const [header, ...lines] = rows.value;
  if (header === undefined) return err({ message: "missing header line" });
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined) return err({ message: `duplicate column name ${JSON.stringify(repeated)}` });
  if (!afford(budget, lines.length * header.length)) return err({ message: TOO_LARGE });
  const wrong = lines.findIndex((line) => line.length !== header.length);
  if (wrong !== -1) return err({ message: `record on line ${wrong + 2}: wrong number of fields` });
  const type = { kind: "object", attributes: new Map(header.map((name) => [name, "string"] as const)) } as const;
  return give(list(lines.map((line) => object(line.map((field, index) => [header[index] ?? "", field] as const))), type));
}
