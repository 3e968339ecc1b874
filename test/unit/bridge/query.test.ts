import { describe, expect, it } from "vitest";
import { readQuery } from "../../../src/bridge/query.ts";

const NOTHING = { namespace: "default", region: undefined, prefix: "", filter: "", perPage: 0, nextToken: "", reverse: false, stale: false, index: 0, waitMs: 300_000 };

describe("readQuery", () => {
  it.each([
    { query: "", options: {} },
    { query: "namespace=*&region=eu&prefix=we", options: { namespace: "*", region: "eu", prefix: "we" } },
    { query: "namespace=", options: {} },
    { query: "stale", options: { stale: true } },
    { query: "stale=False", options: {} },
    { query: "reverse=true", options: { reverse: true } },
    { query: "reverse=no", options: {} },
    { query: "per_page=20&next_token=d2ViAGE", options: { perPage: 20, nextToken: "web\0a" } },
    { query: `filter=${encodeURIComponent('Status == "running"')}`, options: { filter: 'Status == "running"' } },
    { query: "index=9&wait=2s", options: { index: 9, waitMs: 2000 } },
  ])("reads ?$query", ({ query, options }) => {
    expect(readQuery(new URLSearchParams(query))).toEqual({ ok: true, value: { ...NOTHING, ...options } });
  });

  it.each([
    { query: "per_page=few", error: "Expect a number for `per_page` query string parameter" },
    { query: "stale=perhaps", error: "Expect `true` or `false` for `stale` query string parameter" },
    { query: "index=soon", error: "Invalid index" },
    { query: "wait=soon", error: "Invalid wait time" },
  ])("refuses ?$query", ({ query, error }) => {
    expect(readQuery(new URLSearchParams(query))).toEqual({ ok: false, error });
  });
});
