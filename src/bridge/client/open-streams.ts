/** @module Streams that are followed although nothing comes: a client must hear at once that there is one, and one that has come to its end stays open. Used by logs-handler.ts. */
import { ok } from "../../lib/result.ts";
import type { SessionSlot } from "../session-registry.ts";
import type { Piece } from "./operation-session.ts";
import { type PieceSource, within } from "./stream-body.ts";

/** A refusal comes sooner than this. */
const PATIENCE_MS = 1000;

/** Says nothing in any form. */
const NOTHING_YET: Piece = { kind: "data", data: new Uint8Array(0) };

/** The same, with an empty piece before the first one if that takes long: the CLI reads no stream before all that it follows have been answered. */
export async function withoutWaiting(source: PieceSource): Promise<PieceSource> {
  const pending = source.next();
  const first = await within(pending, PATIENCE_MS);
  const before = first === undefined ? [Promise.resolve(ok(NOTHING_YET)), pending] : [pending];
  return { next: async () => await (before.shift() ?? source.next()), close: source.close };
}

/** The same, which does not end by itself, as on Nomad, but with the client or with its right. It holds a place among the open streams. */
export function heldOpen(source: PieceSource, slot: SessionSlot): PieceSource {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  if (slot.revoked.aborted) end();
  else slot.revoked.addEventListener("abort", () => end(), { once: true });
  const next: PieceSource["next"] = async () => {
    const read = await source.next();
    if (read.ok && read.value === undefined) await over;
    return read;
  };
  const close = (): void => {
    end();
    slot.close();
    source.close();
  };
  return { next, close };
}
