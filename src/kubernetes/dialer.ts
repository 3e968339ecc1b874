/** @module Connections for WebSocket upgrades, which cannot share a pooled one: cheap TLS by session resumption, and one kept ready after use. */
import net from "node:net";
import tls from "node:tls";
import type { Clock } from "./clock.ts";
import type { ClusterAccess } from "./credentials.ts";

export type Dialer = {
  /** A connection that nobody else has: ready or still being made. Its errors come as events, for the caller to hear. */
  readonly take: () => net.Socket;
  /** Ends the connections that are kept ready. */
  readonly close: () => void;
};

export type DialerOptions = {
  readonly clock: Clock;
  /** How many connections to keep ready for a while after each `take`. */
  readonly spare: number;
};

// The API server hangs up on a connection that has not sent a request within 32 s.
const SPARE_MAX_AGE_MS = 20_000;

type Spare = { readonly socket: net.Socket; readonly bornAt: number; readonly expiry: NodeJS.Timeout };

/** Connects nothing by itself: spares are made only after the first `take`, and not renewed when nobody takes them. */
export function createDialer(access: ClusterAccess, options: DialerOptions): Dialer {
  const dial = dialFunction(access);
  const spares = new Set<Spare>();
  const drop = (spare: Spare): void => {
    clearTimeout(spare.expiry);
    spares.delete(spare);
    spare.socket.destroy();
  };
  const addSpare = (): void => {
    const socket = dial();
    const spare: Spare = { socket, bornAt: options.clock.monotonic(), expiry: setTimeout(() => drop(spare), SPARE_MAX_AGE_MS).unref() };
    for (const event of ["error", "end", "close"]) socket.on(event, () => drop(spare));
    socket.unref();
    spares.add(spare);
  };
  const takeSpare = (): net.Socket | undefined => {
    for (const spare of spares) {
      const fresh = options.clock.monotonic() - spare.bornAt < SPARE_MAX_AGE_MS && !spare.socket.destroyed;
      if (!fresh) drop(spare);
      else return release(spare, spares);
    }
    return undefined;
  };
  return {
    take: () => {
      const socket = takeSpare() ?? dial();
      // After the upgrade that is waiting for this socket: it goes first.
      setImmediate(() => {
        while (spares.size < options.spare) addSpare();
      });
      return socket;
    },
    close: () => {
      for (const spare of spares) drop(spare);
    },
  };
}

function release(spare: Spare, spares: Set<Spare>): net.Socket {
  clearTimeout(spare.expiry);
  spares.delete(spare);
  spare.socket.removeAllListeners("end");
  spare.socket.removeAllListeners("error");
  spare.socket.removeAllListeners("close");
  spare.socket.ref();
  return spare.socket;
}

function dialFunction(access: ClusterAccess): () => net.Socket {
  const url = new URL(access.server);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:") return () => net.connect({ host, port: Number(url.port === "" ? 80 : url.port), noDelay: true });
  // Parsed once: doing it for each connection costs about as much as the handshake.
  const secureContext = tls.createSecureContext({ ca: access.ca, cert: access.cert, key: access.key });
  let session: Buffer | undefined;
  return () => {
    const socket = tls.connect({
      host,
      port: Number(url.port === "" ? 443 : url.port),
      secureContext,
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: access.insecureSkipTlsVerify !== true,
      servername: access.serverName ?? (net.isIP(host) === 0 ? host : ""),
      ...(session === undefined ? {} : { session }),
    });
    socket.setNoDelay(true);
    socket.on("session", (ticket: Buffer) => {
      session = ticket;
    });
    socket.on("error", () => {
      session = undefined;
    });
    return socket;
  };
}
