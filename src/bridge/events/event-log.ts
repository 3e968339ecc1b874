/**
 * @module The last events, as a log that every stream reads at its own place: a reader that falls out of it has been too slow. Pure.
 * Used by event-stream.ts.
 */
import type { NomadEvent } from "./event.ts";

export type EventLog = {
  readonly events: readonly NomadEvent[];
  /** The place of the first of them: how many there were before it. */
  readonly first: number;
  readonly size: number;
};

export const emptyLog = (size: number): EventLog => ({ events: [], first: 0, size });

/** The oldest makes room. */
export function append(log: EventLog, event: NomadEvent): EventLog {
  const events = [...log.events, event];
  const surplus = Math.max(0, events.length - log.size);
  return { ...log, events: events.slice(surplus), first: log.first + surplus };
}

/** The place of the first event that has this index or a later one; the end where there is none yet. */
export function placeOf({ events, first }: EventLog, index: number): number {
  const at = events.findIndex((event) => event.index >= index);
  return first + (at === -1 ? events.length : at);
}

export type Reading = { readonly kind: "events"; readonly events: readonly NomadEvent[]; readonly place: number } | { readonly kind: "behind" };

/** What follows the place, up to the next change of index: events of one index belong in one line. */
export function readNext({ events, first }: EventLog, place: number, isWanted: (event: NomadEvent) => boolean): Reading {
  if (place < first) return { kind: "behind" };
  const found: NomadEvent[] = [];
  let at = place - first;
  for (; at < events.length; at += 1) {
    const event = events[at];
    if (event === undefined || (found[0] !== undefined && event.index !== found[0].index)) break;
    if (isWanted(event)) found.push(event);
  }
  return { kind: "events", events: found, place: first + at };
}
