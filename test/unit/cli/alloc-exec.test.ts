/** @module alloc exec from its options to its exit code, against a fake Nomad API. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { allocExec, readOptions } from "../../../src/cli/alloc-exec.ts";
import { ALLOC_ID, allocation, json, startFakeNomad, stub, type FakeNomad, type FakeOptions } from "./fake-nomad.ts";
import { collected, collector, fakeIo, type FakeIo } from "./fake-io.ts";

const servers: FakeNomad[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function nomad(options: FakeOptions = {}): Promise<FakeNomad> {
  const server = await startFakeNomad(options);
  servers.push(server);
  return server;
}

const data = (text: string | Buffer): string => Buffer.from(text).toString("base64");
const frame = (value: unknown): string => JSON.stringify(value);
const exited = (code: number): string => frame({ exited: true, result: { exit_code: code } });

/** A session that reads all input and then ends. */
function readAll(socket: WebSocket, then: (input: Buffer, frames: readonly string[]) => void): void {
  const frames: string[] = [];
  const input: Buffer[] = [];
  socket.on("message", (message) => {
    const text = (message as Buffer).toString("utf8");
    frames.push(text);
    const { stdin } = JSON.parse(text) as { stdin?: { data?: string; close?: boolean } };
    if (stdin?.data !== undefined) input.push(Buffer.from(stdin.data, "base64"));
    if (stdin?.close === true) then(Buffer.concat(input), frames);
  });
}

/** Runs the command with no input unless the test gives some. */
async function run(process: FakeIo, argv: readonly string[], input: Buffer | string = ""): Promise<number> {
  process.stdin.end(input);
  return await allocExec(process.io, argv);
}

describe("readOptions", () => {
  it.each([
    { argv: [], message: "An allocation ID is required" },
    { argv: ["-job"], message: "A job ID is required" },
    { argv: ["e"], message: "Alloc ID must contain at least two characters" },
    { argv: ["e", "ls"], message: "Alloc ID must contain at least two characters" },
    { argv: ["eb17"], message: "A command is required" },
    { argv: ["-job", "w"], message: "A command is required" },
    { argv: ["-t", "-i=false", "eb17", "ls"], message: "-i must be enabled if running with tty" },
    { argv: ["-t", "-i=false", "-e", "es", "eb17", "ls"], message: "-i must be enabled if running with tty" },
    { argv: ["-e", "es", "eb17", "ls"], message: "-e requires 'none' or a single character" },
    { argv: ["-e", "é", "eb17", "ls"], message: "-e requires 'none' or a single character" },
  ])("refuses $argv with Nomad's text", ({ argv, message }) => {
    expect(readOptions(argv, false)).toEqual({ ok: false, error: { kind: "usage", message } });
  });

  const plain = { general: {}, target: "eb17", command: ["ls"], byJob: false, group: "", task: "", stdin: true, tty: false, escape: 0x7e };
  it.each([
    { argv: ["eb17", "ls"], options: plain },
    { argv: ["-task", "web", "eb17", "ls", "-t", "--"], options: { ...plain, general: { task: "web" }, task: "web", command: ["ls", "-t", "--"] } },
    { argv: ["-job", "-group=db", "w", "ls"], options: { ...plain, general: { job: true, group: "db" }, target: "w", byJob: true, group: "db" } },
    { argv: ["-it", "eb17", "ls"], options: { ...plain, general: { i: true, t: true }, tty: true } },
    { argv: ["-i=false", "eb17", "ls"], options: { ...plain, general: { i: false }, stdin: false } },
    { argv: ["-e", "none", "eb17", "ls"], options: { ...plain, general: { e: "none" }, escape: undefined } },
    { argv: ["-e", "", "eb17", "ls"], options: { ...plain, general: { e: "" }, escape: undefined } },
    { argv: ["-e=%", "eb17", "ls"], options: { ...plain, general: { e: "%" }, escape: 0x25 } },
  ])("reads $argv", ({ argv, options }) => {
    expect(readOptions(argv, false)).toEqual({ ok: true, value: options });
  });

  it("takes a terminal when there is one, unless told otherwise", () => {
    expect(readOptions(["eb17", "ls"], true)).toMatchObject({ value: { tty: true } });
    expect(readOptions(["-t=false", "eb17", "ls"], true)).toMatchObject({ value: { tty: false } });
  });
});

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

