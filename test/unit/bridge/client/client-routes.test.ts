import { describe, expect, it } from "vitest";
import type { ClientDeps, PodLogRequest } from "../../../../src/bridge/client/client-deps.ts";
import { endedLogs } from "../../../../src/bridge/client/ended-logs.ts";
import { readLogsRequest, readPath, readReadRequest, readStreamRequest } from "../../../../src/bridge/client/file-request.ts";
import { followedLogs, type LogPlace, positionBehind } from "../../../../src/bridge/client/followed-logs.ts";
import { openOperation, type OperationReader } from "../../../../src/bridge/client/operation-reader.ts";
import type { OperationProblem, Piece } from "../../../../src/bridge/client/operation-session.ts";
import { collect, framedBody, plainBody, type PieceSource } from "../../../../src/bridge/client/stream-body.ts";
import type { LogPosition } from "../../../../src/contract/frames.ts";
import { OUTPUT_WINDOW_BYTES } from "../../../../src/contract/frames.ts";
import { err, ok, type Result } from "../../../../src/lib/result.ts";
import { createSessionRegistry } from "../../../../src/bridge/session-registry.ts";
import { encodeStreamData, encodeStreamFrame } from "../../../../src/nomad/stream-frames.ts";
import { podOf } from "../../mapping/pod-fixtures.ts";
import { fakeLaunchers } from "./fake-launcher.ts";

const file = (name: string, offset = 0, event?: string): Piece => ({ kind: "file", message: { file: name, offset, ...(event === undefined ? {} : { event }) } });
const data = (text: string): Piece => ({ kind: "data", data: Buffer.from(text) });
type Read = Result<Piece | undefined, OperationProblem>;
const LOST: OperationProblem = { kind: "lost", message: "the stream broke", status: 500 };

/** Gives these, one at a time, and then its end again and again. */
function sourceOf(...reads: readonly (Piece | OperationProblem)[]): OperationReader & { closed: number } {
  const left = [...reads];
  const source = {
    closed: 0,
    next: async (): Promise<Read> => {
      const read = left.shift();
      if (read === undefined) return ok(undefined);
      return "status" in read ? err(read) : ok(read);
    },
    fail: () => undefined,
    close: () => void source.closed++,
  };
  return source;
}

const textOf = async (body: ReadableStream<Uint8Array>): Promise<string> => await new Response(body).text();

describe("the body of a stream", () => {
  it("has frames that say where their bytes are from, and no bytes without a place", async () => {
    const source = sourceOf(file("a.0", 5), data("xyz"), data("!"), file("a.1"), data("n"), file("a.1", 0, "file truncated"));
    expect(await textOf(framedBody(source, data("")))).toBe(
      '{"Offset":8,"Data":"eHl6","File":"a.0"}{"Offset":9,"Data":"IQ==","File":"a.0"}{"Offset":1,"Data":"bg==","File":"a.1"}{"File":"a.1","FileEvent":"file truncated"}',
    );
    expect(source.closed).toBe(1);
  });

  it("names files with the directory that they are in", async () => {
    expect(await textOf(framedBody(sourceOf(file("a.0"), data("x")), data(""), "alloc/logs/"))).toBe('{"Offset":1,"Data":"eA==","File":"alloc/logs/a.0"}');
  });

  it("is the bytes alone where it is plain", async () => {
    expect(await textOf(plainBody(sourceOf(file("a"), data("b"), file("b"), data("c")), data("a")))).toBe("abc");
  });

  it("is empty where there is nothing", async () => {
    expect(await textOf(framedBody(sourceOf(), undefined))).toBe("");
  });

  it("breaks off, and does not end, when the source does", async () => {
    const source = sourceOf(LOST);
    await expect(textOf(plainBody(source, data("half")))).rejects.toThrow("the stream broke");
    expect(source.closed).toBe(1);
  });

  it("reads nothing that its client has no room for, and closes when the client goes", async () => {
    let asked = 0;
    const source: PieceSource & { closed: boolean } = { closed: false, next: async () => (asked++, ok(data("more"))), close: () => void (source.closed = true) };
    const reader = plainBody(source, data("first")).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(0);
    await reader.read();
    expect(asked).toBe(1);
    await reader.cancel();
    expect(source.closed).toBe(true);
  });

  it("beats while nothing comes", async () => {
    const source: PieceSource = { next: async () => await new Promise(() => undefined), close: () => undefined };
    const reader = framedBody(source, data("")).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("{}");
    await reader.cancel();
  });
});

