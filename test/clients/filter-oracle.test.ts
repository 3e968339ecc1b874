/** @module Filter expressions beside HashiCorp's go-bexpr: written ones and random ones, each asked of both. Runs the Go program test/filter-oracle. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileFilter } from "../../src/nomad/filter/filter.ts";
import { giveInput } from "../support/child-input.ts";

type Case = { readonly Filter: string; readonly Row: object };
type Answer = { readonly Answer: "true" | "false" | "error"; readonly Error: string };

const ROW = {
  ID: "web", Name: "web-1", Status: "running", ParentID: "", Stop: false, Priority: 50, Share: 0.5, Version: 0, Small: -3,
  Datacenters: ["dc1", "dc2"], Ports: [80, 8080], None: [], Mixed: ["a", 1, true], Meta: { owner: "Ada", "with.dot": "x", "with/slash": "y", empty: "" },
  NoMeta: {}, Groups: [{ Name: "g1", Count: 1, Tasks: [{ Name: "t1" }] }, { Name: "g2", Count: 0, Tasks: [] }], not: "no", any: "some", path: "/a/b", unicode: "Grüße",
};

const WRITTEN = [
  'Status == "running"', "Status == running", "Status==running", 'Status != "dead"', "Status is empty", 'ParentID == ""', "ParentID is empty", "not ParentID is empty",
  'ParentID == "" and Meta is not nil', "Stop == true", "Stop == false", "Stop != T", "Stop == yes", "Priority == 50", "Priority == 0x32", 'Priority == "0x32"', 'Priority == "5_0"',
  "Priority == 50.0", "Priority != 51", "Priority == fifty", "Share == 0.5", 'Share == "5e-1"', "Small == -3", "Small == - 3", "Version == 0", "Version == 00",
  '"dc1" in Datacenters', "dc1 in Datacenters", "dc3 in Datacenters", "dc3 not in Datacenters", "Datacenters contains dc1", 'Datacenters not contains "dc1"', '80 in Ports',
  '"81" in Ports', "x in Ports", "None is empty", "None is nil", "a in Mixed", "1 in Mixed", "true in Mixed", "zz in Mixed", 'Name contains "eb"', "eb in Name", 'Name matches "^web-[0-9]$"',
  "Name matches `^web-\\d+$`", 'Name not matches "x"', 'Name matches "("', 'Priority matches "5"', "Meta.owner == Ada", 'Meta["owner"] == "Ada"', "Meta[`owner`] == Ada", 'Meta["with.dot"] == x',
  '"/Meta/owner" == "Ada"', '"/Meta/with~1slash" == "y"', '"/Meta/with.dot" == x', '"/Nothing/owner" == 1', "Meta.missing == x", "Meta.missing != x", "Meta.missing is nil", "Meta.missing is empty",
  "Meta.missing is not empty", 'Meta.missing matches "x"', "x in Meta.missing", "x not in Meta.missing", "owner in Meta", "missing in Meta", "Meta contains owner", "NoMeta is empty", "Missing == 1",
  "Missing is nil", "Meta.owner.first == x", "Groups.0.Name == g1", 'Groups["1"].Name == g2', "Groups.2.Name == g3", "Groups.x == 1", "any Groups as g { g.Name == g2 }", "all Groups as g { g.Count == 1 }",
  "any Groups as i, g { i == 1 and g.Name == g2 }", "any Groups as i, _ { i == 1 }", "any Groups as _, g { g.Count == 0 }", "any Groups as _, _ { ID == web }", "any Meta as k { k == owner }",
  "any Meta as k, v { k == owner and v == Ada }", "all Meta as _, v { v != nobody }", "any None as n { n == 1 }", "all None as n { n == 1 }", "any ID as i { i == 1 }", "any Meta.missing as i { i == 1 }",
  "any Groups as g { any g.Tasks as t { t.Name == t1 } }", "any Groups as g { g.Count == 1 } and ID == web", "(any Groups as g { g.Count == 1 }) and ID == web", "ID == web or any Groups as g { g.Count == 9 }",
  "not any Groups as g { g.Count == 9 }", "not (any Groups as g { g.Count == 9 })", "any Groups as g, g { g.Count == 1 }", "any Meta as k { k.x == 1 }", "any Ports as p { p == 80 }", "any Ports as p { p == 80}",
  "not not ID == web", "not not not ID == web", "not(ID == web)", "not (ID == web)", "not == no", "any == some", "no in not", "ID == web and Status == running or Stop == true",
  "Stop == true or ID == web and Status == dead", "(ID == web)", "((ID == web))", "( ID == web ) and (Status == running)", "(ID == web) or (Status == dead)", "(ID == web", "ID == web)", "ID == (web)",
  "", " ", "ID", "ID ==", "== web", "ID = web", "ID == web and", "ID == web or", "and", "ID == web AND Status == running", "ID is emptyx", "ID isempty", "ID is  empty", "\tID == web\n", 'ID == "web" and  Status  ==  running',
  'ID == "we', "ID == `we", 'ID == "w\\145b"', 'ID == "w\\x65b"', 'ID == "\\u0077eb"', 'ID == "\\q"', 'ID == "a\nb"', 'unicode == "Grüße"', 'unicode matches "^Gr..e$"', 'path == "/a/b"', "path == `/a/b`", "path == a/b",
  'ID == web/', "ID == 5", "ID == 5x", "Meta[owner] == Ada", 'Meta["owner" == Ada', 'Meta[ "owner" ] == Ada', '"ID" == web', '"" == web', "ID == web is empty", "Priority is empty", "Stop is nil", "ID is nil", "Groups is not nil",
  "Groups == x", "Groups matches x", "1 in Stop", "50 in Priority", "50.5 in Share", "Priority == 99999999999999999999", "Stop == true and Missing == 1", "ID == nope and Missing == 1", "ID == web or Missing == 1",
];

const ident = fc.constantFrom("ID", "Status", "Stop", "Priority", "Share", "Datacenters", "Ports", "Meta", "Meta.owner", 'Meta["owner"]', "Meta.missing", "Groups", "Groups.0.Name", '"/Meta/owner"', "Missing", "not", "x", "x.Name");
const value = fc.constantFrom("web", '"running"', "`dc1`", "50", "-1", "0.5", "true", '"Ada"', '""', "owner", "x", '"/a"', '"^w.*b$"', "5z", '"un');
const match = fc.oneof(
  fc.tuple(ident, fc.constantFrom(" == ", "==", " != ", " contains ", " not contains ", " matches ", " not matches "), value).map((parts) => parts.join("")),
  fc.tuple(ident, fc.constantFrom(" is empty", " is not empty", " is nil", " is not nil")).map((parts) => parts.join("")),
  fc.tuple(value, fc.constantFrom(" in ", " not in "), ident).map((parts) => parts.join("")),
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    match,
    fc.tuple(tie("tree"), fc.constantFrom(" and ", " or ", " and", "or "), tie("tree")).map((parts) => parts.join("")),
    tie("tree").map((inner) => `not ${inner}`),
    tie("tree").map((inner) => `(${inner})`),
    fc.tuple(fc.constantFrom("any", "all"), ident, fc.constantFrom("x", "i, x", "_, x", "x, _"), tie("tree")).map(([each, of, names, inner]) => `${each} ${of} as ${names} { ${inner} }`),
  ),
}));
/** One character too many or too few. */
const broken = fc.tuple(tree, fc.nat(60), fc.constantFrom("", " ", "(", ")", '"', "`", "[", "=", "x", ".", "}", "not ")).map(([whole, at, char]) => whole.slice(0, at) + char + whole.slice(at + 1));

