import { describe, expect, it } from "vitest";
import { heldOpen, withoutWaiting } from "../../../../src/bridge/client/open-streams.ts";
import type { Piece } from "../../../../src/bridge/client/operation-session.ts";
import { framedBody, type PieceSource } from "../../../../src/bridge/client/stream-body.ts";
import { ok } from "../../../../src/lib/result.ts";

const piece = (text: string): Piece => ({ kind: "data", data: Buffer.from(text) });

/** Gives these, then what `last` gives. */
function sourceOf(pieces: readonly Piece[], last: PieceSource["next"] = async () => ok(undefined)): PieceSource {
  const left = [...pieces];
  return { next: async () => (left.length > 0 ? ok(left.shift()) : await last()), close: () => undefined };
}

describe("a stream in which nothing comes", () => {
  it("is answered all the same, and beats", async () => {
    const source = await withoutWaiting(sourceOf([], async () => await new Promise(() => undefined)));
    const first = await source.next();
    const reader = framedBody(source, first.ok ? first.value : undefined).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("{}");
    await reader.cancel();
  });

  it("loses nothing of what comes later", async () => {
    const late = Promise.withResolvers<undefined>();
    const pieces = [piece("late"), piece("later")];
    const source = await withoutWaiting(sourceOf([], async () => (await late.promise, ok(pieces.shift()))));
    expect(await source.next()).toEqual(ok({ kind: "data", data: new Uint8Array(0) }));
    late.resolve(undefined);
    expect([await source.next(), await source.next(), await source.next()]).toEqual([ok(piece("late")), ok(piece("later")), ok(undefined)]);
  });
});

describe("a stream that has come to its end", () => {
  it("stays open until its right is taken away", async () => {
    const revoked = new AbortController();
    const source = heldOpen(sourceOf([piece("last")]), { revoked: revoked.signal, close: () => undefined });
    expect(await source.next()).toEqual(ok(piece("last")));
    let isOver = false;
    const end = source.next().then((read) => ((isOver = true), read));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(false);
    revoked.abort();
    expect(await end).toEqual(ok(undefined));
  });

  it("gives its place back with its client", async () => {
    let closed = 0;
    const source = heldOpen(sourceOf([]), { revoked: new AbortController().signal, close: () => void closed++ });
    const end = source.next();
    source.close();
    expect([await end, closed]).toEqual([ok(undefined), 1]);
  });
});
