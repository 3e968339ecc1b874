import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ListOptions, listPage, listReply, type ListRows } from "../../../../src/bridge/lists/list-page.ts";

type Row = { readonly id: string; readonly namespace: string; readonly status: string };

const ALL: ListOptions = { namespace: "*", prefix: "", filter: "", perPage: 0, nextToken: "", reverse: false };

function listOf(rows: readonly Row[], made: string[] = []): ListRows<Row> {
  const show = (row: Row) => {
    made.push(row.id);
    return { ID: row.id, Namespace: row.namespace };
  };
  return { rows, key: ({ id, namespace }) => `${id}\0${namespace}`, namespace: ({ namespace }) => namespace, id: ({ id }) => id, show, filtered: ({ id, status }) => ({ ID: id, Status: status }) };
}

const row = (id: string, namespace = "default", status = "running"): Row => ({ id, namespace, status });
const request = (options: Partial<ListOptions>, allowsNamespace: (namespace: string) => boolean = () => true) => ({ options: { ...ALL, ...options }, allowsNamespace });

function idsOf(rows: readonly Row[], options: Partial<ListOptions>, allows?: (namespace: string) => boolean): readonly string[] {
  const page = listPage(listOf(rows), request(options, allows));
  return page.ok ? page.value.items.map((item) => (item as { readonly ID: string }).ID) : [page.error];
}

const ROWS = [row("web-2", "prod"), row("api", "default", "dead"), row("web-1"), row("db", "prod")];

describe("a list", () => {
  it.each([
    { title: "orders its rows", options: {}, ids: ["api", "db", "web-1", "web-2"] },
    { title: "turns around", options: { reverse: true }, ids: ["web-2", "web-1", "db", "api"] },
    { title: "is of one namespace", options: { namespace: "prod" }, ids: ["db", "web-2"] },
    { title: "is of a prefix", options: { prefix: "web-" }, ids: ["web-1", "web-2"] },
    { title: "filters by fields that it does not show", options: { filter: 'Status == "dead"' }, ids: ["api"] },
    { title: "pages what the filter leaves", options: { filter: "Status == running", perPage: 2 }, ids: ["db", "web-1"] },
    { title: "begins at a row that is gone meanwhile", options: { nextToken: "c" }, ids: ["db", "web-1", "web-2"] },
    { title: "begins there backwards, too", options: { nextToken: "c", reverse: true }, ids: ["api"] },
    { title: "refuses a filter that it cannot read", options: { filter: "Status" }, ids: [expect.stringMatching(/^failed to create result paginator: failed to read filter expression: /)] },
    { title: "refuses a filter of a field that is not there", options: { filter: "Color == red" }, ids: [expect.stringMatching(/^failed to read result page: error finding value in datum: /)] },
  ])("$title", ({ options, ids }) => {
    expect(idsOf(ROWS, options)).toEqual(ids);
  });

  it("shows no row of a namespace that the caller may not read, whichever it asks for", () => {
    const allows = (namespace: string) => namespace === "default";
    expect([idsOf(ROWS, {}, allows), idsOf(ROWS, { namespace: "prod" }, allows)]).toEqual([["api", "web-1"], []]);
  });

  it("lets no filter tell what is in a namespace that the caller may not read", () => {
    const made: string[] = [];
    const filtered = (one: Row) => {
      made.push(one.id);
      return { Status: one.status };
    };
    listPage({ ...listOf(ROWS), filtered }, request({ filter: "Status == dead" }, (namespace) => namespace === "default"));
    expect(made).toEqual(["api", "web-1"]);
  });

  it("makes only the rows that it shows", () => {
    const made: string[] = [];
    const many = Array.from({ length: 500 }, (_, index) => row(`job-${String(index).padStart(3, "0")}`));
    const page = listPage(listOf(many, made), request({ perPage: 3, nextToken: "job-100" }));
    expect([made, page]).toMatchObject([["job-100", "job-101", "job-102"], { ok: true, value: { nextToken: "job-103\0default" } }]);
  });

  it("is whole over its pages, in either direction, while other rows come and go", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-f]{1,3}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(names, names, fc.integer({ min: 1, max: 4 }), fc.boolean(), (stay, passing, perPage, reverse) => {
        const others = passing.filter((name) => !stay.includes(name));
        const seen: string[] = [];
        let nextToken = "";
        for (let page = 0; page < 50; page += 1) {
          // Half of the others are there at odd pages, the other half at even ones.
          const rows = [...stay, ...others.filter((_, index) => index % 2 === page % 2)].map((name) => row(name));
          const result = listPage(listOf(rows), request({ perPage, nextToken, reverse }));
          if (!result.ok) throw new Error(result.error);
          expect(result.value.items.length).toBeLessThanOrEqual(perPage);
          seen.push(...result.value.items.map((item) => (item as { readonly ID: string }).ID));
          if (result.value.nextToken === undefined) break;
          ({ nextToken } = result.value);
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((name) => stay.includes(name))).toEqual(reverse ? stay.toSorted().toReversed() : stay.toSorted());
      }),
    );
  });
});

describe("listReply", () => {
  it("has the page and its token, or Nomad's refusal", () => {
    expect(listReply(listOf(ROWS), request({ perPage: 1 }))).toEqual({ kind: "json", status: 200, body: [{ ID: "api", Namespace: "default" }], nextToken: "db\0prod" });
    expect(listReply(listOf([]), request({}))).toEqual({ kind: "json", status: 200, body: [] });
    expect(listReply(listOf(ROWS), request({ filter: "(" }))).toMatchObject({ kind: "text", status: 400 });
  });
});