describe("encodeStreamFrame", () => {
  it.each([
    [{ file: "a", offset: 0, data: Buffer.from("x") }, '{"Data":"eA==","File":"a"}'],
    [{ file: "a", offset: 2 ** 40, event: "file deleted" }, '{"Offset":1099511627776,"File":"a","FileEvent":"file deleted"}'],
    [{ file: "", offset: 0, data: Buffer.alloc(0) }, "{}"],
  ])("writes %j", (frame, text) => expect(encodeStreamFrame(frame)).toBe(text));

  it("puts at most 64 KiB into one, and says where it ends", () => {
    const frames = JSON.parse(`[${encodeStreamData("a", 1, Buffer.alloc(150_000, 7)).replaceAll("}{", "},{")}]`) as readonly { readonly Offset: number; readonly Data: string }[];
    expect(frames.map(({ Offset, Data }) => [Offset, Buffer.from(Data, "base64").length])).toEqual([[65_537, 65_536], [131_073, 65_536], [150_001, 18_928]]);
  });
});

describe("the parameters", () => {
  const of = (query: string) => new URLSearchParams(query);
  it.each([
    ["task=web&type=stdout", { task: "web", stream: "stdout", offset: 0, origin: "start", follow: false, plain: false }],
    ["task=web&type=stderr&follow=True&plain=1&origin=end&offset=12", { task: "web", stream: "stderr", offset: 12, origin: "end", follow: true, plain: true }],
    ["task=web&type=stdout&origin=&offset=&follow=", { task: "web", stream: "stdout", offset: 0, origin: "start", follow: false, plain: false }],
  ])("of logs: %s", (query, value) => expect(readLogsRequest(of(query))).toEqual({ ok: true, value }));

  it.each([
    ["", "must provide task name"],
    ["task=a", "must provide log type (stdout/stderr)"],
    ["task=a&type=stdin", "must provide log type (stdout/stderr)"],
    ["task=a&type=stdout&follow=si", 'failed to parse follow field to boolean: strconv.ParseBool: parsing "si": invalid syntax'],
    ["task=a&type=stdout&plain=si", 'failed to parse plain field to boolean: strconv.ParseBool: parsing "si": invalid syntax'],
    ["task=a&type=stdout&origin=middle", "origin must be start or end"],
    ["task=a&type=stdout&offset=1.5", 'error parsing offset: strconv.ParseInt: parsing "1.5": invalid syntax'],
    ["task=a&type=stdout&offset=-1", "offset is -1; it must be 0 or more"],
    ["task=a&type=stdout&offset=99999999999999999999", 'error parsing offset: strconv.ParseInt: parsing "99999999999999999999": value out of range'],
  ])("of logs, refused: %s", (query, error) => expect(readLogsRequest(of(query))).toEqual({ ok: false, error }));

  it("of a stream follow unless told otherwise", () => {
    expect(readStreamRequest(of("path=a"))).toEqual({ ok: true, value: { path: "a", offset: 0, origin: "start", follow: true } });
    expect(readStreamRequest(of("path=a&follow=false&offset=2&origin=end"))).toEqual({ ok: true, value: { path: "a", offset: 2, origin: "end", follow: false } });
    expect(readStreamRequest(of(""))).toEqual({ ok: false, error: "must provide a file name" });
  });

  it("of a read have an offset and a limit, where 0 or less is none", () => {
    expect(readReadRequest(of("path=a&offset=1&limit=-1"))).toEqual({ ok: true, value: { path: "a", offset: 1, limit: 0 } });
    expect(readReadRequest(of("path=a&limit=1"))).toEqual({ ok: false, error: 'error parsing offset: strconv.ParseInt: parsing "": invalid syntax' });
    expect(readReadRequest(of("path=a&offset=1"))).toEqual({ ok: false, error: 'error parsing limit: strconv.ParseInt: parsing "": invalid syntax' });
    expect(readReadRequest(of("path=a&offset=-1&limit=1"))).toEqual({ ok: false, error: "offset is -1; it must be 0 or more" });
  });

  it("hold no path that is too long, or no path at all", () => {
    expect(readPath(of(`path=${"a".repeat(4097)}`))).toMatchObject({ ok: false });
    expect(readPath(of("path=a%00b"))).toEqual({ ok: false, error: "path holds a NUL byte" });
    expect(readPath(of(""))).toEqual({ ok: true, value: "/" });
  });
});

