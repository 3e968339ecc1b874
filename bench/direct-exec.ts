/** @module A plain client of pods/exec, for the bench: what the same command costs without nomad-bridge. */
import { WebSocket } from "ws";
import type { ClusterAccess } from "../src/kubernetes/credentials.ts";
import { podExecPath, readFinalStatus } from "../src/kubernetes/exec-channel.ts";
import { complaint, type ExecRequest, type RunExec, sendAll, type Settle, untilSettled } from "./exec-client.ts";

export type DirectTarget = { readonly access: ClusterAccess; readonly namespace: string; readonly pod: string; readonly container: string };

const STDIN = 0;
const STDOUT = 1;
const STATUS = 3;
const CLOSE = 255;

export function directExec(target: DirectTarget): RunExec {
  const { ca, cert, key } = target.access;
  return async (request) => {
    const token = await target.access.token?.();
    const socket = new WebSocket(urlOf(target, request), ["v5.channel.k8s.io"], {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      ...(target.access.serverName === undefined ? {} : { servername: target.access.serverName }),
      perMessageDeflate: false,
    });
    await untilSettled(socket, (settle) => {
      socket.on("open", () => void sendInput(socket, request).catch((error: unknown) => settle.fail(String(error))));
      receive(socket, request, settle);
    });
  };
}

function urlOf({ access, namespace, pod, container }: DirectTarget, { command }: ExecRequest): string {
  const path = podExecPath({ namespace, pod, container, command });
  if (!path.ok) throw new Error(path.error.message);
  return `${access.server.replace(/^http/, "ws")}${access.basePath}${path.value}`;
}

async function sendInput(socket: WebSocket, { input }: ExecRequest): Promise<void> {
  if (input !== undefined) {
    const frame = Buffer.alloc(1 + input.frameBytes);
    frame[0] = STDIN;
    await sendAll(socket, frame, { times: input.bytes / input.frameBytes, binary: true });
  }
  socket.send(Buffer.from([CLOSE, STDIN]));
}

function receive(socket: WebSocket, request: ExecRequest, settle: Settle): void {
  let outputBytes = 0;
  socket.on("message", (message: Buffer) => {
    if (message[0] === STDOUT) outputBytes += message.length - 1;
    if (message[0] !== STATUS) return;
    const end = readFinalStatus(message.toString("utf8", 1));
    if (!("exitCode" in end)) return settle.fail(end.error.message);
    const wrong = complaint(request, { code: end.exitCode, outputBytes });
    if (wrong === undefined) settle.done();
    else settle.fail(wrong);
  });
}
