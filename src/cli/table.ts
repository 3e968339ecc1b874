/** @module Nomad's plain tables and ages, as its CLI prints them. Used by the commands. */

/** Columns as wide as their widest cell, two spaces apart; the last one is not padded. No newline at the end. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}

const UNITS = [
  { name: "y", seconds: 365 * 86_400 },
  { name: "mo", seconds: 30 * 86_400 },
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3600 },
  { name: "m", seconds: 60 },
  { name: "s", seconds: 1 },
] as const;

/** The two largest units of an age, such as "2h5m ago". A time of 0 is unknown and gives "<none>"; the future counts as now. */
export function formatAge(thenMs: number, nowMs: number): string {
  if (thenMs <= 0) return "<none>";
  const age = Math.floor((nowMs - thenMs) / 1000);
  const first = UNITS.findIndex((unit) => age >= unit.seconds);
  if (first < 0) return "0s ago";
  let rest = age;
  let text = "";
  for (const unit of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unit.seconds);
    rest -= count * unit.seconds;
    if (count > 0) text += `${count}${unit.name}`;
  }
  return `${text} ago`;
}
