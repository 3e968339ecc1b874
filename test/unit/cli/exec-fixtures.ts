/** @module A fake Nomad that goes when the test is over, the frames it sends, and a run of alloc exec against it. */
import { afterEach } from "vitest";
import { allocExec } from "../../../src/cli/alloc-exec.ts";
import type { FakeIo } from "./fake-io.ts";
import { type FakeNomad, type FakeOptions, startFakeNomad } from "./fake-nomad.ts";

const servers: FakeNomad[] = [];
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))));

export async function nomad(options: FakeOptions = {}): Promise<FakeNomad> {
  const server = await startFakeNomad(options);
  servers.push(server);
  return server;
}

export const data = (text: string | Buffer): string => Buffer.from(text).toString("base64");
export const frame = (value: unknown): string => JSON.stringify(value);
export const exited = (code: number): string => frame({ exited: true, result: { exit_code: code } });

/** Runs the command with no input unless the test gives some. */
export async function run(process: FakeIo, argv: readonly string[], input: Buffer | string = ""): Promise<number> {
  process.stdin.end(input);
  return await allocExec(process.io, argv);
}
