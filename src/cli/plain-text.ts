/** @module Texts of users' own words that move no terminal's cursor and mean nothing to Markdown. Used by what the commands print. */

/** Control characters that JSON and YAML leave as they are. */
export const BEYOND_ASCII = /[\u007f-\u009f]/g;

/** On one line, without control characters. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
export const plain = (text: string): string => text.replace(/[\t\n]/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "\uFFFD");

/** With a newline at the end. */
export const plainJson = (value: unknown): string => `${JSON.stringify(value, null, 2).replace(BEYOND_ASCII, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)}\n`;

/** Text for a cell of a table: no bar, tag, link or line end of it has a meaning. */
export const markdownCell = (text: string): string => plain(text).replace(/[\\`*_[\]<>|~#]/g, "\\$&");

/** Code for a cell. A bar ends a cell even there. */
export const code = (text: string): string => `\`${plain(text).replaceAll("`", "'").replaceAll("|", "\\|")}\``;

/** With a newline at the end. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "Nothing.\n";
  return `${[titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}
