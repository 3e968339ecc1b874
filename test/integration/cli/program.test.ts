/** @module The real program as a process: which command it takes, and how it behaves towards pipes and signals. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { startFakeNomad, type FakeNomad } from "../../unit/cli/fake-nomad.ts";

const ROOT = join(import.meta.dirname, "../../..");
const NODE = join(ROOT, "node_modules/.bin/node");
type Program = ChildProcessByStdio<null, Readable, Readable>;

const TIMEOUT = { timeout: 20_000 };

let server: FakeNomad | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(argv: readonly string[], session?: (socket: WebSocket) => void, nodeFlags: readonly string[] = []): Promise<Program> {
  server = await startFakeNomad(session === undefined ? {} : { session });
  const program = [...nodeFlags, join(ROOT, "src/main/nomad-bridge.ts"), ...argv];
  const env = { PATH: process.env["PATH"], NOMAD_ADDR: server.address };
  return spawn(NODE, program, { env, stdio: ["ignore", "pipe", "pipe"] });
}

const stderrOf = (child: Program): Promise<string> => text(child.stderr);
const stdoutOf = (child: Program): Promise<string> => text(child.stdout);
const exitOf = async (child: Program): Promise<unknown> => (await once(child, "exit"))[0];

const output = (bytes: Buffer): string => JSON.stringify({ stdout: { data: bytes.toString("base64") } });

describe("nomad-bridge", TIMEOUT, () => {
  it.each([
    { argv: [], code: 1, out: "", err: "Usage: nomad-bridge <command>" },
    { argv: ["help"], code: 0, out: "Usage: nomad-bridge <command>", err: "" },
    { argv: ["--help"], code: 0, out: "Usage: nomad-bridge <command>", err: "" },
    { argv: ["aloc", "exec"], code: 1, out: "", err: 'nomad-bridge: unknown command "aloc"\n\nUsage: ' },
    { argv: ["constructor"], code: 1, out: "", err: 'unknown command "constructor"' },
    { argv: ["alloc", "exec", "-h"], code: 0, out: "Usage: nomad-bridge alloc exec", err: "" },
    { argv: ["exec"], code: 1, out: "", err: "An allocation ID is required" },
  ])("answers $argv with exit code $code", async ({ argv, code, out, err }) => {
    const child = await start(argv);
    const [status, stdout, stderr] = await Promise.all([exitOf(child), stdoutOf(child), stderrOf(child)]);
    expect(status).toBe(code);
    expect(out === "" ? stdout : stdout.includes(out)).toBe(out === "" ? "" : true);
    expect(err === "" ? stderr : stderr.includes(err)).toBe(err === "" ? "" : true);
  });

  it("says what to do on a Node that is too old", async () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
    const child = await start(["exec"], undefined, [`--import=${old}`]);
    const [status, stderr] = await Promise.all([exitOf(child), stderrOf(child)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nomad-bridge needs Node 22\.19 or newer, and this is 20\.1\.0\. Install Node 24/);
  });

  it("delivers all output to a pipe that is read late, before it ends", async () => {
    const bytes = Buffer.alloc(3_000_000, "0123456789");
    const child = await start(["exec", "eb17", "cat"], (socket) => {
      for (let at = 0; at < bytes.length; at += 100_000) socket.send(output(bytes.subarray(at, at + 100_000)));
      socket.send('{"exited":true,"result":{"exit_code":9}}');
    });
    const ended = exitOf(child);
    // Long enough for the program to fill the pipe and wait.
    await sleep(500);
    expect(child.exitCode).toBeNull();
    expect((await buffer(child.stdout)).equals(bytes)).toBe(true);
    expect(await ended).toBe(9);
  });

  it("ends without a word when its reader has enough", async () => {
    const child = await start(["exec", "eb17", "yes"], (socket) => {
      const more = setInterval(() => socket.send(output(Buffer.alloc(10_000, "y\n"))), 5);
      socket.on("close", () => clearInterval(more));
    });
    const ended = exitOf(child);
    const stderr = stderrOf(child);
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await ended).toBe(141);
    expect(await stderr).toBe("");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("cancels the session on %s", async (signal) => {
    const child = await start(["exec", "eb17", "sleep"], (socket) => socket.send(output(Buffer.from("here"))));
    const [ended, stderr] = [exitOf(child), stderrOf(child)];
    child.stdout.once("data", () => child.kill(signal));
    expect(await ended).toBe(1);
    expect(await stderr).toBe("failed to exec into task: context canceled\n");
  });
});

describe("the bundle", TIMEOUT, () => {
  it("runs a session, and loads nothing before it has looked at its Node", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nomad-bridge-bundle-"));
    try {
      const build = spawn(NODE, [join(ROOT, "tools/build.ts"), folder], { stdio: "inherit" });
      expect((await once(build, "exit"))[0]).toBe(0);
      const entry = await readFile(join(folder, "nomad-bridge.js"), "utf8");
      expect(entry.match(/^(import|export) .*$/gm)).toEqual([expect.stringContaining('from "node:module"')]);
      server = await startFakeNomad({ session: (socket) => socket.send('{"exited":true,"result":{"exit_code":6}}') });
      const child = spawn(NODE, [join(folder, "nomad-bridge.js"), "exec", "-i=false", "eb17", "ls"], {
        env: { NOMAD_ADDR: server.address },
        stdio: "inherit",
      });
      expect((await once(child, "exit"))[0]).toBe(6);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
