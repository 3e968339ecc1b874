import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import { type ExecTaskSpec, execTaskSpec } from "../../../src/api/exec-task.ts";
import { type KeyRow, PROOFS } from "../../../src/mapping/driver-keys/key-row.ts";
import { EXEC_TASK_RULES } from "../../../src/mapping/findings.ts";
import { DRIVER_KEYS, fullRow } from "../../../src/mapping/driver-keys/table.ts";
import { type SchemaNode, structuralSchema } from "../../../tools/structural-schema.ts";
import { execDriverPage } from "../../../tools/exec-driver-page.ts";

const ROOT = join(import.meta.dirname, "../../..");
const rows = DRIVER_KEYS.flatMap(({ rows: each }): readonly KeyRow[] => each);
const full = rows.map(fullRow);

/** Undefined where the test exists: the file, and in it the name, as a string of TypeScript or as a function of Go. */
function missing(test: string, root = ROOT): string | undefined {
  const [path = "", name] = test.split("#");
  if (!existsSync(join(root, path))) return `${path} does not exist`;
  if (name === undefined) return undefined;
  const text = readFileSync(join(root, path), "utf8");
  const found = path.endsWith(".go") ? text.includes(`func ${name}(`) : [`"${name}"`, `\`${name}\``, `'${name}'`].some((quoted) => text.includes(`(${quoted}`));
  return found ? undefined : `${path} has no test "${name}"`;
}

/** Whether a schema has a field such as "profiles[].chroot". */
function has(schema: SchemaNode, path: string): boolean {
  let node: SchemaNode | undefined = schema;
  for (const part of path.split(".")) {
    const field: SchemaNode | undefined = node?.properties?.[part.replace("[]", "")];
    node = part.endsWith("[]") ? field?.items : field;
  }
  return node !== undefined;
}

describe("the exec driver's table", () => {
  it("refers to tests that exist", () => {
    expect(Object.values(PROOFS).map((test) => missing(test)).filter((each) => each !== undefined)).toEqual([]);
  });

  it("refers to every test that it names", () => {
    const used = new Set(full.flatMap(({ tests }) => tests));
    expect(Object.values(PROOFS).filter((test) => !used.has(test))).toEqual([]);
  });

  it("gives each key either tests or the reason why there is none", () => {
    for (const { key, tests, untested } of full) expect([key, tests.length > 0]).toEqual([key, untested === undefined]);
  });

  it("takes level and words of a key from the rule of its field, unless it has its own", () => {
    const byKey = (key: string) => full.find((row) => row.key === key);
    expect(byKey("artifact_source (0.2)")).toMatchObject({ here: "`artifactSource`", level: "same", how: EXEC_TASK_RULES.artifactSource.how });
    expect(byKey("artifact_source (0.3.0)")).toMatchObject({ here: "`artifactSource`", level: "equivalent", how: expect.stringContaining("0.3.0 put the file") as string });
  });

  it("names no key of a section twice, and says of each how", () => {
    for (const { title, rows: each } of DRIVER_KEYS) {
      const keys = each.map(({ key }) => key);
      expect([title, keys.filter((key, i) => keys.indexOf(key) !== i)]).toEqual([title, []]);
    }
    expect(full.filter(({ how }) => how.length < 10)).toEqual([]);
  });

  it("says where everything goes that is not lost", () => {
    expect(full.filter(({ here, level }) => here === "" && level === "same")).toEqual([]);
  });

  it("names only fields that there are, of an ExecTask or of a BridgeConfig", () => {
    const schemas = [structuralSchema(execTaskSpec, "ExecTask"), structuralSchema(bridgeConfigSpec, "BridgeConfig")];
    const words = full.flatMap(({ here }) => [...here.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word));
    expect(words.length).toBeGreaterThan(80);
    expect(words.filter((word) => !word.startsWith("metadata.") && !schemas.some((schema) => has(schema, word)))).toEqual([]);
  });

  it("has a row for every field of an ExecTask that Nomad has a key for", () => {
    const ours: readonly (keyof ExecTaskSpec)[] = ["profile", "chrootPaths"];
    const covered = full.flatMap(({ here }) => [...here.matchAll(/`([a-zA-Z]+)[`.[]/g)].map(([, field]) => field));
    expect(Object.keys(execTaskSpec.shape).filter((field) => !covered.includes(field) && !ours.includes(field as keyof ExecTaskSpec))).toEqual([]);
  });
});

describe("the check for tests", () => {
  it.each<[string, boolean]>([
    ["launcher/lookup_test.go", true], ["launcher/lookup_test.go#TestTaskCommandIsSearchedInNomadsOrder", true], ["launcher/lookup_test.go#TestTaskCommandIsSearched", false],
    ["launcher/no_test.go", false], ["test/unit/tools/exec-driver-page.test.ts#refers to tests that exist", true], ["test/unit/tools/exec-driver-page.test.ts#refers to tests", false],
    ["test/unit/tools/exec-driver-page.test.ts#the check for tests", true], ["test/unit/nomad/driver/capabilities.test.ts#refuses %s", true],
  ])("finds %s: %s", (test, found) => expect(missing(test) === undefined).toBe(found));
});

describe("the page", () => {
  const seen = {
    differences: [
      { about: "a thing", facts: { stated: "b|c", "of it": "d" }, why: "A <reason>." },
      { about: "another", facts: { unstated: "e" }, nomad: "nobody says", why: "Because." },
    ],
    onNomad: { stated: "a", "of it": "d2", more: "f" },
    tasks: 7,
  };
  const page = execDriverPage(seen);

  it("has a line for every key, in tables whose rows all have five cells", () => {
    const lines = page.split("\n").filter((line) => line.startsWith("| `"));
    expect(lines.length).toBe(full.length);
    expect(lines.filter((line) => line.split(/(?<!\\)\|/).length !== 7)).toEqual([]);
  });

  it("ends with what a task can see: Nomad's value where it is stated, and what is there here", () => {
    const section = page.slice(page.indexOf("## What a task can see"));
    expect(section).toContain("in 7 [different tasks]");
    expect(section.split("\n").filter((line) => line.startsWith("| ")).slice(1)).toEqual([
      "| a thing | stated: a; of it: d2 | stated: b\\|c; of it: d | A &lt;reason>. |",
      "| another | nobody says | unstated: e | Because. |",
    ]);
  });

  it("lists under the differences what is weaker or lost, and nothing else", () => {
    const listed = page.slice(page.indexOf("## Differences")).split("\n").filter((line) => line.startsWith("- "));
    for (const { key, level } of full) expect([key, listed.some((line) => line.includes(`\`${key}\``))]).toEqual([key, level === "weaker" || level === "lost" || full.some((other) => other.key === key && ["weaker", "lost"].includes(other.level))]);
  });

  it("counts what it lists", () => {
    const counts = [...page.matchAll(/^\| (same|equivalent|weaker|lost|decision) \| (\d+) \|/gm)].map(([, , count]) => Number(count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(full.length);
  });
});
