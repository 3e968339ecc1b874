/** @module A process for commands under test: streams that can be written and read, no terminal, a signal that can be sent. */
import { PassThrough, Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import type { CommandIo } from "../../../src/cli/command-io.ts";
import type { Env } from "../../../src/cli/settings.ts";

export type FakeIo = {
  readonly io: CommandIo;
  readonly stdin: PassThrough;
  readonly stdout: Writable;
  readonly out: () => string;
  readonly err: () => string;
  /** As SIGINT does once a session is under way. */
  readonly interrupt: () => void;
};

/** @param stdout what stands in for standard output; by default it takes everything at once */
export function fakeIo(env: Env, stdout: Writable = collector().stream): FakeIo {
  const stdin = new PassThrough();
  const errors = collector();
  const controller = new AbortController();
  const io: CommandIo = {
    env,
    // A test without a terminal touches nothing of a terminal stream but what every stream has.
    stdin: () => stdin as unknown as ReadStream,
    stdout: stdout as WriteStream,
    stderr: errors.stream as WriteStream,
    isTerminal: () => false,
    now: () => 0,
    random: () => 0,
    termination: () => controller.signal,
  };
  return { io, stdin, stdout, out: () => collected(stdout).toString("utf8"), err: () => errors.text(), interrupt: () => controller.abort() };
}

type Collector = Writable & { readonly chunks: Buffer[] };

/** All bytes that a stream made by `collector` took. */
export const collected = (stream: Writable): Buffer => Buffer.concat((stream as Collector).chunks);

/** @param delayMs how long each write takes, for a slow reader */
export function collector(delayMs = 0): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    chunks.push(chunk);
    if (delayMs === 0) done();
    else setTimeout(done, delayMs);
  };
  const stream = Object.assign(new Writable({ write }), { chunks });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
