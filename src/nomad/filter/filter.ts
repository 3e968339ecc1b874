/**
 * @module `filter=` of Nomad's lists: go-bexpr expressions over the fields of a row. Used by the bridge's lists.
 * Source: developer.hashicorp.com/nomad/api-docs#filtering
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { evaluate } from "./evaluate.ts";
import { parseFilter } from "./parse.ts";

/** True for a row that stays. The error, with which Nomad refuses the whole list, is for a 400. */
export type RowFilter = (row: object) => Result<boolean, string>;

/** What one filter may do to all rows of a request: well below a second. */
const WORK_PER_REQUEST = 5_000_000;

/**
 * A filter for the rows of one request; make another for the next, as it counts its work. The error is Nomad's text for a 400.
 * @param work steps that it may take over all rows
 */
export function compileFilter(text: string, work = WORK_PER_REQUEST): Result<RowFilter, string> {
  const expression = parseFilter(text);
  if (!expression.ok) return err(`failed to create result paginator: failed to read filter expression: ${expression.error}`);
  const budget = { left: work };
  return ok((row) => {
    const answer = evaluate(expression.value, { row, locals: [], budget });
    return answer.ok ? answer : err(`failed to read result page: ${answer.error}`);
  });
}