describe("an exec session", () => {
  it("asks for the command in the task, with token and namespace, over one connection", async () => {
    const server = await nomad({ session: (socket) => socket.send(exited(0)) });
    const process = fakeIo({ NOMAD_ADDR: server.address, NOMAD_TOKEN: "s3cret", NOMAD_REGION: "eu" });
    expect(await run(process, ["-namespace", "*", "eb17", "sh", "-c", "echo é"])).toBe(0);
    expect(server.requests).toEqual([
      "/v1/allocations?namespace=*&prefix=eb17&region=eu",
      `/v1/allocation/${ALLOC_ID}?namespace=default&region=eu`,
      `/v1/client/allocation/${ALLOC_ID}/exec?command=${new URLSearchParams({ c: '["sh","-c","echo é"]' }).toString().slice(2)}&namespace=*&region=eu&task=server&tty=false`,
    ]);
    expect(server.headers.map((headers) => headers["x-nomad-token"])).toEqual(["s3cret", "s3cret", "s3cret"]);
    expect(server.connections()).toBe(1);
  });

  it.each([
    { auth: { NOMAD_HTTP_AUTH: "ann:pw" }, header: "ann:pw" },
    { auth: { NOMAD_HTTP_AUTH: "ann" }, header: "ann:" },
  ])("authenticates with HTTP basic as $header on every request", async ({ auth, header }) => {
    const server = await nomad({ session: (socket) => socket.send(exited(0)) });
    expect(await run(fakeIo({ NOMAD_ADDR: server.address, ...auth }), ["eb17", "ls"])).toBe(0);
    expect(server.headers.map((headers) => headers.authorization)).toEqual(Array(3).fill(`Basic ${data(header)}`));
  });

  it("works over a unix socket", async () => {
    const socketPath = join(tmpdir(), `nomad-bridge-test-${process.pid}.sock`);
    await rm(socketPath, { force: true });
    const server = await nomad({ socketPath, session: (socket) => socket.send(exited(7)) });
    expect(await run(fakeIo({ NOMAD_ADDR: server.address }), ["eb17", "ls"])).toBe(7);
  });

  it("finds the allocation of a job", async () => {
    const answers = { "/v1/jobs": json([{ ID: "web", JobSummary: { Namespace: "default" } }]), "/v1/job/web/allocations": json([stub()]) };
    const server = await nomad({ answers, session: (socket) => socket.send(exited(3)) });
    expect(await run(fakeIo({ NOMAD_ADDR: server.address }), ["-job", "-group", "web", "web", "ls"])).toBe(3);
  });

  it("keeps stdout and stderr apart and passes the exit code on", async () => {
    const server = await nomad({
      session: (socket) => {
        for (const part of [{ stdout: { data: data("out\n") } }, { stderr: { data: data("err\n") } }, {}, { stdout: { close: true } }]) socket.send(frame(part));
        socket.send(exited(21));
        socket.send(frame({ stdout: { data: data("too late") } }));
      },
    });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await run(process, ["eb17", "ls"])).toBe(21);
    expect(process.out()).toBe("out\n");
    expect(process.err()).toBe("err\n");
  });

  it.each([
    { code: 0, status: 0 },
    { code: 255, status: 255 },
    { code: 137, status: 137 },
    { code: -1, status: 255 },
    { code: -2, status: 254 },
    { code: 256, status: 1 },
  ])("exits $status for the remote code $code", async ({ code, status }) => {
    const server = await nomad({ session: (socket) => socket.send(exited(code)) });
    expect(await run(fakeIo({ NOMAD_ADDR: server.address }), ["eb17", "ls"])).toBe(status);
  });

  it("sends all of stdin in frames of at most 32 KiB, then its end", async () => {
    const input = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const server = await nomad({
      session: (socket) =>
        readAll(socket, (received, frames) => {
          const largest = Math.max(...frames.map((text) => Buffer.from(/"data":"(.*?)"/.exec(text)?.[1] ?? "", "base64").length));
          socket.send(frame({ stdout: { data: data(`${received.equals(input)} ${largest}`) } }));
          socket.send(exited(0));
        }),
    });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await run(process, ["eb17", "cat"], input)).toBe(0);
    expect(process.out()).toMatch(/^true \d+$/);
    expect(Number(process.out().slice(5))).toBeLessThanOrEqual(32 * 1024);
  });

  it("leaves the escape sequence alone without a terminal", async () => {
    const server = await nomad({
      session: (socket) =>
        readAll(socket, (received) => {
          socket.send(frame({ stdout: { data: data(received) } }));
          socket.send(exited(0));
        }),
    });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await run(process, ["eb17", "cat"], "~.\n~~")).toBe(0);
    expect(process.out()).toBe("~.\n~~");
  });

  it("gives end-of-file at once with -i=false and reads nothing", async () => {
    const server = await nomad({ session: (socket) => readAll(socket, (received) => socket.send(exited(received.length))) });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    process.stdin.write("not for the task");
    expect(await allocExec(process.io, ["-i=false", "eb17", "cat"])).toBe(0);
    expect(process.stdin.readableLength).toBe("not for the task".length);
  });

  it("stops reading stdin while the server does not read", async () => {
    const server = await nomad({ session: (socket) => socket.pause() });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    let offered = 0;
    const piece = Buffer.alloc(64 * 1024);
    const feed = (): void => {
      let room = true;
      while (room && offered < 64 * 1024 * 1024) {
        offered += piece.length;
        room = process.stdin.write(piece);
      }
    };
    process.stdin.on("drain", feed);
    feed();
    const ended = allocExec(process.io, ["eb17", "cat"]);
    await vi.waitFor(() => expect(process.stdin.isPaused()).toBe(true), { timeout: 5000 });
    expect(offered).toBeLessThan(32 * 1024 * 1024);
    process.interrupt();
    expect(await ended).toBe(1);
    // What is still on its way fails now, and must not wake up a stdin that the session has let go.
    await server.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(process.stdin.isPaused()).toBe(true);
  });

  it("leaves no timer and no reader of stdin behind", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const server = await nomad({ session: (socket) => socket.send(exited(0)) });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    expect(await allocExec(process.io, ["eb17", "true"])).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(process.stdin.listenerCount("data")).toBe(0);
    expect(process.stdin.isPaused()).toBe(true);
  });

  it("stops reading the connection while stdout is full, and loses nothing", async () => {
    const piece = Buffer.alloc(16 * 1024, "x");
    const pieces = 1000;
    let backlog = 0;
    const server = await nomad({
      session: (socket) => {
        for (let index = 0; index < pieces; index += 1) socket.send(frame({ stdout: { data: data(piece) } }));
        socket.send(exited(0));
        setTimeout(() => {
          backlog = socket.bufferedAmount;
        }, 200);
      },
    });
    const process = fakeIo({ NOMAD_ADDR: server.address }, collector(1).stream);
    expect(await run(process, ["eb17", "yes"])).toBe(0);
    expect(collected(process.stdout).length).toBe(pieces * piece.length);
    expect(backlog).toBeGreaterThan(0);
  });

  it("writes output to the end before it returns", async () => {
    const server = await nomad({
      session: (socket) => {
        socket.send(frame({ stdout: { data: data("first ") } }));
        socket.send(frame({ stdout: { data: data("last") } }));
        socket.send(exited(4));
      },
    });
    const process = fakeIo({ NOMAD_ADDR: server.address }, collector(50).stream);
    expect(await run(process, ["eb17", "ls"])).toBe(4);
    expect(process.out()).toBe("first last");
  });

  it("ends quietly when nobody reads its output", async () => {
    const server = await nomad({ session: (socket) => socket.send(frame({ stdout: { data: data("x") } })) });
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })) });
    const process = fakeIo({ NOMAD_ADDR: server.address }, broken);
    expect(await run(process, ["eb17", "yes"])).toBe(141);
    expect(process.err()).toBe("");
  });

  it("says so when output cannot be written for another reason", async () => {
    const server = await nomad({ session: (socket) => socket.send(frame({ stdout: { data: data("x") } })) });
    const full = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error("no space left on device"), { code: "ENOSPC" })) });
    const process = fakeIo({ NOMAD_ADDR: server.address }, full);
    expect(await run(process, ["eb17", "yes"])).toBe(1);
    expect(process.err()).toBe("failed to exec into task: failed to write output: no space left on device\n");
  });

  it("sends an empty frame every ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const beats: string[] = [];
    const server = await nomad({
      session: (socket) => {
        socket.on("message", (message) => {
          beats.push((message as Buffer).toString("utf8"));
          if (beats.length === 1) vi.advanceTimersByTime(9_999);
          if (beats.length === 1) socket.send(frame({ stdout: { data: data("quiet") } }));
          if (beats.length === 3) socket.send(exited(0));
        });
      },
    });
    const process = fakeIo({ NOMAD_ADDR: server.address });
    const ended = allocExec(process.io, ["-i=false", "eb17", "sleep"]);
    await vi.waitFor(() => expect(process.out()).toBe("quiet"));
    expect(beats).toEqual(['{"stdin":{"close":true}}']);
    vi.advanceTimersByTime(10_001);
    expect(await ended).toBe(0);
    expect(beats).toEqual(['{"stdin":{"close":true}}', "{}", "{}"]);
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
