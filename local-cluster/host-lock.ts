/** @module A lock that the kernel gives back when its holder dies, so that two `up` never do the same work at once. */
import { createServer, type Server } from "node:net";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 300;

/**
 * Runs `work` while holding the lock called `key`; others wait their turn.
 * The lock is an abstract unix socket: only one process can bind it, and a killed one leaves nothing behind.
 * @param onWait called once if somebody else holds the lock
 */
export async function withHostLock<T>(key: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  const name = `\0nomad-bridge-${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
  let server = await tryBind(name);
  if (server === undefined) onWait();
  while (server === undefined) {
    await sleep(RETRY_MS);
    server = await tryBind(name);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}

function tryBind(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen({ path: name }, () => resolve(server.unref()));
  });
}
