/** @module A client of Nomad's exec protocol, for the bench: one connection for each exec, as a command-line client has it. */
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";
import { decodeServerFrame, encodeStdin, encodeStdinClose } from "../src/nomad/exec-frames.ts";
import { complaint, type ExecRequest, type RunExec, sendAll, type Settle, untilSettled } from "./exec-client.ts";

export type BridgeTarget = {
  /** Such as "https://127.0.0.1:4646". */
  readonly address: string;
  /** PEM file. */
  readonly ca: string;
  readonly token: string;
  readonly allocId: string;
  readonly task: string;
};

export function bridgeExec(target: BridgeTarget): RunExec {
  const ca = readFileSync(target.ca);
  return async (request) => {
    const socket = new WebSocket(urlOf(target, request), {
      ca,
      headers: { "X-Nomad-Token": target.token },
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    await untilSettled(socket, (settle) => {
      socket.on("open", () => void sendInput(socket, request).catch((error: unknown) => settle.fail(String(error))));
      receive(socket, request, settle);
    });
  };
}

function urlOf({ address, allocId, task }: BridgeTarget, { command }: ExecRequest): URL {
  const url = new URL(`/v1/client/allocation/${allocId}/exec`, address.replace(/^http/, "ws"));
  url.search = new URLSearchParams({ command: JSON.stringify(command), task, tty: "false" }).toString();
  return url;
}

async function sendInput(socket: WebSocket, { input }: ExecRequest): Promise<void> {
  if (input !== undefined) {
    const frame = encodeStdin(Buffer.alloc(input.frameBytes));
    await sendAll(socket, frame, { times: input.bytes / input.frameBytes, binary: false });
  }
  socket.send(encodeStdinClose(), { binary: false });
}

function receive(socket: WebSocket, request: ExecRequest, settle: Settle): void {
  let outputBytes = 0;
  socket.on("message", (message: Buffer) => {
    const frame = decodeServerFrame(message);
    if (!frame.ok) return settle.fail(frame.error);
    outputBytes += frame.value.stdout?.data?.length ?? 0;
    if (frame.value.exit === undefined) return;
    const wrong = complaint(request, { code: frame.value.exit.code, outputBytes });
    if (wrong === undefined) settle.done();
    else settle.fail(wrong);
  });
}
