/** @module Go's boolean words, which Nomad takes in queries, flags and environment variables. Source: pkg.go.dev/strconv#ParseBool */

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** Undefined for what is no boolean, the empty text among it. */
export function parseGoBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}