describe("openOperation", () => {
  const GRANT = { allocId: "uid", operation: { operation: "stats" }, sessionId: "s" } as never;

  it("gives what the launcher says, in pieces, and grants only what is read", async () => {
    const half = OUTPUT_WINDOW_BYTES / 2;
    const { deps, launchers } = fakeLaunchers((launcher) => launcher.say({ kind: "stdout", data: Buffer.alloc(half, 1) }, { kind: "stdout", data: Buffer.alloc(half, 2) }));
    const reader = await openOperation(deps, GRANT);
    if (!reader.ok) throw new Error(reader.error.message);
    await reader.value.next();
    expect(launchers[0]?.granted()).toBe(0);
    await reader.value.next();
    expect(launchers[0]?.granted()).toBe(half);
    launchers[0]?.say({ kind: "exit", message: { code: 0, stdoutBytes: OUTPUT_WINDOW_BYTES, stderrBytes: 0 } });
    expect(await reader.value.next()).toEqual(ok(undefined));
    reader.value.close();
    expect(launchers[0]?.isClosed()).toBe(true);
  });

  it("collects a short answer, or says why there is none", async () => {
    const { deps } = fakeLaunchers((launcher) => launcher.say({ kind: "stdout", data: Buffer.from("{}") }, { kind: "exit", message: { code: 0, stdoutBytes: 2, stderrBytes: 0 } }));
    const reader = await openOperation(deps, GRANT);
    expect(reader.ok && (await collect(reader.value))).toEqual(ok(Buffer.from("{}")));
    const broken = fakeLaunchers((launcher) => launcher.breakOff("the kubelet is gone"));
    const second = await openOperation(broken.deps, GRANT);
    expect(second.ok && (await collect(second.value))).toEqual(err({ kind: "lost", message: "the kubelet is gone", status: 500 }));
  });

  it("ends with what it is told, whatever waits", async () => {
    const { deps } = fakeLaunchers((launcher) => launcher.say({ kind: "stdout", data: Buffer.from("waits") }));
    const reader = await openOperation(deps, GRANT);
    if (!reader.ok) throw new Error(reader.error.message);
    await new Promise((resolve) => setImmediate(resolve));
    reader.value.fail({ kind: "refused", message: "Permission denied", status: 403 });
    expect(await reader.value.next()).toEqual(err({ kind: "refused", message: "Permission denied", status: 403 }));
  });
});

describe("followedLogs", () => {
  const LOGS = { task: "web", stream: "stdout" } as const;

  /** Two places for open streams, and how many of them are free. */
  function registry() {
    const sessions = createSessionRegistry({ all: 2, perAccessor: 2 }, "logs and files");
    const hold = () => sessions.open("a", () => true);
    const free = () => {
      const taken = [hold(), hold()].flatMap((slot) => (slot.ok ? [slot.value] : []));
      for (const slot of taken) slot.close();
      return taken.length;
    };
    return { hold, free };
  }

  async function readAll(first: OperationReader, ...places: readonly LogPlace[]): Promise<{ readonly text: string; readonly asked: readonly (LogPosition | undefined)[]; readonly end: Read }> {
    const left = [...places];
    const asked: (LogPosition | undefined)[] = [];
    const source = followedLogs({ reopen: async (after) => (asked.push(after), ok(left.shift() ?? "over")), hold: registry().hold, sleep: async () => undefined }, first, LOGS);
    for (let text = ""; ; ) {
      const read = await source.next();
      if (!read.ok || read.value === undefined) return { text, asked, end: read };
      if (read.value.kind === "data") text += Buffer.from(read.value.data).toString("utf8");
    }
  }

  it("goes on behind what it has read, in the next container", async () => {
    const first = sourceOf(file("web.stdout.3", 10), data("abc"), LOST);
    const second = sourceOf(file("web.stdout.3", 13), data("def"), file("web.stdout.4"), data("g"));
    const { text, asked, end } = await readAll(first, "later", second, "over");
    expect([text, asked, end]).toEqual(["abcdefg", [{ number: 3, offset: 13 }, { number: 3, offset: 13 }, { number: 4, offset: 1 }], ok(undefined)]);
    expect([first.closed, second.closed]).toEqual([1, 1]);
  });

  it("ends with a refusal at once", async () => {
    const refused: OperationProblem = { kind: "refused", message: "Permission denied", status: 403 };
    expect(await readAll(sourceOf(data("a"), refused))).toMatchObject({ text: "a", asked: [], end: err(refused) });
  });

  it("hold a place while no task runs, and give it to what is opened then", async () => {
    const { hold, free } = registry();
    const seen: string[] = [];
    const left: LogPlace[] = ["later", "later", sourceOf(data("b"))];
    const reopen = async () => (seen.push(`opens, ${free()} free`), ok(left.shift() ?? "over"));
    const source = followedLogs({ reopen, hold, sleep: async () => void seen.push(`waits, ${free()} free`) }, sourceOf(), LOGS);
    expect(await source.next()).toEqual(ok(data("b")));
    expect(seen).toEqual(["opens, 2 free", "waits, 1 free", "opens, 2 free", "waits, 1 free", "opens, 2 free"]);
  });

  it("end with their client while no task runs, and give back the place at once", async () => {
    const { hold, free } = registry();
    const woken = Promise.withResolvers<undefined>();
    const source = followedLogs({ reopen: async () => ok("later"), hold, sleep: () => woken.promise }, sourceOf(), LOGS);
    const end = source.next();
    await expect.poll(free).toBe(1);
    source.close();
    expect(free()).toBe(2);
    woken.resolve(undefined);
    expect(await end).toEqual(ok(undefined));
  });

  it("are refused where too many wait already", async () => {
    const { hold } = registry();
    [hold(), hold()].forEach((slot) => expect(slot.ok).toBe(true));
    const source = followedLogs({ reopen: async () => ok("later"), hold, sleep: async () => undefined }, sourceOf(), LOGS);
    expect(await source.next()).toEqual(err({ kind: "refused", status: 429, message: "too many logs and files: 2 are open; try again when some have ended" }));
  });

  it("opens nothing any more once it is closed", async () => {
    const late = sourceOf(data("late"));
    const source = followedLogs({ reopen: async () => (source.close(), ok(late)), hold: registry().hold, sleep: async () => undefined }, sourceOf(), LOGS);
    expect(await source.next()).toEqual(ok(undefined));
    expect(late.closed).toBe(1);
  });

  it.each([
    [undefined, data("abc"), undefined],
    [{ number: 1, offset: 2 }, data("abc"), { number: 1, offset: 5 }],
    [undefined, file("web.stdout.7", 9), { number: 7, offset: 9 }],
    [{ number: 1, offset: 2 }, file("", 0), { number: 1, offset: 2 }],
    [{ number: 1, offset: 2 }, file("web.stderr.7", 0), { number: 1, offset: 2 }],
    [undefined, file("web.stdout.x", 0), undefined],
  ])("has come to: %j and %j are %j", (before, piece, after) => expect(positionBehind(before, piece, LOGS)).toEqual(after));
});

