import { describe, expect, it } from "vitest";
import { execRoute, readExecParameters, wantsHandshake } from "../../../src/bridge/exec-request.ts";

const read = (query: string) => readExecParameters({ allocId: "0000000A-0000-4000-8000-000000000000" }, new URLSearchParams(query));
const command = (value: unknown) => `command=${encodeURIComponent(JSON.stringify(value))}`;

describe("execRoute", () => {
  it.each([
    ["/v1/client/allocation/abc/exec", { allocId: "abc" }],
    ["/v1/client/allocation//exec", { allocId: "" }],
    ["/v1/client/allocation/a/b/exec", undefined],
    ["/v1/client/allocation/abc/stats", undefined],
    ["/v1/client/allocation/abc/exec/", undefined],
    ["/v1/job/a/b/action", { jobId: "a/b" }],
    ["/v1/job/action", undefined],
    ["/v1/job/a/actions", undefined],
  ])("reads %s as %o", (path, expected) => {
    expect(execRoute(path)).toEqual(expected);
  });
});

describe("readExecParameters", () => {
  it("takes the command word for word, and the ID in lower case", () => {
    expect(read(`${command(["sh", "-c", 'echo "$HOME; rm -rf /"'])}&task=web&tty=T`)).toEqual({
      ok: true,
      value: { allocId: "0000000a-0000-4000-8000-000000000000", task: "web", command: ["sh", "-c", 'echo "$HOME; rm -rf /"'], tty: true },
    });
  });

  it.each(["1", "t", "T", "TRUE", "true", "True"])("takes tty=%s as true", (tty) => {
    expect(read(`${command(["a"])}&tty=${tty}`)).toMatchObject({ ok: true, value: { tty: true } });
  });

  it.each([
    { query: "command=ls", message: /^failed to marshal command into json: / },
    { query: "", message: /^failed to marshal command into json: / },
    { query: command({ a: 1 }), message: /^failed to marshal command into json: it must be an array of strings/ },
    { query: command(["a", 1]), message: /^failed to marshal command into json: it must be an array of strings/ },
    { query: command([""]), message: /^command is not present$/ },
    { query: command(["a\0b"]), message: /NUL byte/ },
    { query: command(["a", "b".repeat(131_072)]), message: /more than 131071 bytes/ },
    { query: command(Array.from({ length: 10 }, () => "b".repeat(100_000))), message: /more than 524288/ },
    { query: `${command(["a"])}&tty=maybe`, message: /^tty value is not a boolean: strconv\.ParseBool: parsing "maybe": invalid syntax$/ },
    { query: `${command(["a"])}&task=a&task=b`, message: /"task" is given more than once/ },
  ])("refuses $query", ({ query, message }) => {
    expect(read(query)).toEqual({ ok: false, error: expect.objectContaining({ message: expect.stringMatching(message) }) });
  });

  it("leaves an empty command to the checks that come after the rights", () => {
    expect(read(command([]))).toMatchObject({ ok: true, value: { command: [] } });
    expect(read("command=null")).toMatchObject({ ok: true, value: { command: [] } });
  });
});

describe("an action", () => {
  const action = (query: string) => readExecParameters({ jobId: "a/b" }, new URLSearchParams(query));

  it("takes the allocation from the query, and no command of the caller's", () => {
    expect(action(`action=clean&allocID=0000000A-0000-4000-8000-000000000000&task=web&tty=true&command=${encodeURIComponent('["rm"]')}&group=g`)).toEqual({
      ok: true,
      value: { allocId: "0000000a-0000-4000-8000-000000000000", task: "web", command: [], tty: true, action: { jobId: "a/b", namespace: "default", name: "clean" } },
    });
    expect(action("namespace=team-a")).toMatchObject({ ok: true, value: { allocId: "", action: { namespace: "team-a", name: "" } } });
  });
});

describe("wantsHandshake", () => {
  it.each([["", false], ["ws_handshake=", false], ["ws_handshake=false", false], ["ws_handshake=true", true], ["ws_handshake=T", true]])("reads %j as %s", (query, wanted) => {
    expect(wantsHandshake(new URLSearchParams(query))).toEqual({ ok: true, value: wanted });
  });

  it("refuses what is no boolean", () => {
    expect(wantsHandshake(new URLSearchParams("ws_handshake=si"))).toEqual({ ok: false, error: { message: 'ws_handshake value is not a boolean: strconv.ParseBool: parsing "si": invalid syntax', code: 400 } });
  });
});
