import { afterEach, describe, expect, it } from "vitest";
import { createPodExecOpener } from "../../../src/kubernetes/pod-exec.ts";
import type { PodExec, PodExecError, PodExecTarget } from "../../../src/kubernetes/types.ts";
import type { Result } from "../../../src/lib/result.ts";
import { accept, CLOSE_1000, fakeExecServer, frame, type FakeExecServer, type Upgrade } from "./fake-exec-server.ts";

const target: PodExecTarget = { namespace: "default", pod: "nb-web", container: "server", command: ["/bin/launcher", "exec", "--session", "a b&c=d"] };
const SUCCESS = frame(3, '{"metadata":{},"status":"Success"}');
const exitStatus = (code: string): Buffer =>
  frame(3, JSON.stringify({ status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: code }] } }));

type End = { readonly exitCode?: number; readonly error?: PodExecError };
type Run = { readonly opened: Result<PodExec, PodExecError>; readonly ended: Promise<End>; readonly stdout: () => string; readonly stderr: () => string; readonly ends: End[] };

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function serve(onUpgrade: (upgrade: Upgrade) => void): Promise<FakeExecServer> {
  const server = await fakeExecServer(onUpgrade);
  cleanUps.push(server.close);
  return server;
}

async function run(server: FakeExecServer, options: { readonly signal?: AbortSignal; readonly handshakeTimeoutMs?: number } = {}): Promise<Run> {
  const open = createPodExecOpener(server.access, { handshakeTimeoutMs: options.handshakeTimeoutMs ?? 5000 });
  const { promise, resolve } = Promise.withResolvers<End>();
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const ends: End[] = [];
  const handlers = {
    onStdout: (data: Buffer) => {
      expect(data.length).toBeGreaterThan(0);
      stdout.push(data);
    },
    onStderr: (data: Buffer) => stderr.push(data),
    onEnd: (end: End) => {
      ends.push(end);
      resolve(end);
    },
  };
  const opened = await open(target, handlers, options.signal ?? new AbortController().signal);
  if (opened.ok) cleanUps.push(opened.value.close);
  return { opened, ended: promise, stdout: () => Buffer.concat(stdout).toString(), stderr: () => Buffer.concat(stderr).toString(), ends };
}

/** An upgrade that is accepted, after which the server sends these bytes and hangs up. */
const answering = async (...bytes: readonly Buffer[]): Promise<Run> =>
  await run(
    await serve((upgrade) => {
      accept(upgrade);
      upgrade.socket.end(Buffer.concat(bytes));
    }),
  );

async function whenGone(server: FakeExecServer): Promise<number> {
  while (server.sockets.size > 0) await new Promise((turn) => setTimeout(turn, 2));
  return server.sockets.size;
}

