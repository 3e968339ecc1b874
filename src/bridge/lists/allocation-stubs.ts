/**
 * @module Rows of allocations, remembered with their text while nothing that they are made of changes: lists are asked for all the time, and of
 * their rows hardly one has changed since. Used by the handlers of lists, and where replies become bytes.
 */
import type { Pod } from "../../api/pod.ts";
import { allocationStub, type AllocationSource } from "../../mapping/nomad-allocation.ts";
import type { NomadAllocationStub } from "../../nomad/api-types.ts";

export type AllocationStubs = {
  readonly of: (source: AllocationSource) => NomadAllocationStub;
  /** The JSON of a row that is remembered; undefined for any other value. */
  readonly textOf: (row: unknown) => string | undefined;
};

type Known = { readonly source: AllocationSource; readonly stub: NomadAllocationStub };

/** Objects of caches never change: another version is another object. What no longer is in a cache is forgotten with it. */
export function allocationStubs(): AllocationStubs {
  const known = new WeakMap<Pod, Known>();
  const texts = new WeakMap<object, string>();
  return {
    of: (source) => {
      const found = known.get(source.pod);
      if (found !== undefined && isSame(found.source, source)) return found.stub;
      const stub = allocationStub(source);
      const text = finalText(source, stub);
      if (text !== undefined) {
        known.set(source.pod, { source, stub });
        texts.set(stub, text);
      }
      return stub;
    },
    textOf: (row) => (typeof row === "object" && row !== null ? texts.get(row) : undefined),
  };
}

/** Time goes on; a clock that was set back is another matter. */
const isSame = (a: AllocationSource, b: AllocationSource): boolean =>
  a.job === b.job && a.record.object === b.record.object && a.nodeId === b.nodeId && a.next === b.next && a.now <= b.now;

/** Delays run out and allocations become healthy as time goes by. What will be the same at the end of time changes with the objects alone. */
function finalText(source: AllocationSource, stub: NomadAllocationStub): string | undefined {
  const text = JSON.stringify(stub);
  return text === JSON.stringify(allocationStub({ ...source, now: Infinity })) ? text : undefined;
}
