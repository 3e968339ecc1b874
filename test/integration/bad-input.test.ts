/** @module What the running bridge does with requests and frames that no client of Nomad would send: a clear refusal, nothing in the pod, and everyone else served. */
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { WebSocket } from "ws";
import { isAlive } from "../../local-cluster/processes.ts";
import { auditOf, serverNow } from "./support/machine.ts";
import { type Ending, exec, execUrl, inTask, nomad, openExec } from "./support/nomad.ts";
import { enterWorld, readyPod, uidOf, type World } from "./support/world.ts";

const TASK = "sink";
let world: World;
let alloc: string;
let serverAtFirst: ReturnType<typeof serverNow>;
beforeAll(async () => {
  world = await enterWorld("bad-input");
  alloc = uidOf(await readyPod(world, TASK, {}));
  serverAtFirst = serverNow();
});
afterEach(async () => {
  expect(isAlive(serverAtFirst.process)).toBe(true);
  expect(await inTask(alloc, TASK, "echo served")).toBe("served\n");
});
afterAll(async () => await world.leave());

const target = (command: readonly string[]) => ({ allocId: alloc, task: TASK, command });
const starts = () => auditOf(alloc).filter((line) => line.event === "exec-start").length;

/** Bytes on a connection of its own, and all that comes back until it is closed. */
async function raw(request: string): Promise<string> {
  const { addr, caFile } = inject("bridge");
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(addr).port), ca: readFileSync(caFile), servername: "localhost" });
  socket.on("error", () => undefined);
  const answer = text(socket).catch(() => "");
  await once(socket, "secureConnect");
  socket.write(request, "latin1");
  return await answer;
}

const lines = (...parts: string[]): string => `${parts.join("\r\n")}\r\n\r\n`;
const path = () => new URL(execUrl(target(["/bin/true"]))).pathname + new URL(execUrl(target(["/bin/true"]))).search;
const token = () => `X-Nomad-Token: ${inject("bridge").token}`;
const UPGRADE = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket"] as const;
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "Sec-WebSocket-Version: 13";

