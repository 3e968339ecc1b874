/** @module Lists, objects and `for` expressions of HCL. Used by term.ts. */
import { ok } from "../../lib/result.ts";
import { accept, acceptIdentifier, type Cursor, failAt, failExpecting, type Parsed, rangeFrom, skipBlanks, skipLines, withNewlines } from "./cursor.ts";
import { failUnsupported, failUnsupportedAt, parseNumber, startsOperator } from "./literal.ts";
import { acceptWord, INVALID_FOR, parseForIntro } from "./for-intro.ts";
import type { Expression, ObjectItem, ObjectKey } from "./syntax.ts";
import { parseQuoted } from "./template.ts";

export function parseTuple(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: Expression[] = [];
  cursor.offset += 1;
  if (acceptFor(cursor)) return parseFor(cursor, start, "]");
  while (!accept(cursor, "]")) {
    const item = cursor.parseExpression(cursor);
    if (!item.ok) return item;
    items.push(item.value);
    if (accept(cursor, ",")) continue;
    if (accept(cursor, "]")) break;
    return failExpecting(cursor, '"," or "]" in this list', "Missing item separator");
  }
  return ok({ kind: "tuple", items, range: rangeFrom(cursor, start) });
}

export function parseObject(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: ObjectItem[] = [];
  cursor.offset += 1;
  if (acceptFor(cursor)) return withNewlines(cursor, "blank", () => parseFor(cursor, start, "}"));
  for (skipLines(cursor); !accept(cursor, "}"); skipLines(cursor)) {
    const item = parseObjectItem(cursor);
    if (!item.ok) return item;
    items.push(item.value);
    skipBlanks(cursor);
    if (cursor.text[cursor.offset] === "}" || accept(cursor, ",") || accept(cursor, "\n")) continue;
    return failExpecting(cursor, '",", a line end or "}" in this object', "Missing attribute separator");
  }
  return ok({ kind: "object", items, range: rangeFrom(cursor, start) });
}

function parseObjectItem(cursor: Cursor): Parsed<ObjectItem> {
  const key = cursor.dialect === "hcl1" ? parseLiteralKey(cursor) : parseKey(cursor);
  if (!key.ok) return key;
  skipBlanks(cursor);
  if (cursor.dialect === "hcl1" && startsOperator(cursor)) return failUnsupported(cursor);
  if (!accept(cursor, "=") && !accept(cursor, ":")) return failExpecting(cursor, `"=" or ":" after "${key.value.name}"`, "Missing key/value separator");
  const value = cursor.parseExpression(cursor);
  return value.ok ? ok({ key: key.value, value: value.value }) : value;
}

/** A bare name is itself. Any other expression is evaluated. */
function parseKey(cursor: Cursor): Parsed<ObjectKey> {
  const parsed = cursor.parseExpression(cursor);
  if (!parsed.ok) return parsed;
  const expression = parsed.value;
  const { range } = expression;
  if (expression.kind === "traversal" && expression.steps.length === 0) return ok({ name: expression.root, range });
  if (expression.kind === "traversal") {
    return failAt(cursor, range.start.offset, "this key is ambiguous: write it in parentheses to use its value, or in quotes for a name with dots in it", "Ambiguous attribute key");
  }
  if (expression.kind === "literal" && typeof expression.value !== "number") return ok({ name: String(expression.value), range });
  return ok({ name: "", expression, range });
}

function parseLiteralKey(cursor: Cursor): Parsed<ObjectKey> {
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  if (word === "for") return failUnsupportedAt(cursor, start, '"for"');
  if (word !== "") return ok({ name: word, range: rangeFrom(cursor, start) });
  const quoted = cursor.text[start] === '"' ? parseQuoted(cursor) : (parseNumber(cursor) ?? failLiteralKey(cursor));
  if (!quoted.ok) return quoted;
  if (quoted.value.kind !== "literal") return failAt(cursor, start, "a name in an object must be a plain string");
  return ok({ name: String(quoted.value.value), range: rangeFrom(cursor, start) });
}

/** HCL takes any expression as a key, such as -a: that is not wrong, it is only not for the old dialect. */
function failLiteralKey(cursor: Cursor): Parsed<never> {
  const startsExpression = "(!-[{".includes(cursor.text[cursor.offset] ?? " ") || cursor.text.startsWith("<<", cursor.offset);
  return startsExpression ? failUnsupported(cursor) : failExpecting(cursor, 'a name or "}" in this object');
}

/** Steps over the word "for" right behind an opening bracket: it is never a name there. */
function acceptFor(cursor: Cursor): boolean {
  if (cursor.dialect === "hcl1") return false;
  const start = cursor.offset;
  skipLines(cursor);
  if (acceptIdentifier(cursor) === "for") return true;
  cursor.offset = start;
  return false;
}

function parseFor(cursor: Cursor, start: number, close: "]" | "}"): Parsed<Expression> {
  const intro = parseForIntro(cursor);
  if (!intro.ok) return intro;
  if (!accept(cursor, ":")) return failExpecting(cursor, '":" behind what this "for" walks', INVALID_FOR);
  const first = cursor.parseExpression(cursor);
  if (!first.ok) return first;
  const arrow = accept(cursor, "=>");
  if (arrow !== (close === "}")) return failExpecting(cursor, close === "}" ? '"=>" and the value behind the key of this "for"' : '"]": "=>" is for objects only', INVALID_FOR);
  const second = arrow ? cursor.parseExpression(cursor) : first;
  if (!second.ok) return second;
  const groups = arrow && accept(cursor, "...");
  const condition = acceptWord(cursor, "if") ? cursor.parseExpression(cursor) : undefined;
  if (condition !== undefined && !condition.ok) return condition;
  if (!accept(cursor, close)) return failExpecting(cursor, `"${close}" at the end of this "for"`, INVALID_FOR);
  return ok({
    kind: "for", ...intro.value, ...(arrow ? { keyResult: first.value } : {}), result: second.value, groups,
    ...(condition === undefined ? {} : { condition: condition.value }), range: rangeFrom(cursor, start),
  });
}