describe("endedLogs", () => {
  const asked = { task: "web", stream: "stdout", offset: 0, origin: "start", follow: false, plain: true } as const;

  function kubelet(parts: readonly string[], apart: boolean) {
    const requests: PodLogRequest[] = [];
    async function* bytes() {
      for (const part of parts) yield Buffer.from(part);
    }
    const podLog: ClientDeps["podLog"] = async (request) => {
      requests.push(request);
      return ok({ apart, bytes: bytes() });
    };
    return { podLog, requests };
  }

  async function read(request: Partial<typeof asked> | object, parts: readonly string[], apart = true): Promise<readonly Piece[]> {
    const source = await endedLogs(kubelet(parts, apart), { pod: podOf(), container: "web", request: { ...asked, ...request } });
    if (!source.ok) throw new Error(source.error);
    const pieces: Piece[] = [];
    for (let next = await source.value.next(); next.ok && next.value !== undefined; next = await source.value.next()) pieces.push(next.value);
    return pieces;
  }

  const textOfPieces = (pieces: readonly Piece[]) => pieces.map((piece) => (piece.kind === "data" ? Buffer.from(piece.data).toString() : "")).join("");

  it.each([
    [{}, "abcdefgh"], [{ offset: 3 }, "defgh"], [{ offset: 4 }, "efgh"], [{ offset: 99 }, ""],
    [{ origin: "end", offset: 3 }, "fgh"], [{ origin: "end", offset: 99 }, "abcdefgh"], [{ origin: "end", offset: 0 }, ""],
  ])("reads %j of what is kept", async (request, text) => expect(textOfPieces(await read(request, ["ab", "cd", "", "efgh"]))).toBe(text));

  it("says where it begins, in the file that a running task's would be", async () => {
    expect((await read({ offset: 3 }, ["abcd"]))[0]).toEqual(file("web.stdout.0", 3));
  });

  it("has both streams in stdout where they cannot be told apart", async () => {
    expect(textOfPieces(await read({ stream: "stderr" }, ["both"], false))).toBe("");
    expect(textOfPieces(await read({ stream: "stdout" }, ["both"], false))).toBe("both");
    expect(textOfPieces(await read({ stream: "stderr" }, ["err"], true))).toBe("err");
  });

  it("asks for no more lines than it needs", async () => {
    const world = kubelet([], true);
    await endedLogs(world, { pod: podOf(), container: "web", request: { ...asked, origin: "end", offset: 120 } });
    expect(world.requests).toEqual([{ namespace: "team", pod: "nb-web-12345678-0-1", container: "web", stream: "stdout", tailLines: 121 }]);
  });

  it("hands on why there is nothing", async () => {
    expect(await endedLogs({ podLog: async () => err("the node is gone") }, { pod: podOf(), container: "web", request: asked })).toEqual(err("the node is gone"));
  });
});