describe("a handshake that is none", () => {
  it.each([
    { name: "another version", head: [...UPGRADE, KEY, "Sec-WebSocket-Version: 7"], status: 400 },
    { name: "no version", head: [...UPGRADE, KEY], status: 400 },
    { name: "no key", head: [...UPGRADE, VERSION], status: 400 },
    { name: "a short key", head: [...UPGRADE, "Sec-WebSocket-Key: c2hvcnQ=", VERSION], status: 400 },
    { name: "another site's origin", head: [...UPGRADE, KEY, VERSION, "Origin: https://elsewhere.example"], status: 403 },
    { name: "the origin of a page without one", head: [...UPGRADE, KEY, VERSION, "Origin: null"], status: 403 },
    { name: "an origin that begins with ours", head: [...UPGRADE, KEY, VERSION, "Origin: https://localhost.elsewhere.example"], status: 403 },
  ])("with $name is answered $status, and no exec is opened", async ({ head, status }) => {
    const before = starts();
    expect(await raw(lines(`GET ${path()} HTTP/1.1`, ...head, token()))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(starts()).toBe(before);
  });

  it.each([
    { method: "GET", status: 400, body: "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header" },
    { method: "POST", status: 405, body: "Invalid method" },
    { method: "PUT", status: 405, body: "Invalid method" },
  ])("but a plain $method is answered as Nomad does, without touching the pod", async ({ method, status, body }) => {
    const before = starts();
    expect(await nomad(path(), { method })).toEqual({ status, body });
    expect(starts()).toBe(before);
  });

  it("at any other path is answered 404", async () => {
    const other = lines("GET /v1/client/allocation/x/exec/more HTTP/1.1", ...UPGRADE, KEY, VERSION, token());
    expect(await raw(other)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("with two lengths, or with a length and chunks, is not taken for two requests", async () => {
    const smuggled = "GET /v1/acl/tokens HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const both = lines("POST /v1/jobs HTTP/1.1", "Host: localhost", "Content-Length: 5", "Transfer-Encoding: chunked", token()) + `0\r\n\r\n${smuggled}`;
    const twice = lines("POST /v1/jobs HTTP/1.1", "Host: localhost", "Content-Length: 0", `Content-Length: ${smuggled.length}`, token()) + smuggled;
    for (const request of [both, twice]) expect((await raw(request)).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
  });

  it("with more than a megabyte of headers is answered 431", async () => {
    expect(await raw(lines("GET /v1/jobs HTTP/1.1", "Host: localhost", `X-Long: ${"a".repeat(1_100_000)}`))).toMatch(/^(HTTP\/1\.1 431 |$)/);
  });

  it("in HTTP/2 is refused and not misread", async () => {
    expect(await raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).toMatch(/^(HTTP\/1\.1 (400|505) |$)/);
  });
});

/** How the session of an URL ends that is the right one but for some parameters. */
async function endingOf(change: (url: URL) => void): Promise<Ending> {
  const url = new URL(execUrl(target(["/bin/true"])));
  change(url);
  const session = await openExec(target([]), url.toString());
  return await session.ended;
}

describe("parameters of an exec", () => {
  const JSON_TEXT = /failed to marshal command into json/;
  it.each([
    { name: "a command that is not JSON", set: { command: "/bin/true" }, says: JSON_TEXT },
    { name: "a command that is an object", set: { command: '{"a":1}' }, says: JSON_TEXT },
    { name: "a command of numbers", set: { command: "[1,2]" }, says: JSON_TEXT },
    { name: "a command that is text", set: { command: '"/bin/true"' }, says: JSON_TEXT },
    { name: "a command that is cut off", set: { command: '["/bin/true"' }, says: JSON_TEXT },
    { name: "no command", set: { command: "" }, says: JSON_TEXT },
    { name: "an empty command", set: { command: "[]" }, says: /^command is not present$/ },
    { name: "a command of null", set: { command: "null" }, says: /^command is not present$/ },
    { name: "a command of one empty word", set: { command: '[""]' }, says: /^command is not present$/ },
    { name: "a command with a NUL", set: { command: '["/bin/echo","a\\u0000b"]' }, says: /NUL/ },
    { name: "a word of 128 KiB", set: { command: JSON.stringify(["/bin/echo", "a".repeat(131_072)]) }, says: /more than 131071 bytes/ },
    { name: "a terminal that may be", set: { tty: "maybe" }, says: /tty value is not a boolean/ },
    { name: "a task that is not there", set: { task: "other" }, says: /^task not found$/ },
    { name: "no task", set: { task: "" }, says: /^must provide task name$/ },
    { name: "a task of 1 KiB", set: { task: "t".repeat(1024) }, says: /^task not found$/ },
    { name: "a task that is a path", set: { task: "../sink" }, says: /^task not found$/ },
  ])("that hold $name are refused before the pod hears of it", async ({ set, says }) => {
    const before = starts();
    const ending = await endingOf((url) => {
      for (const [name, value] of Object.entries(set)) url.searchParams.set(name, value);
    });
    expect(ending.exitCode).toBeUndefined();
    expect(ending.closeCode).toSatisfy((code: number) => code === 1008 || code === 1011);
    expect(ending.reason).toMatch(says);
    expect(starts()).toBe(before);
  });

  it.each(["task", "command", "tty"])("that say %s twice are refused", async (name) => {
    const ending = await endingOf((url) => url.searchParams.append(name, url.searchParams.get(name) ?? ""));
    expect(ending).toMatchObject({ closeCode: 1008, reason: `parameter "${name}" is given more than once` });
  });

  it.each([
    { name: "the beginning of an ID", id: () => alloc.slice(0, 8) },
    { name: "one character", id: () => alloc.slice(0, 1) },
    { name: "a star", id: () => "*" },
    { name: "a pod's name", id: () => "nb-sink" },
    { name: "dots", id: () => "%2e%2e%2f%2e%2e" },
    { name: "a NUL", id: () => `${alloc}%00` },
    { name: "a line break", id: () => `${alloc}%0a` },
    { name: "broken percent-encoding", id: () => "%zz" },
    { name: "an ID that nobody has", id: () => "00000000-0000-4000-8000-000000000000" },
  ])("that name an allocation by $name reach no pod", async ({ id }) => {
    const before = starts();
    const { addr, caFile, token: secret } = inject("bridge");
    const socket = new WebSocket(`${addr.replace(/^http/, "ws")}/v1/client/allocation/${id()}/exec?task=${TASK}&command=%5B%22/bin/true%22%5D`, { ca: readFileSync(caFile), headers: { "X-Nomad-Token": secret } });
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.on("unexpected-response", (_, response) => resolve(`HTTP ${response.statusCode}`));
    socket.on("error", (error) => resolve(error.message));
    socket.on("message", (message: Buffer) => resolve(`frame ${message.toString()}`));
    socket.on("close", (code, reason) => resolve(`close ${code} ${reason.toString()}`));
    expect(await promise).toMatch(/^(close 1008 Unknown allocation|close 1011 alloc lookup failed|HTTP 4\d\d)/);
    socket.terminate();
    expect(starts()).toBe(before);
  });

  it("that are unknown are ignored, and the namespace decides nothing", async () => {
    const ending = await endingOf((url) => {
      for (const [name, value] of Object.entries({ more: "1", namespace: "../other", stale: "", prefix: "x" })) url.searchParams.set(name, value);
    });
    expect(ending).toMatchObject({ exitCode: 0 });
  });

  it("that hold what a shell would act on hand it over as it is", async () => {
    const words = ["$(id)", "`id`", "; id", "&& id", "| id", "> /tmp/x", "*", "~", "'\"\\", "\n", "é漢字", "--help", "-c"];
    const { stdout, exitCode } = await exec(target(["/usr/bin/printf", "[%s]", ...words]));
    expect([exitCode, stdout]).toEqual([0, words.map((word) => `[${word}]`).join("")]);
  });

  it("that hold 4,000 words hand over every one", async () => {
    const words = Array.from({ length: 4000 }, (_, index) => `w${index}`);
    const { stdout, exitCode } = await exec(target(["/bin/sh", "-c", 'echo "$# $1 ${4000}"', "sh", ...words]));
    expect([exitCode, stdout]).toEqual([0, "4000 w0 w3999\n"]);
  });

  it("that hold 10,000 words are refused before the pod hears of it", async () => {
    const before = starts();
    const { exitCode, reason } = await exec(target(["/bin/echo", ...Array.from({ length: 10_000 }, () => "w")]));
    expect([exitCode, reason]).toEqual([undefined, expect.stringMatching(/10001|arguments|words/) as string]);
    expect(starts()).toBe(before);
  });
});

const READER = ["/bin/sh", "-c", "echo ready; cat; exit 4"];

/** A running session, after these frames. */
async function afterFrames(frames: readonly (string | Uint8Array)[], tty = false): Promise<Ending & { readonly stdout: string }> {
  const session = await openExec({ ...target(READER), tty });
  await session.says("ready");
  for (const frame of frames) session.send(frame);
  session.closeStdin();
  const ending = await session.ended;
  return { ...ending, stdout: session.stdout() };
}

const data = (text: string) => JSON.stringify({ stdin: { data: Buffer.from(text).toString("base64") } });
const nested = (depth: number) => `{"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;

describe("frames", () => {
  it.each([
    { name: "text that is not JSON", frame: "hello" },
    { name: "nothing at all", frame: "" },
    { name: "an array", frame: "[]" },
    { name: "a number", frame: "1" },
    { name: "null", frame: "null" },
    { name: "stdin that is text", frame: '{"stdin":"aGVsbG8="}' },
    { name: "data that is a number", frame: '{"stdin":{"data":1}}' },
    { name: "data that is not base64", frame: '{"stdin":{"data":"!!!!"}}' },
    { name: "base64 of the URL alphabet", frame: '{"stdin":{"data":"-_-_"}}' },
    { name: "close that is no boolean", frame: '{"stdin":{"close":"yes"}}' },
    { name: "a size below zero", frame: '{"tty_size":{"height":-1,"width":80}}' },
    { name: "a size of 65536", frame: '{"tty_size":{"height":65536,"width":80}}' },
    { name: "a size with a fraction", frame: '{"tty_size":{"height":1.5,"width":80}}' },
    { name: "a size that is text", frame: '{"tty_size":{"height":"24","width":80}}' },
    { name: "bytes and not text", frame: Buffer.from('{"stdin":{"data":""}}') },
    { name: "an opening without an end", frame: "[".repeat(100_000) },
  ])("of $name end the session as the client's fault", async ({ frame }) => {
    const ending = await afterFrames([frame]);
    expect(ending.exitCode).toBeUndefined();
    expect(ending.closeCode).toSatisfy((code: number) => code === 1008 || code === 1011);
    expect(ending.reason).not.toBe("");
  });

  it("of more than 2 MiB end the session", async () => {
    const ending = await afterFrames([data("a".repeat(2 * 1024 * 1024))]);
    expect([ending.exitCode, ending.closeCode]).toEqual([undefined, 1009]);
  });

  it.each([
    { name: "heartbeats", frames: Array.from({ length: 1000 }, () => "{}") },
    { name: "members that nobody knows", frames: ['{"future":{"a":1}}', '{"stdin":{"more":1}}', '{"__proto__":{"stdin":{"data":"YQ=="}}}', '{"constructor":{"prototype":{}}}'] },
    { name: "members that are null", frames: ['{"stdin":null,"tty_size":null}', '{"stdin":{"data":null,"close":null}}'] },
    { name: "empty data", frames: ['{"stdin":{"data":""}}'] },
    { name: "deep nesting in what nobody knows", frames: [nested(1000)] },
    { name: "sizes without a terminal", frames: Array.from({ length: 1000 }, (_, index) => JSON.stringify({ tty_size: { height: index, width: 80 } })) },
    { name: "a server's own frames", frames: ['{"exited":true,"result":{"exit_code":0}}', '{"stdout":{"data":"YQ=="}}'] },
  ])("of $name are harmless", async ({ frames }) => {
    expect(await afterFrames([...frames, data("after all")])).toMatchObject({ exitCode: 4, closeCode: 1000, stdout: "ready\nafter all", afterExit: 0 });
  });

  it("of stdin behind its end, or of two ends, are harmless", async () => {
    const END = '{"stdin":{"close":true}}';
    expect(await afterFrames([data("before"), END, data("behind"), END])).toMatchObject({ exitCode: 4, stdout: "ready\nbefore" });
  });

  it("of data and end in one are both heard", async () => {
    expect(await afterFrames(['{"stdin":{"data":"bGFzdA==","close":true}}'])).toMatchObject({ exitCode: 4, stdout: "ready\nlast" });
  });

  it("of sizes, 10,000 of them, leave the terminal with the last", async () => {
    const session = await openExec({ ...target(["/bin/sh", "-c", "stty -echo; echo ready; read line; stty size"]), tty: true });
    await session.says("ready");
    for (let height = 1; height <= 10_000; height++) session.resize(height, 132);
    session.write("\n");
    expect(await session.ended).toMatchObject({ exitCode: 0 });
    expect(session.stdout()).toContain("10000 132");
  });

  it("in many small fragments, and pings in between, arrive whole", async () => {
    const session = await openExec(target(READER));
    await session.says("ready");
    for (const character of "one by one") session.write(character);
    session.closeStdin();
    expect(await session.ended).toMatchObject({ exitCode: 4 });
    expect(session.stdout()).toBe("ready\none by one");
  });
});

describe("other requests", () => {
  it.each([
    { path: "/v1/job/%2e%2e%2f%2e%2e", status: 404 },
    { path: "/v1/job/a%00b", status: 404 },
    { path: "/v1/job/%zz", status: 400 },
    { path: "/v1/allocation/not-a-uuid", status: 500 },
    { path: "/v1/allocation/7d2be05a-a2ce-80aa-b186-fef3e5165ea8", status: 404 },
    { path: "/v1/jobs?region=elsewhere", status: 500 },
    { path: "/v1/jobs?namespace=../../default", status: 200 },
    { path: "/v1/none", status: 404 },
    { path: "/", status: 404 },
    { path: `/v1/job/${"j".repeat(5000)}`, status: 404 },
  ])("as $path are answered $status", async ({ path, status }) => {
    const answer = await nomad(path);
    expect([answer.status, answer.body.includes("internal error")]).toEqual([status, false]);
  });

  it.each([
    { name: "not JSON", body: "{", status: 400 },
    { name: "an array", body: [], status: 400 },
    { name: "null", body: "null", status: 400 },
    { name: "two megabytes", body: { Name: "x", Rules: "a".repeat(2_000_000) }, status: 413 },
    { name: "a name that is another's", body: { Name: "other", Rules: "" }, status: 400 },
    { name: "rules that are none", body: { Name: "bad-input", Rules: 'namespace "x" {' }, status: 400 },
    { name: "a capability that is none", body: { Name: "bad-input", Rules: 'namespace "x" { capabilities = ["fly"] }' }, status: 400 },
  ])("with a policy of $name are answered $status, and nothing is stored", async ({ body, status }) => {
    const answer = await nomad("/v1/acl/policy/bad-input", { method: "PUT", body });
    expect([answer.status, answer.body.includes("internal error")]).toEqual([status, false]);
    expect(await nomad("/v1/acl/policy/bad-input")).toMatchObject({ status: 404 });
  });
});
