/** @module What was worked out lately, by its key: the oldest is dropped when there is no room. Used by the controller of NomadJobs. */

export function createMemo(size: number): <T>(key: string, make: () => T) => T {
  const known = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    const found = known.has(key) ? (known.get(key) as T) : make();
    known.delete(key);
    known.set(key, found);
    const oldest = known.size > size ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return found;
  };
}