const patternPart = fc.constantFrom("a", "b", "ab", ".", "[a-c]", "[^a]", "[]a]", "[a-]", "\\d", "\\w", "\\W", "\\s", "\\bx", "\\Ba", "^", "$", "(a|b)", "(?:ab)*", "(?i)A", "(?i:B)", "a{2}", "b{1,3}", "a{,2}", "x*", "y+?", "z??", "(a*)*", "|", "\\.", "\\x61", "\\pL", "\\p{Greek}", "[[:digit:]]", "\\Qa.b\\E", "\\z", "(?s).", "(?m)^", "a**", "(", ")", "\\1", "(?=a)", "[b-a]", "é");
const patterns = fc.tuple(fc.array(patternPart, { maxLength: 5 }), fc.stringMatching(/^[abcxyzé01 \n.A-C]{0,8}$/)).map(([parts, subject]) => ({ Filter: `S matches \`${parts.join("")}\``, Row: { S: subject } }));

const sample = <T>(of: fc.Arbitrary<T>, numRuns: number): readonly T[] => fc.sample(of, { numRuns, seed: 20260907 });
const ofRow = (filters: readonly string[]): readonly Case[] => filters.map((Filter) => ({ Filter, Row: ROW }));

/** Where JSON must do for Go's types, and what the library does with such a value is an accident. */
const isOurOwn = (ours: Answer, theirs: Answer): boolean => theirs.Error.startsWith("panic: ") && ours.Answer === "error";

function askOurs({ Filter, Row }: Case): Answer {
  const filter = compileFilter(Filter);
  const answer = filter.ok ? filter.value(Row) : filter;
  return answer.ok ? { Answer: answer.value ? "true" : "false", Error: "" } : { Answer: "error", Error: answer.error };
}

async function askTheirs(cases: readonly Case[]): Promise<readonly Answer[]> {
  const child = spawn("go", ["run", "."], { cwd: join(import.meta.dirname, "..", "filter-oracle"), stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, JSON.stringify(cases));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (code !== 0) throw new Error(`the filter oracle ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as readonly Answer[];
}

const NO_ANSWER: Answer = { Answer: "error", Error: "no answer" };

async function differences(cases: readonly Case[]): Promise<readonly object[]> {
  const theirs = await askTheirs(cases);
  return cases.flatMap((one, at) => {
    const [ours, other] = [askOurs(one), theirs[at] ?? NO_ANSWER];
    return ours.Answer === other.Answer || isOurOwn(ours, other) ? [] : [{ ...one, ours, theirs: other }];
  });
}

describe("a filter expression gets go-bexpr's own answer", () => {
  it.each([
    { kind: "written", cases: ofRow(WRITTEN) },
    { kind: "random", cases: ofRow(sample(tree, 4000)) },
    { kind: "broken", cases: ofRow(sample(broken, 3000)) },
    { kind: "matching by random patterns", cases: sample(patterns, 6000) },
  ])("to $kind expressions", async ({ cases }) => {
    expect(await differences(cases)).toEqual([]);
  });
});
