/** @module Free TCP ports on loopback, so that several clusters fit on one machine. Used by boot. */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Below the range the kernel gives to outgoing connections, or one of those could take a port before its daemon does. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** One free port for each name, all different: all are held open until the last one is found. */
export async function pickFreePorts<Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const servers = await Promise.all(names.map(listenSomewhere));
  const ports = names.map((name, index) => [name, portOf(servers[index])] as const);
  await Promise.all(servers.map(close));
  return Object.fromEntries(ports) as Record<Name, number>;
}

/** Whether nobody listens on this loopback port now. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await close(server);
  return true;
}

/** The recorded ports, with those that somebody else took meanwhile picked anew. */
export async function replaceTakenPorts<Name extends string>(ports: Readonly<Record<Name, number>>): Promise<Record<Name, number>> {
  const names = Object.keys(ports) as Name[];
  const free = await Promise.all(names.map((name) => isPortFree(ports[name])));
  const taken = names.filter((_, index) => free[index] !== true);
  return { ...ports, ...(await pickFreePorts(taken)) };
}

async function listenSomewhere(): Promise<Server> {
  for (let tries = LAST_PORT - FIRST_PORT; tries > 0; tries -= 1) {
    const server = await listen(randomInt(FIRST_PORT, LAST_PORT));
    if (server !== undefined) return server;
  }
  throw new Error(`no TCP port between ${FIRST_PORT} and ${LAST_PORT} is free on 127.0.0.1`);
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (address === undefined || address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}
