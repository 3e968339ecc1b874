/**
 * @module Logs that are followed beyond the end of a container: when a task is restarted there is another, and the files are still there. Ends with
 * the allocation. Used by logs-handler.ts.
 */
import type { LogPosition, LogsOperation } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { SessionSlot } from "../session-registry.ts";
import type { Piece, OperationProblem } from "./operation-session.ts";
import type { OperationReader } from "./operation-reader.ts";
import type { PieceSource } from "./stream-body.ts";

/** Where the logs can be read now. `over`: nowhere any more. */
export type LogPlace = "over" | "later" | OperationReader;

export type FollowDeps = {
  /** Opens them behind the position; undefined where there was none yet. */
  readonly reopen: (after: LogPosition | undefined) => Promise<Result<LogPlace, OperationProblem>>;
  /** A place among the open streams, as every reader has: who waits without a reader holds one, too. The error says that there is none. */
  readonly hold: () => Result<SessionSlot, string>;
  readonly sleep: (ms: number) => Promise<void>;
};

const BETWEEN_TRIES_MS = 500;

/** Reads on and on: what is lost with a container is read again from where it was, and nothing twice. */
export function followedLogs(deps: FollowDeps, first: OperationReader, operation: Pick<LogsOperation, "task" | "stream">): PieceSource {
  let reader = first;
  let isClosed = false;
  let position: LogPosition | undefined;
  let waiting: SessionSlot | undefined;
  const next = async (): Promise<Result<Piece | undefined, OperationProblem>> => {
    for (;;) {
      const read = await reader.next();
      if (isClosed) return ok(undefined);
      if (read.ok && read.value !== undefined) {
        position = positionBehind(position, read.value, operation);
        return read;
      }
      if (!read.ok && read.error.kind === "refused") return read;
      reader.close();
      const again = await open();
      if (!again.ok) return again;
      if (again.value === undefined) return ok(undefined);
      reader = again.value;
    }
  };
  const open = async (): Promise<Result<OperationReader | undefined, OperationProblem>> => {
    for (;;) {
      const place = await deps.reopen(position);
      if (isClosed) {
        if (place.ok && typeof place.value === "object") place.value.close();
        return ok(undefined);
      }
      if (!place.ok) return err(place.error);
      if (place.value === "over") return ok(undefined);
      if (place.value !== "later") return ok(place.value);
      const slot = deps.hold();
      if (!slot.ok) return err({ kind: "refused", message: slot.error, status: 429 });
      waiting = slot.value;
      await deps.sleep(BETWEEN_TRIES_MS);
      // The next reader needs a place of its own, which may be this one.
      waiting.close();
      if (isClosed) return ok(undefined);
    }
  };
  const close = (): void => {
    isClosed = true;
    waiting?.close();
    reader.close();
  };
  return { next, close };
}

/** Files are numbered behind the last dot; of what has another name there is no position. */
export function positionBehind(before: LogPosition | undefined, piece: Piece, { task, stream }: Pick<LogsOperation, "task" | "stream">): LogPosition | undefined {
  if (piece.kind === "data") return before === undefined ? undefined : { ...before, offset: before.offset + piece.data.length };
  const { file, offset } = piece.message;
  const prefix = `${task}.${stream}.`;
  const number = file.startsWith(prefix) ? Number(file.slice(prefix.length)) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? { number, offset } : before;
}
