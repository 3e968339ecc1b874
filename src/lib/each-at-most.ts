/** @module Many pieces of work, a few at a time: the server on the other side has others to serve. */

/**
 * In order, until there are no more items, or `work` answers false or rejects: then nothing further begins, and the answer comes
 * when what is under way is over. A rejection is passed on at once.
 * @param limit how many are under way at once
 */
export async function eachAtMost<T>(limit: number, items: Iterable<T>, work: (item: T) => Promise<boolean>): Promise<void> {
  const left = items[Symbol.iterator]();
  let goesOn = true;
  const worker = async (): Promise<void> => {
    for (let next = left.next(); goesOn && next.done !== true; next = left.next()) {
      const isToGoOn = await work(next.value).catch((error: unknown) => {
        goesOn = false;
        throw error;
      });
      if (!isToGoOn) goesOn = false;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
