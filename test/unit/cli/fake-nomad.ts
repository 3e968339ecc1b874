/** @module A tiny Nomad API with one allocation, whose exec sessions are scripted by the test: for faults that a real agent cannot be made to show. */
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

export const ALLOC_ID = "eb17e557-0a8c-4b5e-9d0a-1f6c2a3b4c5d";

export type FakeAnswer = { readonly status: number; readonly body: string };
export type FakeNomad = {
  /** "https://localhost:40001", or "unix:///path" when it listens on one. */
  readonly address: string;
  /** Paths with their query, in the order they came, upgrades too. */
  readonly requests: string[];
  readonly headers: IncomingMessage["headers"][];
  /** How many connections were accepted. */
  readonly connections: () => number;
  /** Ends every connection without a word, as a machine that dies. */
  readonly drop: () => void;
  readonly close: () => Promise<void>;
};
export type FakeOptions = {
  readonly answers?: Readonly<Record<string, FakeAnswer>>;
  readonly session?: (socket: WebSocket, url: URL) => void;
  readonly refuseUpgrade?: FakeAnswer;
  /** Never answers an upgrade. */
  readonly stallUpgrade?: boolean;
  readonly tls?: ServerOptions;
  readonly socketPath?: string;
};

export const json = (value: unknown): FakeAnswer => ({ status: 200, body: JSON.stringify(value) });
export const stub = (fields: object = {}): object => ({
  ID: ALLOC_ID,
  Namespace: "default",
  NodeID: "9f0c1a2b-0000-0000-0000-000000000000",
  TaskGroup: "web",
  JobVersion: 3,
  DesiredStatus: "run",
  ClientStatus: "running",
  CreateTime: 0,
  ModifyTime: 0,
  ...fields,
});
export const allocation = (tasks: readonly string[] = ["server"], group = "web"): object => ({
  ID: ALLOC_ID,
  TaskGroup: "web",
  Job: { TaskGroups: [{ Name: "other", Tasks: [{ Name: "x" }] }, { Name: group, Tasks: tasks.map((Name) => ({ Name })) }] },
});

const DEFAULT_ANSWERS = {
  "/v1/allocations": json([stub()]),
  [`/v1/allocation/${ALLOC_ID}`]: json(allocation()),
};

/** Starts it on a free port of the loopback address, or on a unix socket. */
export async function startFakeNomad(options: FakeOptions = {}): Promise<FakeNomad> {
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answers: Readonly<Record<string, FakeAnswer>> = { ...DEFAULT_ANSWERS, ...options.answers };
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? "");
    headers.push(request.headers);
    const answer = answers[decodeURIComponent(new URL(request.url ?? "", "http://fake").pathname)] ?? { status: 404, body: "" };
    response.writeHead(answer.status).end(answer.body);
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  const upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => {
    requests.push(request.url ?? "");
    headers.push(request.headers);
    if (options.stallUpgrade === true) return;
    const refusal = options.refuseUpgrade;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal.status} No\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(refusal.body)}\r\n\r\n${refusal.body}`);
      return;
    }
    upgrader.handleUpgrade(request, socket, head, (accepted) => options.session?.(accepted, new URL(request.url ?? "", "http://fake")));
  });
  await new Promise<void>((resolve) => {
    if (options.socketPath === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(options.socketPath, resolve);
  });
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const port = (server.address() as AddressInfo).port;
  const scheme = options.tls === undefined ? "http" : "https";
  return {
    address: options.socketPath === undefined ? `${scheme}://127.0.0.1:${port}` : `unix://${options.socketPath}`,
    requests,
    headers,
    connections: () => connections,
    drop,
    close: () =>
      new Promise((resolve) => {
        drop();
        server.close(() => resolve());
      }),
  };
}
