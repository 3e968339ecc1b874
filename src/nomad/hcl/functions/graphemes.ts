/** @module What a person counts as one character. Used by the functions of text. */

/** Takes time by the length of the text alone. */
export function graphemes(text: string): readonly string[] {
  // ASCII without control characters needs no segmenter, and most texts are that.
  if (/^[ -~]*$/.test(text)) return text.split("");
  return Array.from(new Intl.Segmenter("und", { granularity: "grapheme" }).segment(text), ({ segment }) => segment);
}