describe("the upgrade", () => {
  it("asks for container, command and three streams without a tty, offering v5 before v4, with the token only in its header", async () => {
    const server = await serve((upgrade) => accept(upgrade));
    await run(server);
    const [request] = server.upgrades;
    const url = new URL(request?.url ?? "", "http://x");
    expect(url.pathname).toBe("/api/v1/namespaces/default/pods/nb-web/exec");
    expect(url.searchParams.getAll("command")).toEqual(target.command);
    expect(Object.fromEntries([...url.searchParams].filter(([name]) => name !== "command"))).toEqual({
      container: "server",
      stdin: "true",
      stdout: "true",
      stderr: "true",
      tty: "false",
    });
    expect(request?.headers["sec-websocket-protocol"]).toBe("v5.channel.k8s.io,v4.channel.k8s.io");
    expect(request?.headers["sec-websocket-extensions"]).toBeUndefined();
    expect(request?.headers.authorization).toBe("Bearer secret-token");
    expect(request?.url).not.toContain("secret");
  });

  it.each([200, 204, 301, 302, 400, 401, 403, 404, 429, 500, 503])("answered with %i is a refusal with the server's own words, and both sides are closed", async (code) => {
    const body = JSON.stringify({ kind: "Status", status: "Failure", code, message: `no: ${code}` });
    const server = await serve(({ socket }) => {
      socket.write(`HTTP/1.1 ${code} Whatever\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: ${code === 204 ? 0 : body.length}\r\n\r\n${code === 204 ? "" : body}`);
    });
    const { opened, ends } = await run(server);
    expect(opened).toEqual({ ok: false, error: { kind: "refused", code, message: code === 204 ? "HTTP 204 without a reason" : `no: ${code}` } });
    expect(await whenGone(server)).toBe(0);
    expect(server.upgrades).toHaveLength(1);
    expect(ends).toEqual([]);
  });

  it.each([
    { name: "a wrong accept key", wrong: { key: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }, says: /Sec-WebSocket-Accept/ },
    { name: "a sub-protocol that was not offered", wrong: { protocol: "v1.channel.k8s.io" }, says: /subprotocol/ },
    { name: "no sub-protocol", wrong: { protocol: "" }, says: /subprotocol/ },
  ])("with $name fails, and nothing that follows is handed on", async ({ wrong, says }) => {
    const server = await serve((upgrade) => {
      accept(upgrade, wrong);
      upgrade.socket.write(Buffer.concat([frame(1, "leak"), SUCCESS]));
    });
    const { opened, stdout, ends } = await run(server);
    expect(opened).toMatchObject({ ok: false, error: { kind: "lost", message: expect.stringMatching(says) as string } });
    expect(await whenGone(server)).toBe(0);
    expect({ stdout: stdout(), ends }).toEqual({ stdout: "", ends: [] });
  });

  it("that is never answered ends at the limit, also when bytes keep trickling in", async () => {
    const server = await serve(({ socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nX-Slow: ");
      const trickle = setInterval(() => socket.write("a"), 5);
      socket.on("close", () => clearInterval(trickle));
    });
    const { opened } = await run(server, { handshakeTimeoutMs: 60 });
    expect(opened).toEqual({ ok: false, error: { kind: "lost", message: "the API server did not answer the upgrade within 60 ms" } });
    expect(await whenGone(server)).toBe(0);
  });

  it("that is cancelled closes the connection", async () => {
    const cancel = new AbortController();
    const server = await serve(() => cancel.abort());
    const { opened } = await run(server, { signal: cancel.signal });
    expect(opened).toMatchObject({ ok: false, error: { kind: "lost", message: expect.stringContaining("cancelled") as string } });
    expect(await whenGone(server)).toBe(0);
  });

  it("to nobody is an error, not an exception", async () => {
    const server = await serve(() => undefined);
    await server.close();
    const { opened } = await run(server);
    expect(opened).toMatchObject({ ok: false, error: { kind: "lost", message: expect.stringContaining("ECONNREFUSED") as string } });
  });

  it("refuses a pod name that would lead to another path, and asks nobody", async () => {
    const server = await serve(() => undefined);
    const open = createPodExecOpener(server.access);
    const handlers = { onStdout: () => undefined, onStderr: () => undefined, onEnd: () => undefined };
    const opened = await open({ ...target, pod: ".." }, handlers, new AbortController().signal);
    expect(opened).toMatchObject({ ok: false, error: { kind: "refused", code: 400 } });
    expect(server.sockets.size).toBe(0);
  });

  it.each(["secret-token", "Bearer"])("that is reset never shows %s in the error", async (secret) => {
    const server = await serve(({ socket }) => socket.resetAndDestroy());
    const { opened } = await run(server);
    expect(opened.ok).toBe(false);
    expect(JSON.stringify(opened)).not.toContain(secret);
  });
});

describe("the end of a stream", () => {
  it.each([
    { name: "Success", bytes: [SUCCESS], end: { exitCode: 0 } },
    { name: "exit code 1", bytes: [exitStatus("1")], end: { exitCode: 1 } },
    { name: "exit code 255", bytes: [exitStatus("255")], end: { exitCode: 255 } },
    { name: "a non-zero code, then Success", bytes: [exitStatus("7"), SUCCESS], end: { exitCode: 7 } },
    { name: "Success, then an error", bytes: [SUCCESS, exitStatus("9")], end: { exitCode: 0 } },
    { name: "Success after frames that nobody knows", bytes: [frame(5, "?"), frame(254, "?"), frame(255, "\u0001"), frame(255, "\u0009"), frame(1), frame(undefined), SUCCESS], end: { exitCode: 0 } },
  ])("is exact for $name", async ({ bytes, end }) => {
    const { ended, ends } = await answering(...bytes, CLOSE_1000);
    expect(await ended).toEqual(end);
    expect(ends).toHaveLength(1);
  });

  it.each([
    { name: "no status, then a clean close", bytes: [frame(1, "out"), CLOSE_1000] },
    { name: "no status, then a hang-up", bytes: [frame(1, "out")] },
    { name: "half a frame", bytes: [SUCCESS.subarray(0, 9)] },
    { name: "a status that is not JSON", bytes: [frame(3, "command terminated"), CLOSE_1000] },
    { name: "a status that is a list", bytes: [frame(3, "[]"), CLOSE_1000] },
    { name: "a status without a word", bytes: [frame(3, "{}"), CLOSE_1000] },
    { name: "a Status that does not say how", bytes: [frame(3, '{"kind":"Status"}'), CLOSE_1000] },
    { name: "exit code 0 as a failure", bytes: [exitStatus("0"), CLOSE_1000] },
    { name: "exit code 256", bytes: [exitStatus("256"), CLOSE_1000] },
    { name: "exit code -1", bytes: [exitStatus("-1"), CLOSE_1000] },
    { name: "a failure without a code", bytes: [frame(3, '{"status":"Failure","reason":"NonZeroExitCode"}'), CLOSE_1000] },
    { name: "Success in a text message", bytes: [frame(3, '{"status":"Success"}', 1), CLOSE_1000] },
    { name: "a message on a reserved opcode", bytes: [frame(3, '{"status":"Success"}', 3)] },
  ])("is lost, and never exit 0, for $name", async ({ bytes }) => {
    const end = await (await answering(...bytes)).ended;
    expect(end).toMatchObject({ error: { kind: "lost" } });
    expect(end.exitCode).toBeUndefined();
  });

  it("keeps the server's own words when it is about the container", async () => {
    const words = 'Internal error occurred: unable to upgrade connection: container not found ("server")';
    const { ended } = await answering(frame(3, JSON.stringify({ status: "Failure", reason: "InternalError", code: 500, message: words })), CLOSE_1000);
    expect(await ended).toEqual({ error: { kind: "lost", message: words } });
  });

  it("comes after all output, each byte on its own channel", async () => {
    const { ended, stdout, stderr } = await answering(frame(1), frame(1, "a"), frame(2, "x"), frame(1, "b".repeat(300)), frame(2, "y"), SUCCESS, CLOSE_1000);
    await ended;
    expect({ stdout: stdout(), stderr: stderr() }).toEqual({ stdout: `a${"b".repeat(300)}`, stderr: "xy" });
  });

  it("is the end: what the server still sends is not handed on", async () => {
    const { ended, stdout, stderr } = await answering(SUCCESS, frame(1, "late"), frame(2, "late"), CLOSE_1000);
    await ended;
    expect({ stdout: stdout(), stderr: stderr() }).toEqual({ stdout: "", stderr: "" });
  });

  it("is told once wherever the connection breaks", async () => {
    const bytes = Buffer.concat([frame(1, "out"), SUCCESS, CLOSE_1000]);
    const statusEnd = bytes.length - CLOSE_1000.length;
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { ended, ends } = await answering(bytes.subarray(0, cut));
      expect((await ended).exitCode, `cut after ${cut} bytes`).toBe(cut < statusEnd ? undefined : 0);
      expect(ends).toHaveLength(1);
    }
  });
});

