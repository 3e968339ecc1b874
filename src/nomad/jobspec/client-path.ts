/** @module Paths of a job as its client reads them, below the allocation's directory. Used by validation. */

/**
 * Whether a path leads out of the allocation's directory from `depth` levels inside of it; a task's own directory is one. An absolute path
 * begins where a relative one does. Values that are known only on the node count as one name.
 */
export function climbsOut(path: string, depth = 1): boolean {
  let level = depth;
  for (const name of path.split("/")) {
    if (name === "..") level -= 1;
    if (name !== ".." && name !== "." && name !== "") level += 1;
    if (level < 0) return true;
  }
  return false;
}
