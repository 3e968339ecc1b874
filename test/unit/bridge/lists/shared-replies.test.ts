import { describe, expect, it } from "vitest";
import { type SharedQuestion, sharedReplies } from "../../../../src/bridge/lists/shared-replies.ts";
import { json } from "../../../../src/bridge/reply.ts";
import { compileAcl, MANAGEMENT_ACL } from "../../../../src/nomad/acl/acl.ts";

const QUESTION: SharedQuestion = { pattern: "/v1/allocations", path: "/v1/allocations", search: new URLSearchParams("namespace=team"), acl: MANAGEMENT_ACL, version: "7", now: 1000 };
const search = (text: string) => new URLSearchParams(text);

describe("a shared reply", () => {
  const asked = async (...questions: readonly Partial<SharedQuestion>[]) => {
    const replies = sharedReplies(() => false);
    const got = [];
    for (const question of questions) got.push(await replies({ ...QUESTION, ...question }, () => json([{}])));
    return got;
  };

  it.each<[string, Partial<SharedQuestion>]>([
    ["a moment later", { now: 1100 }],
    ["by somebody who waited for it", { search: search("index=9&namespace=team&wait=5m") }],
  ])("is the same when it is asked for again %s", async (_when, question) => {
    const [first, second] = await asked({}, question);
    expect(second).toBe(first);
  });

  it.each<[string, Partial<SharedQuestion>]>([
    ["something has changed", { version: "8" }],
    ["it is old", { now: 1300 }],
    ["the clock was set back", { now: 0 }],
    ["the rights are others", { acl: compileAcl([]) }],
    ["the path is another", { path: "/v1/job/web/allocations" }],
    ["the query is another", { search: search("namespace=other") }],
    ["the query has one more", { search: search("namespace=team&namespace=other") }],
    ["the endpoint's replies are nobody else's", { pattern: "/v1/acl/token/self" }],
  ])("is made anew when %s", async (_when, question) => {
    const [first, second] = await asked({}, question);
    expect(second).not.toBe(first);
  });

  it("is the same, however old, where no row of it follows from the time", async () => {
    const [final, passing] = [{ ID: "final" }, { ID: "passing" }];
    const replies = sharedReplies((row) => row === final);
    const ask = async (namespace: string, now: number, body: readonly object[]) => replies({ ...QUESTION, search: search(`namespace=${namespace}`), now }, () => json(body));
    const [first, mixed] = [await ask("a", 1000, [final]), await ask("b", 1000, [final, passing])];
    for (const now of [2000, 9000, 99_000]) {
      expect(await ask("a", now, [final])).toBe(first);
      expect(await ask("b", now, [final, passing])).not.toBe(mixed);
    }
    expect(await ask("a", 50, [final])).not.toBe(first);
    for (const [query, body] of [["filter=Name", [final]], ["prefix=0", []]] as const) {
      const asked = async (now: number) => replies({ ...QUESTION, search: search(query), now }, () => json(body));
      expect(await asked(1000)).not.toBe(await asked(2000));
    }
  });

  it("is made anew after one that could not be made", async () => {
    const replies = sharedReplies(() => false);
    await expect(replies(QUESTION, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await replies({ ...QUESTION, now: 2000 }, () => json([]))).toEqual(json([]));
  });

  it("is one for all who ask while it is made", async () => {
    const replies = sharedReplies(() => false);
    const ask = () => replies(QUESTION, async () => Promise.resolve(json([])));
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toBe(first);
  });

  it("is not kept without bound", async () => {
    const replies = sharedReplies(() => false);
    const ask = async (index: number) => replies({ ...QUESTION, search: search(`filter=${index}`) }, () => json([]));
    const first = await ask(0);
    for (let index = 1; index < 50; index += 1) await ask(index);
    expect(await ask(0)).not.toBe(first);
  });
});