describe("an open stream", () => {
  it("sends stdin unfragmented on channel 0 and counts what has not left yet", async () => {
    const received: Buffer[] = [];
    const server = await serve((upgrade) => {
      accept(upgrade);
      upgrade.socket.on("data", (bytes: Buffer) => received.push(bytes));
    });
    const { opened } = await run(server);
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.write([Buffer.from("he"), Buffer.alloc(0), Buffer.from("llo")]);
    while (Buffer.concat(received).length < 12) await new Promise((turn) => setImmediate(turn));
    expect(unmask(Buffer.concat(received))).toEqual({ opcode: 0x82, payload: Buffer.from("\0hello") });
    expect(opened.value.bufferedBytes()).toBe(0);
  });

  it.each(["at once", "after the first output"])("stops reading when it is paused %s", async (when) => {
    let unsent: (() => number) | undefined;
    const server = await serve((upgrade) => {
      accept(upgrade);
      const block = frame(1, Buffer.alloc(60_000));
      unsent = () => upgrade.socket.writableLength;
      for (let count = 0; count < 400; count += 1) upgrade.socket.write(block);
      upgrade.socket.write(SUCCESS);
    });
    const { opened, stdout, ended } = await run(server);
    if (!opened.ok) throw new Error(opened.error.message);
    const enough = when === "at once" ? 0 : 1;
    while (stdout().length < enough) await new Promise((turn) => setImmediate(turn));
    opened.value.pause();
    await new Promise((turn) => setTimeout(turn, 100));
    expect(unsent?.()).toBeGreaterThan(1_000_000);
    const received = stdout().length;
    expect(received === 0).toBe(when === "at once");
    await new Promise((turn) => setTimeout(turn, 50));
    expect(stdout().length).toBe(received);
    opened.value.resume();
    expect(await ended).toEqual({ exitCode: 0 });
    expect(stdout().length).toBe(400 * 60_000);
  });

  it("works the same over v4", async () => {
    const server = await serve((upgrade) => {
      accept(upgrade, { protocol: "v4.channel.k8s.io" });
      upgrade.socket.end(Buffer.concat([frame(1, "out"), exitStatus("3"), CLOSE_1000]));
    });
    const { ended, stdout } = await run(server);
    expect([await ended, stdout()]).toEqual([{ exitCode: 3 }, "out"]);
  });

  it.each(["close", "abort"])("tells its owner nothing more after %s", async (how) => {
    const cancel = new AbortController();
    let socket: Upgrade["socket"] | undefined;
    const server = await serve((upgrade) => {
      accept(upgrade);
      socket = upgrade.socket;
    });
    const { opened, stdout, ends } = await run(server, { signal: cancel.signal });
    if (!opened.ok) throw new Error(opened.error.message);
    socket?.write(Buffer.concat([frame(1, "late"), SUCCESS]));
    if (how === "close") opened.value.close();
    else cancel.abort();
    expect(await whenGone(server)).toBe(0);
    opened.value.write([Buffer.from("ignored")]);
    expect(opened.value.bufferedBytes()).toBe(0);
    expect({ stdout: stdout(), ends }).toEqual({ stdout: "", ends: [] });
  });

  it("stays open through silence: an accepted upgrade proves nothing, and judging that is its owner's part", async () => {
    const server = await serve((upgrade) => accept(upgrade));
    const { opened, ends } = await run(server, { handshakeTimeoutMs: 30 });
    await new Promise((turn) => setTimeout(turn, 80));
    expect(opened.ok).toBe(true);
    expect(ends).toEqual([]);
    expect(server.sockets.size).toBe(1);
  });
});

function unmask(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer } {
  const length = bytes.readUInt8(1) & 0x7f;
  const mask = bytes.subarray(2, 6);
  return { opcode: bytes.readUInt8(0), payload: bytes.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)) as Buffer };
}
