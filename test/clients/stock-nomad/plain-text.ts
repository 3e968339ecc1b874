/** @module What the stock CLI prints, without what no two servers share: IDs, times, indexes, usage and the widths of columns. Pure. */

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`;

const REPLACEMENTS: readonly (readonly [pattern: RegExp, by: string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>"],
  [/\b[0-9a-f]{8}\b/g, "<id>"],
  [new RegExp(TIME, "g"), "<time>"],
  [/(?:\d+(?:ms|y|mo|d|h|m|s))+ ago/g, "<age>"],
  [/(?:\d+(?:ms|y|mo|d|h|m|s))+ from now/g, "<ahead>"],
  [/\b(dispatch|periodic)-\d{10}\b/g, "$1-<seconds>"],
  [/(\bindex: |-check-index )\d+/gi, "$1<index>"],
  [/^(Node Name +=) .*$/gm, "$1 <node>"],
  // Used of asked for: what a task uses is its own affair.
  [/\b\d+\/(\d+ MHz)/g, "$1"],
  [/\b\d+(?:\.\d+)? [KMGT]?i?B\/(?=\d)/g, ""],
  [/(?<=\S) {2,}/g, "  "],
  [/[ \t]+$/gm, ""],
];

/** Lines of a monitor that depend on how often it happened to look. */
const PASSING = /^ +<time>: (?:Allocation "<id>" (?:status changed|modified)|Evaluation status changed).*\n/gm;

/** Each look at a deployment prints all of it anew when nobody sits at a terminal. */
const LOOKS = /(?:^\n<time>\nID {2}= <id>\n(?:.+\n|\n(?!<time>))*)+(?=^\n<time>\nID {2}= <id>\n)/gm;

/** What one look of a monitor tells, whose order is nobody's. */
const TOLD = /(?:^ +<time>: .*\n){2,}/gm;

/** Allocations of one moment, one below the other. */
const ALLOCATIONS = /(?:^<id> {2}<id> {2}.*\n){2,}/gm;

/** Equal texts say the same to a person. */
export function plainText(printed: string): string {
  const generic = REPLACEMENTS.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), printed);
  return generic
    .replaceAll(PASSING, "")
    .replaceAll(LOOKS, "")
    .replaceAll(TOLD, sorted)
    .replaceAll(ALLOCATIONS, sorted);
}

const sorted = (lines: string): string => `${lines.trimEnd().split("\n").toSorted().join("\n")}\n`;
