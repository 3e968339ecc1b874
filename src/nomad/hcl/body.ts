/** @module Bodies of HCL: attributes and labelled blocks. Used by parse.ts. */
import { ok } from "../../lib/result.ts";
import {
  accept, acceptIdentifier, atLineEnd, type Cursor, failAt, failExpecting, nested, type Parsed, positionAt, rangeFrom, skipBlanks, skipLines, withNewlines,
} from "./cursor.ts";
import { parseExpression } from "./expression.ts";
import type { Attribute, Block, Body, Label } from "./syntax.ts";
import { parseQuoted } from "./template.ts";

type Item = Attribute | Block;

/** Everything up to the end of the text. */
export function parseFileBody(cursor: Cursor): Parsed<Body> {
  return parseItems(cursor, () => cursor.offset >= cursor.text.length);
}

/** A block's body; the cursor is behind its "{", and ends up behind its "}". */
function parseBlockBody(cursor: Cursor): Parsed<Body> {
  const body = isOneLine(cursor) ? parseOneLineBody(cursor) : parseItems(cursor, () => cursor.text[cursor.offset] === "}");
  if (!body.ok) return body;
  return accept(cursor, "}") ? body : failExpecting(cursor, '"}" behind the one attribute of this line; write several on lines of their own', "Invalid single-argument block definition");
}

function isOneLine(cursor: Cursor): boolean {
  skipBlanks(cursor);
  return cursor.dialect === "hcl2" && !atLineEnd(cursor) && cursor.text[cursor.offset] !== "}";
}

function parseOneLineBody(cursor: Cursor): Parsed<Body> {
  const start = cursor.offset;
  const item = parseItem(cursor);
  if (!item.ok) return item;
  if (item.value.kind === "block") return failAt(cursor, start, "a block within a block must stand on lines of its own", "Invalid single-argument block definition");
  return ok({ items: [item.value], range: rangeFrom(cursor, start) });
}

function parseItems(cursor: Cursor, isEnd: () => boolean): Parsed<Body> {
  const start = cursor.offset;
  const items: Item[] = [];
  const attributes = new Map<string, Attribute>();
  for (skipLines(cursor); !isEnd(); skipLines(cursor)) {
    const item = parseItem(cursor);
    if (!item.ok) return item;
    items.push(item.value);
    const refused = refuseRepeated(cursor, attributes, item.value) ?? refuseMissingSeparator(cursor);
    if (refused !== undefined) return refused;
  }
  return ok({ items, range: rangeFrom(cursor, start) });
}

function refuseRepeated(cursor: Cursor, attributes: Map<string, Attribute>, item: Item): Parsed<never> | undefined {
  if (cursor.dialect === "hcl1" || item.kind === "block") return undefined;
  const first = attributes.get(item.name);
  attributes.set(item.name, item);
  if (first === undefined) return undefined;
  return failAt(cursor, item.range.start.offset, `"${item.name}" is set already on line ${first.range.start.line}; remove one of the two`, "Attribute redefined");
}

function refuseMissingSeparator(cursor: Cursor): Parsed<never> | undefined {
  skipBlanks(cursor);
  if (atLineEnd(cursor)) return undefined;
  if (cursor.dialect === "hcl2") return failExpecting(cursor, "a line end", "Missing newline after argument");
  accept(cursor, ",");
  return undefined;
}

function parseItem(cursor: Cursor): Parsed<Item> {
  const start = cursor.offset;
  const name = parseName(cursor);
  if (!name.ok) return name;
  skipBlanks(cursor);
  if (cursor.text[cursor.offset] === "=" && cursor.text[cursor.offset + 1] !== "=") return parseAttribute(cursor, start, name.value);
  return parseBlock(cursor, start, name.value);
}

function parseName(cursor: Cursor): Parsed<Label> {
  if (cursor.offset >= cursor.text.length) return failExpecting(cursor, '"}"', "Unclosed configuration block");
  if (cursor.dialect === "hcl1" && cursor.text[cursor.offset] === '"') return parseLabel(cursor);
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  return word === "" ? failExpecting(cursor, "the name of an attribute or block", "Argument or block definition required") : ok({ value: word, range: rangeFrom(cursor, start) });
}

function parseAttribute(cursor: Cursor, start: number, name: Label): Parsed<Attribute> {
  cursor.offset += 1;
  const value = parseExpression(cursor);
  if (!value.ok) return value;
  const range = { start: positionAt(cursor, start), end: value.value.range.end };
  return ok({ kind: "attribute", name: name.value, nameRange: name.range, value: value.value, range });
}

function parseBlock(cursor: Cursor, start: number, type: Label): Parsed<Block> {
  const labels: Label[] = [];
  while (!accept(cursor, "{")) {
    const label = parseLabel(cursor);
    if (!label.ok) return label.error.position.offset === cursor.offset && labels.length === 0 ? failAfterName(cursor, type.value) : label;
    labels.push(label.value);
  }
  const body = nested(cursor, () => withNewlines(cursor, "separate", () => parseBlockBody(cursor)));
  if (!body.ok) return body;
  return ok({ kind: "block", type: type.value, typeRange: type.range, labels, body: body.value, range: rangeFrom(cursor, start) });
}

const failAfterName = (cursor: Cursor, name: string): Parsed<never> => failExpecting(cursor, `"=", a label or "{" after "${name.slice(0, 40)}"`, "Invalid block definition");

function parseLabel(cursor: Cursor): Parsed<Label> {
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  if (word !== "") return ok({ value: word, range: rangeFrom(cursor, start) });
  if (cursor.text[start] !== '"') return failExpecting(cursor, 'a label or "{"', "Invalid block definition");
  const quoted = parseQuoted(cursor);
  if (!quoted.ok) return quoted;
  if (quoted.value.kind !== "literal") return failAt(cursor, start, "a label must be a plain string, without template parts", "Invalid string literal");
  return ok({ value: String(quoted.value.value), range: quoted.value.range });
}
