/** @module `nomad monitor`: the server's own log as it is written, for whoever may read the agent. Used by http-app.ts. */
import { allowAgentRead } from "../../nomad/acl/acl.ts";
import { encodeStreamFrame, HEARTBEAT } from "../../nomad/stream-frames.ts";
import { parseGoBool } from "../../lib/go-bool.ts";
import { type Reply, stream, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { type LogSubscription, readLevel } from "./log-lines.ts";

const HEARTBEAT_MS = 1_000;

function monitor({ search, logLines, identityNow, signal }: RequestContext): Reply {
  const level = readLevel(search.get("log_level") ?? "");
  if (level === undefined) return text(400, `Unknown log level: ${search.get("log_level") ?? ""}`);
  const plain = parseGoBool(search.get("plain") ?? "") === true;
  const lines = logLines.subscribe(level, parseGoBool(search.get("log_json") ?? "") === true ? "json" : "text");
  if (lines === undefined) return text(429, "too many monitors are open; close one, and ask again");
  signal.addEventListener("abort", lines.close, { once: true });
  const mayRead = () => {
    const identity = identityNow();
    return identity !== undefined && allowAgentRead(identity.acl);
  };
  return stream(plain ? "text/plain; charset=utf-8" : "application/json", bodyOf(lines, { plain, isOver: () => signal.aborted || !mayRead() }));
}

/** A line is taken only when the client has taken the one before. */
function bodyOf(lines: LogSubscription, { plain, isOver }: { readonly plain: boolean; readonly isOver: () => boolean }): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const next = await lines.next(HEARTBEAT_MS);
        if (isOver()) {
          lines.close();
          return controller.close();
        }
        if (next === undefined) return controller.enqueue(encoder.encode(plain ? "" : HEARTBEAT));
        controller.enqueue(encoder.encode(plain ? next : encodeStreamFrame({ file: "", offset: 0, data: Buffer.from(next) })));
      },
      cancel: () => lines.close(),
    },
    { highWaterMark: 0 },
  );
}

export const MONITOR_ROUTES: Routes = { "GET /v1/agent/monitor": monitor };
