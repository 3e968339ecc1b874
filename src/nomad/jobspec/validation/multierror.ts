/** @module Several errors as one text, in the form that Nomad's answers have. Used by validation, access, mapping, controller and bridge. */

/** "2 errors occurred:" and a line for each, a blank line at the end. "" for none. */
export function multierror(errors: readonly string[]): string {
  if (errors.length === 0) return "";
  const points = errors.map((error) => `* ${error}`).join("\n\t");
  return `${errors.length} ${errors.length === 1 ? "error" : "errors"} occurred:\n\t${points}\n\n`;
}

/** What stands in `Warnings` of a reply. "" for none. */
export function formatWarnings(warnings: readonly string[]): string {
  if (warnings.length === 0) return "";
  return `${warnings.length} ${warnings.length === 1 ? "warning" : "warnings"}:\n\n${warnings.map((warning) => `* ${warning.trim()}`).join("\n")}`;
}

/** The errors of a part as one error of the whole; none where the part has none. */
export const nestedError = (title: string, errors: readonly string[]): readonly string[] =>
  errors.length === 0 ? [] : [`${title}: ${multierror(errors)}`];

/** The same without a title: some of Nomad's lists of errors stand bare in another. */
export const untitled = (errors: readonly string[]): readonly string[] => (errors.length === 0 ? [] : [multierror(errors)]);

/** A text that is an error where the condition holds. */
export const errorIf = (condition: boolean, text: string): readonly string[] => (condition ? [text] : []);
