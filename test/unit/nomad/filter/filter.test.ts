import { describe, expect, it } from "vitest";
import { compileFilter } from "../../../../src/nomad/filter/filter.ts";

const JOB = { ID: "web", Status: "running", ParentID: "", ParameterizedJob: null, Priority: 50, Datacenters: ["dc1"], Meta: { owner: "Ada" }, Tags: null, ModifyTime: 1790000000123456800 };

function ask(filter: string, row: object = JOB): boolean | string {
  const compiled = compileFilter(filter);
  const answer = compiled.ok ? compiled.value(row) : compiled;
  return answer.ok ? answer.value : answer.error;
}

describe("compileFilter", () => {
  it.each([
    { filter: 'Status == "running"', fits: true },
    { filter: 'ParentID == "" and ParameterizedJob is not nil', fits: false },
    { filter: 'ParentID == "" and ParameterizedJob is nil', fits: true },
    { filter: 'not (Priority == 50 or ID contains "x")', fits: false },
    { filter: '"dc1" in Datacenters', fits: true },
    { filter: 'Meta["owner"] == `Ada`', fits: true },
    { filter: '"/Meta/owner" matches "^A"', fits: true },
    { filter: "all Datacenters as dc { dc matches `^dc[0-9]+$` }", fits: true },
    { filter: "Meta.team == core", fits: false },
  ])("says $fits to $filter", ({ filter, fits }) => {
    expect(ask(filter)).toBe(fits);
  });

  it.each([
    { title: "takes null for an empty list", filter: "Tags is empty", fits: true },
    { title: "finds nothing in null", filter: "x in Tags", fits: false },
    { title: "finds no key below null", filter: "Tags.x == 1", fits: false },
    { title: "takes any for false over null", filter: "any Tags as t { t == 1 }", fits: false },
    { title: "compares a time in nanoseconds as it is printed", filter: `ModifyTime == ${JSON.stringify(JOB.ModifyTime)}`, fits: true },
  ])("$title", ({ filter, fits }) => {
    expect(ask(filter)).toBe(fits);
  });

  it.each([
    { filter: "Status ==", error: /^failed to create result paginator: failed to read filter expression: 1:10 \(9\): no match found, expected: / },
    { filter: "(Status == a", error: /^failed to create result paginator: failed to read filter expression: 1:13 \(12\): Unmatched parentheses$/ },
    { filter: "a == 1\nb", error: /: 2:1 \(7\): no match found/ },
    { filter: 'ID == "x', error: /Unterminated string literal$/ },
    { filter: "x".repeat(9000), error: /the expression has 9000 characters, and 8192 are the most$/ },
    { filter: `${"(".repeat(200)}a == 1${")".repeat(200)}`, error: /nests more than 100 deep$/ },
    { filter: `${"not ".repeat(2000)}a == 1`, error: /nests more than 100 deep$/ },
    { filter: "Nope == 1", error: /^failed to read result page: error finding value in datum: \/Nope at part 0: couldn't find key: struct field with name "Nope"$/ },
    { filter: "Priority == high", error: /^failed to read result page: error getting match value in expression: strconv.ParseInt: parsing "high": invalid syntax$/ },
    { filter: 'ID matches "("', error: /failed to compile regular expression "\(": error parsing regexp: missing closing \): `\(`$/ },
    { filter: `ID matches "${"a".repeat(1025)}"`, error: /the regular expression has 1025 characters, and 1024 are the most$/ },
    { filter: 'ID matches "((a{100}){100}){100}"', error: /expression too large/ },
    { filter: `ID matches "${"(".repeat(200)}"`, error: /expression nests too deeply$/ },
  ])("refuses $filter", ({ filter, error }) => {
    expect(ask(filter)).toMatch(error);
  });

  it("does no more than its share of work over all rows together", () => {
    const filter = compileFilter('S matches "(x+x+)+y"', 100_000);
    const answers = Array.from({ length: 100 }, () => (filter.ok ? filter.value({ S: "x".repeat(2000) }) : filter));
    expect(answers[0]).toEqual({ ok: true, value: false });
    expect(answers.at(-1)).toEqual({ ok: false, error: "failed to read result page: the filter takes too much work on these rows; write a narrower one" });
  });

  it("counts what a pattern does with each character", () => {
    const filter = compileFilter('S matches "(a?){900}b"', 100_000);
    expect(filter.ok ? filter.value({ S: "a".repeat(1000) }) : filter).toMatchObject({ ok: false });
  });

  it("bounds what nested collections do", () => {
    const items = Array.from({ length: 100 }, () => "a");
    const filter = "all L as a { all L as b { all L as c { c == a } } }";
    expect(ask(filter, { L: items })).toMatch(/too much work/);
  });
});
