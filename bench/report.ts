/** @module The table that the bench prints: Markdown, so that it can go into docs/benchmarks.md as it is. */

export type Row = {
  readonly measure: string;
  readonly bridge: string;
  readonly direct: string;
  /** Difference or ratio of the two. */
  readonly compared: string;
  readonly target: string;
};

const HEADINGS: Row = { measure: "measure", bridge: "through the bridge", direct: "direct", compared: "compared", target: "target" };

export function table(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows].map((row) => cells(row));
  const widths = cells(HEADINGS).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [heading = "", ...body] = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [heading, rule, ...body, ""].join("\n");
}

const cells = (row: Row): readonly string[] => [row.measure, row.bridge, row.direct, row.compared, row.target];

export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
export const seconds = (valueMs: number): string => `${(valueMs / 1000).toFixed(2)} s`;
export const ratio = (value: number): string => `${value.toFixed(2)} ×`;
export const percent = (value: number): string => `${Math.round(value * 100)} %`;
