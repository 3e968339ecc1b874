/** @module alloc exec until its session begins, and where a session ends without an exit code, against a fake Nomad API. */
import { Writable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { allocExec } from "../../../src/cli/alloc-exec.ts";
import { data, frame, nomad, run } from "./exec-fixtures.ts";
import { fakeIo } from "./fake-io.ts";
import { ALLOC_ID, allocation, json } from "./fake-nomad.ts";

describe("alloc exec before the session", () => {
  it("prints its help on stdout and succeeds", async () => {
    const process = fakeIo({});
    expect(await run(process, ["-h"])).toBe(0);
    expect(process.out()).toContain("Usage: nomad-bridge alloc exec");
    expect(process.err()).toBe("");
  });

  it("explains a wrong flag with the whole help, and a wrong use with a hint", async () => {
    const flag = fakeIo({});
    expect(await run(flag, ["-nope"])).toBe(1);
    expect(flag.err()).toBe("flag provided but not defined: -nope\n");
    expect(flag.out()).toContain("Usage:");
    const use = fakeIo({});
    expect(await run(use, [])).toBe(1);
    expect(use.err()).toBe("An allocation ID is required\nFor additional help try 'nomad-bridge alloc exec -help'\n");
  });

  it("names the address when nobody listens there", async () => {
    const server = await nomad();
    await server.close();
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await run(process, ["eb17", "ls"])).toBe(1);
    const { host } = new URL(server.address);
    expect(process.err()).toBe(
      `Error querying allocation: Get "${server.address}/v1/allocations?prefix=eb17": dial tcp ${host}: connect: connection refused\n`,
    );
  });

  it.each([
    { what: "a refused query", answers: { "/v1/allocations": { status: 403, body: "Permission denied\n" } }, text: "Error querying allocation: Unexpected response code: 403 (Permission denied)" },
    { what: "an answer without a body", answers: { "/v1/allocations": { status: 502, body: "" } }, text: "Error querying allocation: Unexpected response code: 502" },
    { what: "an answer that is not JSON", answers: { "/v1/allocations": { status: 200, body: "<html>" } }, text: "is not valid JSON" },
    { what: "no such allocation", answers: { "/v1/allocations": json([]) }, text: 'No allocation(s) with prefix or id "eb17" found' },
    { what: "an unknown task", answers: { [`/v1/allocation/${ALLOC_ID}`]: json(allocation(["db"])) }, text: "Could not find task named: server, found:\ndb" },
  ])("shows $what and exits 1", async ({ answers, text }) => {
    const server = await nomad({ answers });
    const process = fakeIo({});
    expect(await run(process, ["-address", server.address, "-task", "server", "eb17", "ls"])).toBe(1);
    expect(process.err()).toContain(text);
  });

  it("colours errors only when asked to, off a terminal", async () => {
    const process = fakeIo({ NOMAD_ADDR: "nonsense" });
    expect(await run(process, ["-force-color", "eb17", "ls"])).toBe(1);
    expect(process.err()).toContain("\u001B[31mError initializing client: invalid address 'nonsense'");
    expect(process.err().endsWith("\u001B[0m\n")).toBe(true);
  });

  it("refuses -t without a terminal, after it found the task", async () => {
    const process = fakeIo({ NOMAD_ADDR: (await nomad()).address });
    expect(await run(process, ["-t", "eb17", "ls"])).toBe(1);
    expect(process.err()).toBe("failed to exec into task: not a terminal\n");
  });

  it.each([
    { what: "with a body", refuseUpgrade: { status: 403, body: "no entry\n" }, text: "Unexpected response code: 403 (no entry)" },
    { what: "without a body", refuseUpgrade: { status: 502, body: "" }, text: "Unexpected response code: 502" },
    { what: "with a long body, cut", refuseUpgrade: { status: 500, body: "x".repeat(3000) }, text: `Unexpected response code: 500 (${"x".repeat(1024)})` },
  ])("shows a refused upgrade $what", async ({ refuseUpgrade, text }) => {
    const process = fakeIo({ NOMAD_ADDR: (await nomad({ refuseUpgrade })).address });
    expect(await run(process, ["eb17", "ls"])).toBe(1);
    expect(process.err()).toBe(`failed to exec into task: ${text}\n`);
  });
});

