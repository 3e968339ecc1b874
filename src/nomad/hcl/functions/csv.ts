/** @module CSV as rows of fields. Used by encoding.ts. Source: RFC 4180, and what Go's encoding/csv adds: blank lines do not count. */
import { err, ok, type Result } from "../../../lib/result.ts";

type Rows = readonly (readonly string[])[];

export function parseCsv(text: string): Result<Rows, string> {
  const rows: string[][] = [];
  let row: string[] = [];
  let line = 1;
  const source = text.replaceAll("\r\n", "\n");
  for (let at = 0; at < source.length; ) {
    if (source[at] === "\n" && row.length === 0) {
      at += 1;
      line += 1;
      continue;
    }
    const field = source[at] === '"' ? quotedField(source, at, line) : bareField(source, at, line);
    if (!field.ok) return field;
    row.push(field.value.text);
    line += field.value.text.split("\n").length - 1;
    at = field.value.end;
    if (source[at] === "," && at + 1 < source.length && source[at + 1] !== "\n") at += 1;
    else {
      if (source[at] === ",") {
        row.push("");
        at += 1;
      }
      rows.push(row);
      row = [];
      at += 1;
      line += 1;
    }
  }
  return ok(rows);
}

type Field = Result<{ readonly text: string; readonly end: number }, string>;

function bareField(source: string, start: number, line: number): Field {
  const stop = /[,\n]/g;
  stop.lastIndex = start;
  const end = stop.exec(source)?.index ?? source.length;
  const text = source.slice(start, end);
  return text.includes('"') ? err(`parse error on line ${line}: bare " in non-quoted-field`) : ok({ text, end });
}

function quotedField(source: string, start: number, line: number): Field {
  let text = "";
  for (let at = start + 1; ; ) {
    const quote = source.indexOf('"', at);
    if (quote === -1) return err(`parse error on line ${line}: extraneous or missing " in quoted-field`);
    text += source.slice(at, quote);
    if (source[quote + 1] === '"') {
      text += '"';
      at = quote + 2;
      continue;
    }
    const next = source[quote + 1];
    if (next !== undefined && next !== "," && next !== "\n") return err(`parse error on line ${line}: extraneous or missing " in quoted-field`);
    return ok({ text, end: quote + 1 });
  }
}
