/** @module Nomad's globs, which know only "*", and the rule that lies closest to a name. Used by acl.ts. */

/** `*` stands for any characters, none included; everything else for itself, in the same case. */
export function matchesGlob(glob: string, name: string): boolean {
  let globAt = 0;
  let nameAt = 0;
  let star = -1;
  let afterStar = 0;
  while (nameAt < name.length) {
    if (glob[globAt] === "*") {
      star = globAt++;
      afterStar = nameAt;
    } else if (glob[globAt] === name[nameAt]) {
      globAt++;
      nameAt++;
    } else if (star === -1) {
      return false;
    } else {
      globAt = star + 1;
      nameAt = ++afterStar;
    }
  }
  return /^\**$/.test(glob.slice(globAt));
}

/**
 * The one rule that holds for a name: the rule of that very name, else the matching glob whose stars stand for the fewest characters.
 * Between globs that are equally close, the last one in byte order wins, as it does on Nomad.
 */
export function closestRule<T>(rules: ReadonlyMap<string, T>, name: string): T | undefined {
  const exact = rules.get(name);
  if (exact !== undefined && !name.includes("*")) return exact;
  const globs = [...rules.keys()].filter((glob) => glob.includes("*") && matchesGlob(glob, name));
  const [closest] = globs.sort((a, b) => distance(a, name) - distance(b, name) || (a < b ? 1 : -1));
  return closest === undefined ? undefined : rules.get(closest);
}

/** How many characters of the name the glob's stars stand for. */
function distance(glob: string, name: string): number {
  return name.length - glob.length + glob.split("*").length - 1;
}
