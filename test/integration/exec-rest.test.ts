/** @module Exec beyond the CLI's way to it: a browser's handshake, actions of jobs, and where exec is switched off. Over WebSockets, on a real cluster. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { WebSocket } from "ws";
import { API_VERSION } from "../../src/api/exec-task.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { decodeServerFrame } from "../../src/nomad/exec-frames.ts";
import { exec, execUrl } from "./support/nomad.ts";
import { enterWorld, readyPod, uidOf, type World } from "./support/world.ts";

let world: World;
let id: string;
/** A row of the table of actions: job, query, close code, and the reason, which names what is known only later. */
type Refused = readonly [string, Readonly<Record<string, string>>, number, () => string];
beforeAll(async () => {
  world = await enterWorld("rest");
  id = uidOf(await readyPod(world, "web", {}));
});
afterAll(async () => await world.leave());

type Ending = { readonly code: number; readonly reason: string; readonly stdout: string; readonly exitCode: number | undefined };

/** Sends the frames in one packet, as fast as they can be; ends with the socket. */
async function speak(url: string, frames: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<Ending> {
  const socket = new WebSocket(url, { ca: readFileSync(inject("bridge").caFile), headers, perMessageDeflate: false });
  const { promise, resolve, reject } = Promise.withResolvers<Ending>();
  let stdout = "";
  let exitCode: number | undefined;
  socket.on("open", () => frames.forEach((frame) => socket.send(frame)));
  socket.on("message", (data: Buffer) => {
    const frame = decodeServerFrame(data);
    if (!frame.ok) return reject(new Error(frame.error));
    if (frame.value.stdout?.data !== undefined) stdout += Buffer.from(frame.value.stdout.data).toString("utf8");
    exitCode ??= frame.value.exit?.code;
  });
  socket.on("close", (code, reason) => resolve({ code, reason: reason.toString(), stdout, exitCode })).on("error", reject);
  return await promise;
}

describe("a browser's handshake", () => {
  const shaking = () => `${execUrl({ allocId: id, task: "web", command: ["cat"] })}&ws_handshake=true`;
  const hello = (token: string, version = 1) => JSON.stringify({ version, auth_token: token });
  const stdin = ['{"stdin":{"data":"aGk="}}', '{"stdin":{"close":true}}'];

  it("brings the token, and loses nothing of what comes right behind it", async () => {
    expect(await speak(shaking(), [hello(inject("bridge").token), ...stdin])).toMatchObject({ stdout: "hi", exitCode: 0 });
  });

  it.each([
    { what: "no token", frame: () => hello(""), headers: {}, closed: { code: 1011, reason: "Permission denied" } },
    { what: "an unknown token", frame: () => hello("00000000-0000-4000-8000-000000000000"), headers: {}, closed: { code: 1011, reason: "Permission denied" } },
    { what: "another version", frame: () => hello("x", 3), headers: {}, closed: { code: 1008, reason: "unexpected handshake value: 3" } },
    { what: "another token than the header", frame: () => hello("other"), headers: { "X-Nomad-Token": "header" }, closed: { code: 1008, reason: "handshake auth token mismatched auth header token" } },
  ])("with $what is refused", async ({ frame, headers, closed }) => {
    expect(await speak(shaking(), [frame()], headers)).toMatchObject(closed);
  });

  it("that is neither wanted nor unwanted is refused", async () => {
    expect(await speak(`${execUrl({ allocId: id, task: "web", command: ["cat"] })}&ws_handshake=si`, [])).toMatchObject({ code: 1008, reason: expect.stringMatching(/^ws_handshake value is not a boolean/) as string });
  });
});

describe("an action", () => {
  const action = (job: string, query: Readonly<Record<string, string>>): string =>
    `${inject("bridge").addr.replace(/^http/, "ws")}/v1/job/${encodeURIComponent(job)}/action?${new URLSearchParams({ action: "clean", allocID: id, task: "web", namespace: world.namespace, ...query })}`;
  const token = (): Readonly<Record<string, string>> => ({ "X-Nomad-Token": inject("bridge").token });

  it.each([
    ["none", {}, 1008, () => `job none not found in namespace ${world.namespace}`],
    ["web", { task: "none" }, 1008, () => `task none not found in allocation ${id}`],
    ["web", {}, 1008, () => "action clean not found in task web"],
    ["web", { allocID: "" }, 1008, () => "missing AllocID"],
    ["web", { task: "" }, 1008, () => "must provide task name"],
  ] satisfies readonly Refused[])("of %s with %j is refused", async (job, query, code, reason) => {
    expect(await speak(action(job, query), [], token())).toMatchObject({ code, reason: reason() });
  });

  it("is closed to strangers, whatever they name", async () => {
    expect(await speak(action("none", {}), [])).toMatchObject({ code: 1011, reason: "Permission denied" });
  });
});

describe("disableRemoteExecIn", () => {
  it("closes exec in a namespace, and nothing else there", async () => {
    const apply = async (spec: object) =>
      await must(world.breakGlass.apply(RESOURCES.bridgeConfigs, { apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default" }, spec }, { fieldManager: `test-${world.namespace}`, force: true }));
    const run = async () => await exec({ allocId: id, task: "web", command: ["/bin/true"] });
    await apply({ disableRemoteExecIn: [world.namespace] });
    await eventually(async () => ((await run()).reason === "Permission denied" ? true : undefined));
    await apply({});
    await eventually(async () => ((await run()).exitCode === 0 ? true : undefined));
  });
});
