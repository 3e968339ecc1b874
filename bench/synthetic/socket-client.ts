/**
 * @module A client as cheap as can be had: one socket, which sends the same bytes again and counts what comes back. node:https costs more to ask
 * than a list costs to answer, and so would measure itself.
 */
import { connect as connectPlain, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const READ_BYTES = 1 << 20;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

export type Target = {
  /** http or https. */
  readonly url: string;
  /** PEM, for https. */
  readonly ca?: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** `ask` gives the bytes of the body as they came, and throws for anything but a 200. */
export type SocketClient = { readonly ask: () => Promise<number>; readonly close: () => void };

/** A server closes a connection on which nothing is asked for some seconds; the next question opens another. */
export function socketClient({ url, ca, headers }: Target): SocketClient {
  const { host, pathname, search } = new URL(url);
  const lines = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  const message = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
  const reply = replyReader();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let socket: Socket | undefined;
  // It may do so just when the question is on its way: then it is asked once more, as other clients do.
  const ask = async (): Promise<number> => {
    const isReused = socket !== undefined;
    const bytes = await askOnce();
    if (bytes === undefined && !isReused) throw new Error("the server closed the connection");
    return bytes ?? (await ask());
  };
  const askOnce = async (): Promise<number | undefined> => {
    const asked = reply.next();
    socket ??= await open(ca === undefined ? { url } : { url, ca }, { buffer, callback: (length, part) => reply.take(Buffer.from(part.buffer, part.byteOffset, length)) }, () => {
      socket = undefined;
      reply.end();
    });
    socket.write(message);
    return await asked;
  };
  return { ask, close: () => socket?.destroy() };
}

async function open({ url, ca }: Omit<Target, "headers">, onread: OnReadOpts, onClosed: () => void): Promise<Socket> {
  const { protocol, hostname: host, port } = new URL(url);
  const options = { host, port: Number(port), onread, noDelay: true };
  return await new Promise((resolve, reject) => {
    const opened = (): void => resolve(socket);
    const socket: Socket = protocol === "https:" ? connectTls({ ...options, ca }, opened) : connectPlain(options, opened);
    socket.once("error", reject);
    socket.once("close", onClosed);
  });
}

/** Knows as much of HTTP as is needed to tell where a reply ends. */
function replyReader(): { readonly take: (part: Buffer) => boolean; readonly next: () => Promise<number | undefined>; readonly end: () => void } {
  let done: ((bytes: number | undefined) => void) | undefined;
  let head = "";
  let bytes = 0;
  const begin = (part: Buffer): number => {
    const end = part.indexOf(END_OF_HEAD);
    if (end < 0) throw new Error("a reply's head is longer than one read");
    head = part.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 200")) throw new Error(`refused: ${head.slice(0, 80)}`);
    return part.length - end - END_OF_HEAD.length;
  };
  return {
    take: (part) => {
      // A server may say why it is about to close an idle connection.
      if (done === undefined) return true;
      bytes += head === "" ? begin(part) : part.length;
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      const isWhole = length === undefined ? part.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) : bytes >= Number(length);
      if (!isWhole) return true;
      const tell = done;
      done = undefined;
      tell(bytes);
      return true;
    },
    end: () => {
      done?.(undefined);
      done = undefined;
    },
    next: async () =>
      await new Promise((resolve) => {
        head = "";
        bytes = 0;
        done = resolve;
      }),
  };
}
