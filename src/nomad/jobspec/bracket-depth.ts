/** @module How deep a JSON text nests, found before it is parsed. Used by decode-job.ts. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The most brackets and braces that are open at once; brackets in strings are none. One pass, whatever the text is. */
export function maxBracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = closingQuote(text, at + 1);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, (depth += 1));
    if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
