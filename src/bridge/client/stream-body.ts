/** @module Pieces of logs and files as the body of a reply: in Nomad's frames with a heartbeat, or plain. Nothing is read before the client has room for it. Used by the handlers of this folder. */
import type { Result } from "../../lib/result.ts";
import { encodeStreamData, encodeStreamFrame, HEARTBEAT } from "../../nomad/stream-frames.ts";
import type { OperationReader } from "./operation-reader.ts";
import type { OperationProblem, Piece } from "./operation-session.ts";

export type PieceSource = Pick<OperationReader, "next" | "close">;

const HEARTBEAT_MS = 1000;

/** Undefined: a piece that says nothing in this form. */
type Encoder = (piece: Piece) => Uint8Array | undefined;

/**
 * @param first what was read already, to know that there is something to send
 * @param directory what stands before the names of files, "" for nothing
 */
export function framedBody(source: PieceSource, first: Piece | undefined, directory = ""): ReadableStream<Uint8Array> {
  return bodyOf(source, first, { encode: frameEncoder(directory), heartbeat: true });
}

export function plainBody(source: PieceSource, first: Piece | undefined): ReadableStream<Uint8Array> {
  return bodyOf(source, first, { encode: (piece) => (piece.kind === "data" ? piece.data : undefined), heartbeat: false });
}

/** Each frame says which file its bytes are from, and where they are in it. */
function frameEncoder(directory: string): Encoder {
  let place = { file: "", offset: 0 };
  return (piece) => {
    if (piece.kind === "file") {
      const { offset, event } = piece.message;
      const file = piece.message.file === "" ? "" : `${directory}${piece.message.file}`;
      place = { file, offset };
      return event === undefined ? undefined : Buffer.from(encodeStreamFrame({ file, offset, event }));
    }
    const frames = encodeStreamData(place.file, place.offset, piece.data);
    place = { ...place, offset: place.offset + piece.data.length };
    return frames === "" ? undefined : Buffer.from(frames);
  };
}

type Form = { readonly encode: Encoder; readonly heartbeat: boolean };
type Next = Promise<Result<Piece | undefined, OperationProblem>>;

function bodyOf(source: PieceSource, first: Piece | undefined, { encode, heartbeat }: Form): ReadableStream<Uint8Array> {
  let waiting: Next | undefined = Promise.resolve({ ok: true, value: first });
  let isOver = first === undefined;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      if (isOver) return finish(controller);
      waiting ??= source.next();
      const next = heartbeat ? await within(waiting, HEARTBEAT_MS) : await waiting;
      if (next === undefined) return controller.enqueue(Buffer.from(HEARTBEAT));
      waiting = undefined;
      // What the client has so far looks whole: only a broken connection tells that it is not.
      if (!next.ok) return fail(controller, next.error);
      if (next.value === undefined) return finish(controller);
      const bytes = encode(next.value);
      if (bytes !== undefined) return controller.enqueue(bytes);
    }
  };
  const finish = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    isOver = true;
    source.close();
    controller.close();
  };
  const fail = (controller: ReadableStreamDefaultController<Uint8Array>, problem: OperationProblem): void => {
    source.close();
    controller.error(new Error(problem.message));
  };
  return new ReadableStream({ pull, cancel: () => source.close() }, { highWaterMark: 0 });
}

/** Undefined when it takes longer. */
async function within(next: Next, ms: number): Promise<Awaited<Next> | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([next, promise]);
  } finally {
    clearTimeout(timer);
  }
}

const MAX_COLLECTED_BYTES = 16 * 1024 * 1024;

/** All of a short answer. Closes the source. */
export async function collect(source: PieceSource): Promise<Result<Buffer, OperationProblem>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const next = await source.next();
      if (!next.ok) return next;
      if (next.value === undefined) return { ok: true, value: Buffer.concat(parts) };
      if (next.value.kind !== "data") continue;
      bytes += next.value.data.length;
      if (bytes > MAX_COLLECTED_BYTES) return { ok: false, error: { kind: "lost", message: "the pod's answer is too long", status: 500 } };
      parts.push(next.value.data);
    }
  } finally {
    source.close();
  }
}
