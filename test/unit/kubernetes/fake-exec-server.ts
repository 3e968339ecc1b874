/** @module A tiny API server that does to one exec upgrade what a test tells it, down to single bytes. */
import { createServer, type IncomingMessage } from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "../../../src/kubernetes/credentials.ts";

export type Upgrade = { readonly request: IncomingMessage; readonly socket: Socket };
export type FakeExecServer = { readonly access: ClusterAccess; readonly upgrades: IncomingMessage[]; readonly sockets: Set<Socket>; readonly close: () => Promise<void> };

/** `onUpgrade` gets the raw socket before anything was answered. */
export async function fakeExecServer(onUpgrade: (upgrade: Upgrade) => void): Promise<FakeExecServer> {
  const upgrades: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    upgrades.push(request);
    // Node leaves an upgraded socket half open and unread: without this the client's hanging up would go unseen.
    socket.on("end", () => socket.end());
    socket.resume();
    onUpgrade({ request, socket: socket as Socket });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    access: { server: `http://127.0.0.1:${port}`, basePath: "", token: async () => await Promise.resolve("secret-token") },
    upgrades,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A correct answer to the upgrade, or one with a wrong key or sub-protocol. */
export function accept({ request, socket }: Upgrade, wrong: { readonly key?: string; readonly protocol?: string } = {}): void {
  const key = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const protocol = wrong.protocol ?? "v5.channel.k8s.io";
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${wrong.key ?? key}\r\n` +
      `${protocol === "" ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
  );
}

/** One unmasked binary message, as a server sends it. */
export function frame(channel: number | undefined, data: string | Uint8Array = "", opcode = 2): Buffer {
  const payload = Buffer.concat([Buffer.from(channel === undefined ? [] : [channel]), typeof data === "string" ? Buffer.from(data) : data]);
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
  const header = Buffer.alloc(4);
  header.writeUInt8(0x80 | opcode, 0);
  header.writeUInt8(126, 1);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

export const CLOSE_1000 = frame(undefined, Uint8Array.of(0x03, 0xe8), 8);
