/** @module Tests of port picking. */
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isPortFree, pickFreePorts, replaceTakenPorts } from "../../../local-cluster/free-ports.ts";

const servers: Server[] = [];
const occupy = (port: number): Promise<void> =>
  new Promise((resolve) => {
    servers.push(createServer().listen(port, "127.0.0.1", () => resolve()));
  });

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe("pickFreePorts", () => {
  it("gives each name a port of its own that is free", async () => {
    const ports = await pickFreePorts(["a", "b", "c"]);
    expect(new Set(Object.values(ports)).size).toBe(3);
    expect(await Promise.all(Object.values(ports).map(isPortFree))).toEqual([true, true, true]);
  });
});

describe("replaceTakenPorts", () => {
  it("keeps free ports and picks taken ones anew", async () => {
    const before = await pickFreePorts(["kept", "taken"]);
    await occupy(before.taken);
    const after = await replaceTakenPorts(before);
    expect(after.kept).toBe(before.kept);
    expect(after.taken).not.toBe(before.taken);
    expect(await isPortFree(after.taken)).toBe(true);
  });
});
