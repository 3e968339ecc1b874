/** @module What a real terminal goes through in an exec session: the real program on a pseudo-terminal, against a fake Nomad API. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { startFakeNomad, type FakeNomad } from "../../unit/cli/fake-nomad.ts";
import { giveInput } from "../../support/child-input.ts";

const ROOT = join(import.meta.dirname, "../../..");
const NODE = join(ROOT, "node_modules/.bin/node");
const DRIVER = join(import.meta.dirname, "pty-driver.py");
const TIMEOUT = { timeout: 25_000 };
const RAW = { canonical: false, echo: false, signals: false, outputProcessing: false };

type Step = { expect: string } | { send: string } | { signal: string } | { resize: [number, number] } | { look: true };
type Outcome = { readonly status: number; readonly output: string; readonly looks: readonly object[]; readonly restored: boolean };

let server: FakeNomad | undefined;
afterEach(async () => {
  await server?.close();
});

/** A shell that echoes: it says "ready", then repeats what it gets, and does something at "!". */
function shell(atBang: (socket: WebSocket) => void, frames: string[]): (socket: WebSocket) => void {
  return (socket) => {
    socket.on("message", (message) => {
      const frame = (message as Buffer).toString("utf8");
      frames.push(frame);
      const { stdin, tty_size: size } = JSON.parse(frame) as { stdin?: { data?: string }; tty_size?: { height: number; width: number } };
      if (size !== undefined) say(socket, `size ${size.height}x${size.width} ready\r\n`);
      const typed = Buffer.from(stdin?.data ?? "", "base64").toString("utf8");
      if (typed.includes("!")) atBang(socket);
      else if (typed !== "") say(socket, `got ${JSON.stringify(typed)}\r\n`);
    });
  };
}

const say = (socket: WebSocket, words: string): void =>
  socket.send(JSON.stringify({ stdout: { data: Buffer.from(words).toString("base64") } }));
const exit = (socket: WebSocket): void => socket.send('{"exited":true,"result":{"exit_code":5}}');

/** Runs the program on a terminal of 24 rows and 80 columns. */
async function onTerminal(steps: readonly Step[], flags: readonly string[] = [], nodeOptions = "", atBang = exit): Promise<Outcome & { frames: string[] }> {
  const frames: string[] = [];
  server = await startFakeNomad({ session: shell(atBang, frames) });
  const argv = [NODE, join(ROOT, "src/main/nomad-bridge.ts"), "alloc", "exec", ...flags, "eb17", "sh"];
  const env = { PATH: process.env["PATH"], NOMAD_ADDR: server.address, NODE_OPTIONS: nodeOptions, NOMAD_CLI_NO_COLOR: "1" };
  const driver = spawn("python3", [DRIVER], { stdio: ["pipe", "pipe", "inherit"] });
  giveInput(driver, JSON.stringify({ argv, env, rows: 24, columns: 80, steps }));
  return { ...(JSON.parse(await text(driver.stdout)) as Outcome), frames };
}

const READY: Step = { expect: "size 24x80 ready" };
/** Output of the program is followed by what the echo of a cooked terminal would add: nothing, in raw mode. */
const AWAKE: readonly Step[] = [READY, { send: "a" }, { expect: 'got "a"' }];

describe("a session on a terminal", TIMEOUT, () => {
  it("takes every key raw, leaves output alone, and gives the terminal back with the exit code", async () => {
    const outcome = await onTerminal([...AWAKE, { look: true }, { send: "\u0003" }, { expect: 'got "\\u0003"' }, { send: "!" }]);
    expect(outcome.looks).toEqual([RAW]);
    expect(outcome).toMatchObject({ status: 5, restored: true });
    expect(outcome.frames[0]).toBe('{"tty_size":{"height":24,"width":80}}');
  });

  it("tells each new size", async () => {
    const outcome = await onTerminal([...AWAKE, { resize: [50, 132] }, { expect: "size 50x132" }, { send: "!" }]);
    expect(outcome).toMatchObject({ status: 5, restored: true });
  });

  it("closes at the escape sequence, which the task never sees", async () => {
    const outcome = await onTerminal([...AWAKE, { send: "\r" }, { expect: 'got "\\r"' }, { send: "~." }, { expect: "Connection closed" }]);
    expect(outcome).toMatchObject({ status: 1, restored: true });
    expect(outcome.output).toMatch(/\r\nConnection closed\r\n$/);
    expect(outcome.frames.map((frame) => Buffer.from(/"data":"(.*?)"/.exec(frame)?.[1] ?? "", "base64").toString()).join("")).toBe("a\r");
  });

  it("passes the escape sequence on with -e none", async () => {
    const outcome = await onTerminal([READY, { send: "~." }, { expect: 'got "~."' }, { send: "!" }], ["-e", "none"]);
    expect(outcome).toMatchObject({ status: 5, restored: true });
  });
});

describe("the terminal is given back", TIMEOUT, () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"])("after %s", async (signal) => {
    const outcome = await onTerminal([...AWAKE, { look: true }, { signal }]);
    expect(outcome.looks).toEqual([RAW]);
    expect(outcome).toMatchObject({ status: 1, restored: true });
    expect(outcome.output).toContain("failed to exec into task: context canceled\r\n");
  });

  it("after the server died", async () => {
    const outcome = await onTerminal([...AWAKE, { look: true }, { send: "!" }], [], "", () => server?.drop());
    expect(outcome.looks).toEqual([RAW]);
    expect(outcome).toMatchObject({ status: 1, restored: true });
    expect(outcome.output).toContain("failed to exec into task: websocket closed before receiving exit code: websocket: close 1006");
  });

  it("after the server closed with a reason", async () => {
    const outcome = await onTerminal([...AWAKE, { send: "!" }], [], "", (socket) => socket.close(1011, "the allocation was stopped"));
    expect(outcome).toMatchObject({ status: 1, restored: true });
    expect(outcome.output).toContain("failed to exec into task: the allocation was stopped\r\n");
  });

  it("after a bug of ours ended the program", async () => {
    const bug = "data:text/javascript,process.on('SIGUSR2',()=>{throw(new(Error)('bug'))})";
    const outcome = await onTerminal([...AWAKE, { look: true }, { signal: "SIGUSR2" }], [], `--import=${bug}`);
    expect(outcome.looks).toEqual([RAW]);
    expect(outcome.restored).toBe(true);
    expect(outcome.status).not.toBe(0);
  });
});
