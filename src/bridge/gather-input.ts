/** @module Joins the small pieces of stdin that arrive together, before the session sees them: the stock client sends 2 KiB a frame. Used by the relay. */
import type { ClientFrame } from "../nomad/exec-frames.ts";

export type InputGatherer = {
  /** Hands over in the order of the calls; a small piece of stdin at the latest in the next turn of the event loop. */
  readonly take: (frame: ClientFrame) => void;
  /** Hands over at once what is still held. */
  readonly flush: () => void;
};

/** What is handed over at the latest. A single piece of half of it is handed over uncopied. */
const GATHER_BYTES = 64 * 1024;

export function gatherInput(handOver: (frame: ClientFrame) => void): InputGatherer {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (pieces.length === 0) return;
    const data = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
    if (data !== undefined) handOver({ stdin: { data } });
  };
  const hold = (piece: Buffer): void => {
    if (pieces.length === 0) setImmediate(flush);
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= GATHER_BYTES) flush();
  };
  const take = (frame: ClientFrame): void => {
    const piece = smallPiece(frame);
    if (piece !== undefined) return hold(piece);
    flush();
    handOver(frame);
  };
  return { take, flush };
}

/** The data of a frame that holds nothing else, and little of it. */
function smallPiece({ stdin, ttySize }: ClientFrame): Buffer | undefined {
  if (ttySize !== undefined || stdin?.data === undefined || stdin.close !== undefined) return undefined;
  return stdin.data.length < GATHER_BYTES / 2 ? stdin.data : undefined;
}
