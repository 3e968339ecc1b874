/** @module A session of alloc exec from its request to its exit code, against a fake Nomad API. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { allocExec } from "../../../src/cli/alloc-exec.ts";
import { data, exited, frame, nomad, run } from "./exec-fixtures.ts";
import { collected, collector, fakeIo } from "./fake-io.ts";
import { ALLOC_ID, json, stub } from "./fake-nomad.ts";

afterEach(() => void vi.useRealTimers());

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
    // vi.waitFor would move the faked clock on with each of its looks, and bring a beat on a slow machine.
    while (process.out() !== "quiet") await new Promise((resolve) => setImmediate(resolve));
    expect(beats).toEqual(['{"stdin":{"close":true}}']);
    vi.advanceTimersByTime(10_001);
    expect(await ended).toBe(0);
    expect(beats).toEqual(['{"stdin":{"close":true}}', "{}", "{}"]);
  });
});
