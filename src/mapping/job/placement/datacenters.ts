/** @module Globs of datacenters: "*" is any text, "?" one character. Linear in the text, whatever the glob. */

export function globPattern(glob: string): (text: string) => boolean {
  const parts = Array.from(glob);
  return (text) => {
    const characters = Array.from(text);
    let [g, t, star, mark] = [0, 0, -1, 0];
    while (t < characters.length) {
      if (parts[g] === "*") [star, mark, g] = [g, t, g + 1];
      else if (g < parts.length && (parts[g] === "?" || parts[g] === characters[t])) [g, t] = [g + 1, t + 1];
      else if (star >= 0) [mark, t, g] = [mark + 1, mark + 1, star + 1];
      else return false;
    }
    return parts.slice(g).every((part) => part === "*");
  };
}
