/**
 * @module The logs of a task that no container shows any more, from what the kubelet has kept of its last run: until the pod is collected, and at
 * most as long as the kubelet keeps it. Used by logs-handler.ts.
 */
import type { Pod } from "../../api/pod.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { ClientDeps } from "./client-deps.ts";
import type { LogsRequest } from "./file-request.ts";
import type { OperationProblem, Piece } from "./operation-session.ts";
import type { PieceSource } from "./stream-body.ts";

/** A kubelet keeps 10 MiB in one file unless it is told otherwise; more of an end than this is not held. */
const MAX_TAIL_BYTES = 10 * 1024 * 1024;

export type EndedTask = { readonly pod: Pod; readonly container: string; readonly request: LogsRequest };

/**
 * Where the API server cannot tell the streams apart, stdout has both and stderr is empty. The error is why there is nothing: kubelet or
 * node are gone.
 */
export async function endedLogs({ podLog }: Pick<ClientDeps, "podLog">, { pod, container, request }: EndedTask): Promise<Result<PieceSource, string>> {
  const { stream, origin, offset, task } = request;
  const abort = new AbortController();
  // No line is shorter than its end, so as many lines as bytes are enough.
  const tail = origin === "end" ? { tailLines: Math.min(offset, MAX_TAIL_BYTES) + 1 } : {};
  const { namespace = "default", name } = pod.metadata;
  const log = await podLog({ namespace, pod: name, container, stream, ...tail }, abort.signal);
  if (!log.ok) return log;
  const isEmpty = stream === "stderr" && !log.value.apart;
  if (isEmpty) abort.abort("nothing of it is wanted");
  const wanted = isEmpty ? [] : origin === "end" ? lastBytes(log.value.bytes, Math.min(offset, MAX_TAIL_BYTES)) : withoutFirst(log.value.bytes, offset);
  return ok(sourceOf(pieces(`${task}.${stream}.0`, origin === "start" ? offset : 0, wanted), abort));
}

async function* pieces(file: string, offset: number, wanted: AsyncIterable<Uint8Array> | readonly Uint8Array[]): AsyncGenerator<Piece> {
  yield { kind: "file", message: { file, offset } };
  for await (const data of wanted) yield { kind: "data", data };
}

async function* withoutFirst(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const part of bytes) {
    if (part.length > left) yield part.subarray(left);
    left = Math.max(0, left - part.length);
  }
}

/** Holds no more than twice as many at a time. */
async function* lastBytes(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  if (count === 0) return;
  let kept = Buffer.alloc(0);
  let parts: Uint8Array[] = [];
  let waiting = 0;
  const join = (): void => {
    const all = Buffer.concat([kept, ...parts]);
    kept = Buffer.from(all.subarray(Math.max(0, all.length - count)));
    parts = [];
    waiting = 0;
  };
  for await (const part of bytes) {
    parts.push(part);
    waiting += part.length;
    if (waiting >= count) join();
  }
  join();
  if (kept.length > 0) yield kept;
}

function sourceOf(all: AsyncGenerator<Piece>, abort: AbortController): PieceSource {
  const next = async (): Promise<Result<Piece | undefined, OperationProblem>> => {
    try {
      const { value, done } = await all.next();
      return ok(done === true ? undefined : value);
    } catch (error) {
      return { ok: false, error: { kind: "lost", message: `the log broke off: ${String(error)}`, status: 500 } };
    }
  };
  return { next, close: () => abort.abort("the log is not wanted any more") };
}
