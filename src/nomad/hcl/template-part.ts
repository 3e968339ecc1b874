/** @module One interpolation or directive of an HCL template. Used by template.ts. */
import { ok } from "../../lib/result.ts";
import { parseForIntro } from "./for-intro.ts";
import { acceptIdentifier, type Cursor, failAt, failExpecting, type Parsed, rangeFrom, skipBlanks, withNewlines } from "./cursor.ts";
import type { Range } from "./syntax.ts";
import { addPart, type TemplateToken, type TemplateTokens } from "./template-tokens.ts";
import { skipBraces } from "./unread-template.ts";

type PartWithoutRange = TemplateToken extends infer Token ? (Token extends { readonly range: Range } ? Omit<Token, "range"> : never) : never;

/** The cursor is at the "${" or "%{". */
export function parseTemplatePart(cursor: Cursor, tokens: TemplateTokens, sign: "$" | "%"): Parsed<undefined> {
  return cursor.dialect === "hcl1" ? keepUnread(cursor, tokens) : withNewlines(cursor, "blank", () => readPart(cursor, tokens, sign));
}

function keepUnread(cursor: Cursor, tokens: TemplateTokens): Parsed<undefined> {
  const start = cursor.offset;
  const skipped = skipBraces(cursor);
  if (!skipped.ok) return skipped;
  addPart(tokens, { kind: "unread", source: cursor.text.slice(start, cursor.offset), range: rangeFrom(cursor, start) }, { before: false, after: false });
  return ok(undefined);
}

function readPart(cursor: Cursor, tokens: TemplateTokens, sign: "$" | "%"): Parsed<undefined> {
  const start = cursor.offset;
  const before = cursor.text[start + 2] === "~";
  cursor.offset += before ? 3 : 2;
  const part = sign === "$" ? readInterpolation(cursor) : readDirective(cursor);
  if (!part.ok) return part;
  skipBlanks(cursor);
  const after = cursor.text.startsWith("~}", cursor.offset);
  if (cursor.offset >= cursor.text.length) return failAt(cursor, start, 'this template part has no closing "}"', "Unclosed template interpolation sequence");
  if (!after && cursor.text[cursor.offset] !== "}") return failExpecting(cursor, 'the "}" of this template part', "Extra characters after interpolation expression");
  cursor.offset += after ? 2 : 1;
  addPart(tokens, { ...part.value, range: rangeFrom(cursor, start) }, { before, after });
  return ok(undefined);
}

function readInterpolation(cursor: Cursor): Parsed<PartWithoutRange> {
  const expression = cursor.parseExpression(cursor);
  return expression.ok ? ok({ kind: "interpolation", expression: expression.value }) : expression;
}

function readDirective(cursor: Cursor): Parsed<PartWithoutRange> {
  skipBlanks(cursor);
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  if (word === "else" || word === "endif" || word === "endfor") return ok({ kind: word });
  if (word === "if") {
    const condition = cursor.parseExpression(cursor);
    return condition.ok ? ok({ kind: "if", condition: condition.value }) : condition;
  }
  if (word === "for") {
    const intro = parseForIntro(cursor);
    return intro.ok ? ok({ kind: "for", ...intro.value }) : intro;
  }
  cursor.offset = start;
  return failExpecting(cursor, "if, else, endif, for or endfor in this directive", "Invalid template directive");
}
