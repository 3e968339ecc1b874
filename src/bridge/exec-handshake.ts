/** @module A browser's first frame of an exec session, which brings the token that it cannot send as a header. Used by the exec route. Source: what Nomad's web interface sends. */
import type { RawData, WebSocket } from "ws";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import type { ExecProblem } from "./exec-request.ts";

/** `token`: "" where the frame has none. `release` hands on what came behind the frame, and is to be called once somebody listens. */
export type Handshake = { readonly token: string; readonly release: () => void };

const VERSION = 1;
const MAX_HANDSHAKE_BYTES = 4096;

/** A client that says nothing holds nothing but its socket, and that not for long. */
const HANDSHAKE_MS = 10_000;

/** @param client paused; it is paused again when this resolves */
export async function readHandshake(client: WebSocket): Promise<Result<Handshake, ExecProblem>> {
  const { promise, resolve } = Promise.withResolvers<Result<string, ExecProblem>>();
  const behind: { readonly data: RawData; readonly isBinary: boolean }[] = [];
  let isFirst = true;
  const onMessage = (data: RawData, isBinary: boolean): void => {
    // Frames of the same packet still come after the pause.
    if (!isFirst) return void behind.push({ data, isBinary });
    isFirst = false;
    client.pause();
    resolve(readToken(data as Buffer));
  };
  const onClose = (): void => resolve(err({ message: "the client went away" }));
  const timer = setTimeout(() => resolve(err({ message: `no handshake came within ${HANDSHAKE_MS / 1000} s`, code: 400 })), HANDSHAKE_MS);
  client.on("message", onMessage).on("close", onClose);
  client.resume();
  const token = await promise;
  clearTimeout(timer);
  client.off("close", onClose);
  const release = (): void => {
    client.off("message", onMessage);
    for (const { data, isBinary } of behind) client.emit("message", data, isBinary);
  };
  if (token.ok) return ok({ token: token.value, release });
  client.off("message", onMessage);
  return token;
}

function readToken(frame: Buffer): Result<string, ExecProblem> {
  if (frame.length > MAX_HANDSHAKE_BYTES) return err({ message: `the handshake has more than ${MAX_HANDSHAKE_BYTES} bytes`, code: 400 });
  const said = parsed(frame.toString("utf8"));
  if (!said.ok) return err({ message: said.error, code: 400 });
  const { version, auth_token: token } = (typeof said.value === "object" && said.value !== null ? said.value : {}) as { readonly version?: unknown; readonly auth_token?: unknown };
  if (version !== VERSION) return err({ message: `unexpected handshake value: ${typeof version === "number" ? version : 0}`, code: 400 });
  return ok(typeof token === "string" ? token : "");
}

function parsed(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    // Not the frame itself: it may hold a token that was mistyped.
    return err(messageOf(error).replace(/[:,]? "[\s\S]*$/, ""));
  }
}

/** The token of a session: a header's and a frame's must be the same where both are there. */
export function agreedSecret(header: string | undefined, handshake: string): Result<string | undefined, ExecProblem> {
  const token = handshake.trim();
  if (header === undefined || header === "") return ok(token === "" ? undefined : token);
  if (token === "" || token === header) return ok(header);
  return err({ message: "handshake auth token mismatched auth header token", code: 400 });
}
