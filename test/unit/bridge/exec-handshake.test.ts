import { EventEmitter } from "node:events";
import type { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import { agreedSecret, readHandshake } from "../../../src/bridge/exec-handshake.ts";

/** A socket that is paused as soon as it has given its first packet, which may hold several frames. */
function socketWith(...packet: readonly string[]) {
  const socket = Object.assign(new EventEmitter(), { isPaused: true, pause: () => (socket.isPaused = true), resume: () => undefined as void });
  socket.resume = () => {
    socket.isPaused = false;
    queueMicrotask(() => packet.forEach((frame) => socket.emit("message", Buffer.from(frame), false)));
  };
  return socket;
}

const read = async (...packet: readonly string[]) => await readHandshake(socketWith(...packet) as unknown as WebSocket);

describe("readHandshake", () => {
  it.each([['{"version":1,"auth_token":"s3cret"}', "s3cret"], ['{"version":1,"auth_token":""}', ""], ['{"version":1}', ""], ['{"auth_token":7,"version":1}', ""]])("takes %s", async (frame, token) => {
    expect(await read(frame)).toMatchObject({ ok: true, value: { token } });
  });

  it.each([
    ['{"version":2,"auth_token":"s3cret"}', "unexpected handshake value: 2"],
    ["{}", "unexpected handshake value: 0"],
    ["[]", "unexpected handshake value: 0"],
    ["null", "unexpected handshake value: 0"],
    [`{"version":1,"auth_token":"${"x".repeat(5000)}"}`, "the handshake has more than 4096 bytes"],
  ])("refuses %.60s", async (frame, message) => {
    expect(await read(frame)).toEqual({ ok: false, error: { message, code: 400 } });
  });

  it("says what is no JSON, and not the token in it", async () => {
    const refused = await read('{"version":1,"auth_token":"s3cret');
    expect(refused).toMatchObject({ ok: false, error: { code: 400 } });
    expect(JSON.stringify(refused)).not.toContain("s3cret");
  });

  it("hands on what came behind it in the same packet, once somebody listens", async () => {
    const socket = socketWith('{"version":1}', "second", "third");
    const handshake = await readHandshake(socket as unknown as WebSocket);
    expect(socket.isPaused).toBe(true);
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => void heard.push(data.toString()));
    if (handshake.ok) handshake.value.release();
    socket.emit("message", Buffer.from("fourth"), false);
    expect(heard).toEqual(["second", "third", "fourth"]);
  });

  it("ends when the client goes", async () => {
    const socket = socketWith();
    const reading = readHandshake(socket as unknown as WebSocket);
    socket.emit("close");
    expect(await reading).toEqual({ ok: false, error: { message: "the client went away" } });
  });
});

describe("agreedSecret", () => {
  it.each([
    [undefined, "a", { ok: true, value: "a" }],
    [undefined, "", { ok: true, value: undefined }],
    ["a", "", { ok: true, value: "a" }],
    ["a", " a ", { ok: true, value: "a" }],
    ["a", "b", { ok: false, error: { message: "handshake auth token mismatched auth header token", code: 400 } }],
  ])("makes of %j and %j: %j", (header, handshake, agreed) => expect(agreedSecret(header, handshake)).toEqual(agreed));
});
