/** @module What somebody may have meant by a name that is not known. Used by decode-body.ts. Source: the rule of HashiCorp's library: the first, by name, that is less than 3 edits away */

const TOO_FAR = 3;

/** ` Did you mean "count"?`, or "". */
export function suggestion(name: string, known: readonly string[]): string {
  const near = known.toSorted().find((other) => Math.abs(other.length - name.length) < TOO_FAR && edits(name, other) < TOO_FAR);
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}

/** How many letters are to be put in, taken out or replaced. The two differ by two letters in length at most, so that neither is long. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      next.push(Math.min((row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1, (row[at - 1] ?? 0) + (to[at - 1] === letter ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