describe("an exec session without an exit code", () => {
  it.each<{ what: string; session: (socket: WebSocket) => void; text: string }>([
    { what: "a refusal", session: (socket) => socket.close(1011, "Permission denied"), text: "Permission denied" },
    { what: "a reason with code 1000", session: (socket) => socket.close(1000, "bye"), text: "bye" },
    { what: "a plain close", session: (socket) => socket.close(1000), text: "websocket closed before receiving exit code: websocket: close 1000 (normal)" },
    { what: "a close without a code", session: (socket) => socket.close(), text: "websocket closed before receiving exit code: websocket: close 1005 (no status)" },
    { what: "a code of its own", session: (socket) => socket.close(4001), text: "websocket closed before receiving exit code: websocket: close 4001" },
    {
      what: "a dropped connection",
      session: (socket) => socket.terminate(),
      text: "websocket closed before receiving exit code: websocket: close 1006 (abnormal closure): unexpected EOF",
    },
    { what: "a frame that is not JSON", session: (socket) => socket.send("{"), text: "the server sent an invalid frame: frame is not JSON" },
    { what: "data that is not base64", session: (socket) => socket.send('{"stdout":{"data":"*"}}'), text: "the server sent an invalid frame: stdout.data is not base64" },
    { what: "a frame above the limit", session: (socket) => socket.send("x".repeat(3 * 1024 * 1024)), text: "Max payload size exceeded" },
  ])("fails on $what", async ({ session, text }) => {
    const server = await nomad({
      session: (socket) => {
        socket.send(frame({ stdout: { data: data("before") } }));
        session(socket);
      },
    });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await run(process, ["eb17", "ls"])).toBe(1);
    expect(process.err()).toMatch(/^failed to exec into task: [^\n]*\n$/);
    expect(process.err()).toContain(text);
    expect(process.out()).toBe("before");
  });

  it("never takes exited without a result for success", async () => {
    const server = await nomad({
      session: (socket) => {
        socket.send('{"exited":true}');
        socket.close(1000);
      },
    });
    expect(await run(fakeIo({ NOMAD_ADDR: server.address }), ["eb17", "ls"])).toBe(1);
  });

  it("is cancelled by a signal, even while nobody reads its output", async () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const server = await nomad({ session: (socket) => socket.send(frame({ stdout: { data: data("x".repeat(1000)) } })) });
    const process = fakeIo({ NOMAD_ADDR: server.address }, stuck);
    const ended = allocExec(process.io, ["eb17", "sleep"]);
    await vi.waitFor(() => expect(stuck.writableLength).toBeGreaterThan(0));
    process.interrupt();
    expect(await ended).toBe(1);
    expect(process.err()).toBe("failed to exec into task: context canceled\n");
  });

  it("is cancelled while it waits for an upgrade that never comes", async () => {
    const server = await nomad({ stallUpgrade: true });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    const ended = run(process, ["eb17", "sleep"]);
    await vi.waitFor(() => expect(server.requests).toHaveLength(3));
    process.interrupt();
    expect(await ended).toBe(1);
    expect(process.err()).toBe("failed to exec into task: context canceled\n");
  });

  it("is cancelled before it asks for the upgrade", async () => {
    const server = await nomad({ stallUpgrade: true });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    process.interrupt();
    expect(await run(process, ["eb17", "sleep"])).toBe(1);
    expect(server.requests).toHaveLength(2);
  });

  it("says so when stdin cannot be read", async () => {
    const server = await nomad({ session: (socket) => socket.on("message", () => undefined) });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    const ended = allocExec(process.io, ["eb17", "cat"]);
    await vi.waitFor(() => expect(process.stdin.listenerCount("error")).toBeGreaterThan(0));
    process.stdin.destroy(new Error("read EIO"));
    expect(await ended).toBe(1);
    expect(process.err()).toBe("failed to exec into task: failed to send input: read EIO\n");
  });

  it("tells the server that it leaves", async () => {
    const closes: number[] = [];
    const server = await nomad({ session: (socket) => socket.on("close", (code) => closes.push(code)) });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    const ended = allocExec(process.io, ["eb17", "sleep"]);
    await vi.waitFor(() => expect(server.requests).toHaveLength(3));
    await vi.waitFor(() => expect(process.stdin.listenerCount("data")).toBe(1));
    process.interrupt();
    expect(await ended).toBe(1);
    await vi.waitFor(() => expect(closes).toEqual([1000]));
  });
});
