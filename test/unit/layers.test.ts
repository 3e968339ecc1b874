/** @module Which room may import which, and what a pure room may not touch: read off the imports of every file under src. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

const CHAIN = ["lib", "nomad", "api", "contract", "mapping", "access"] as const;
const PURE = ["lib", "nomad", "contract", "mapping"];
const IO = /\bnode:(fs|net|child_process|http|https|http2|tls|dgram|os|timers)\b|\bprocess\.|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\brandom(UUID|Bytes)\b|\bset(Timeout|Interval)\b|\bfetch\(/;

/** The rooms that a file of a room may import, its own among them; undefined for a room that nobody has placed. */
function allowedRooms(room: string): readonly string[] | undefined {
  const place = CHAIN.indexOf(room as (typeof CHAIN)[number]);
  if (place >= 0) return CHAIN.slice(0, place + 1);
  if (room === "kubernetes") return ["kubernetes", "lib", "api"];
  if (["controller", "bridge", "webhook", "cli"].includes(room)) return [...CHAIN, room];
  if (room === "main") return [...CHAIN, "kubernetes", "controller", "bridge", "webhook", "cli", "main"];
  return undefined;
}

/** The commands that bring a cluster up on a developer's machine, and they alone, use the scripts that do it. */
const isForDevelopment = (path: string, target: string) => path.startsWith("main/dev/") && target.startsWith("../local-cluster/");

const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");

/** What stands behind `from`, in `import "…"`, `import("…")` and in a type's `import("…").X`. */
const importsOf = (code: string) => [...code.matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g)].map(([, from, bare]) => from ?? bare ?? "");

/** The rules that one file breaks, in words. `path` is below src, such as "lib/yaml.ts". */
function violations(path: string, source: string): readonly string[] {
  const code = withoutComments(source);
  const room = path.split("/")[0] ?? "";
  const allowed = allowedRooms(room);
  if (allowed === undefined) return [`${path}: "${room}" is not a room`];
  const imports = importsOf(code);
  const targets = imports.filter((each) => each.startsWith(".")).map((each) => join(path, "..", each));
  const own = targets.filter((target) => !isForDevelopment(path, target));
  const foreign = own.filter((target) => !allowed.includes(target.split("/")[0] ?? "")).map((target) => `${path} imports ${target}`);
  const raw = targets.filter((target) => target === "kubernetes/pod-exec.ts" && room !== "main").map(() => `${path} imports the raw pod exec`);
  const impure = PURE.includes(room) && IO.test(code) ? [`${path} uses ${IO.exec(code)?.[0]}`] : [];
  const yaml = imports.includes("yaml") && /(?<!JSON\.)\bstringify\b/.test(code) && path !== "lib/yaml.ts" ? [`${path} writes YAML by itself`] : [];
  return [...foreign, ...raw, ...impure, ...yaml];
}

const files = globSync("**/*.ts", { cwd: join(ROOT, "src") }).map((path) => ({ path, source: readFileSync(join(ROOT, "src", path), "utf8") }));

describe("the rooms under src", () => {
  it("are all seen", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(({ source }) => importsOf(source)).length).toBeGreaterThan(100);
  });

  it("keep to the layers, and the pure ones stay pure", () => {
    expect(files.flatMap(({ path, source }) => violations(path, source))).toEqual([]);
  });
});

describe("the check itself", () => {
  it.each([
    ["an upward import", "lib/a.ts", 'import { x } from "../nomad/texts.ts";', "lib/a.ts imports nomad/texts.ts"],
    ["an import of nomad from api", "nomad/a.ts", 'import type { Pod } from "../api/pod.ts";', "nomad/a.ts imports api/pod.ts"],
    ["a re-export", "contract/a.ts", 'export * from "../mapping/findings.ts";', "contract/a.ts imports mapping/findings.ts"],
    ["an import over several lines", "api/a.ts", 'import {\n  x,\n} from "../contract/frames.ts";', "api/a.ts imports contract/frames.ts"],
    ["a dynamic import", "cli/a.ts", 'const x = await import("../bridge/reply.ts");', "cli/a.ts imports bridge/reply.ts"],
    ["a sister room", "controller/a.ts", 'import { x } from "../cli/table.ts";', "controller/a.ts imports cli/table.ts"],
    ["kubernetes by type alone", "bridge/a.ts", 'import type { Log } from "../kubernetes/types.ts";', "bridge/a.ts imports kubernetes/types.ts"],
    ["main from a room", "webhook/a.ts", 'import "../main/identity.ts";', "webhook/a.ts imports main/identity.ts"],
    ["kubernetes that knows Nomad", "kubernetes/a.ts", 'import { x } from "../nomad/texts.ts";', "kubernetes/a.ts imports nomad/texts.ts"],
    ["the raw opener within its room", "kubernetes/a.ts", 'import { x } from "./pod-exec.ts";', "kubernetes/a.ts imports the raw pod exec"],
    ["a file outside src", "lib/a.ts", 'import { x } from "../../tools/kinds.ts";', "lib/a.ts imports ../tools/kinds.ts"],
    ["what only development may use", "main/controller.ts", 'import { x } from "../../local-cluster/cluster.ts";', "main/controller.ts imports ../local-cluster/cluster.ts"],
    ["a deep file", "nomad/hcl/a.ts", 'import { x } from "../../access/store.ts";', "nomad/hcl/a.ts imports access/store.ts"],
    ["files in a pure room", "mapping/a.ts", 'import { readFileSync } from "node:fs";', "mapping/a.ts uses node:fs"],
    ["the clock in a pure room", "nomad/a.ts", "const now = Date.now();", "nomad/a.ts uses Date.now"],
    ["the environment in a pure room", "contract/a.ts", 'const x = process.env["X"];', "contract/a.ts uses process."],
    ["randomness in a pure room", "lib/a.ts", "const x = Math.random();", "lib/a.ts uses Math.random"],
    ["a writer of YAML", "cli/a.ts", 'import { stringify } from "yaml";', "cli/a.ts writes YAML by itself"],
    ["a room that nobody placed", "helpers/a.ts", "", 'helpers/a.ts: "helpers" is not a room'],
  ])("sees %s", (_name, path, source, violation) => {
    expect(violations(path, source)).toEqual([violation]);
  });

  it.each([
    ["a downward import", "mapping/a.ts", 'import { ok } from "../lib/result.ts";'],
    ["main, which joins all rooms", "main/a.ts", 'import { x } from "../kubernetes/pod-exec.ts";\nimport { y } from "../bridge/reply.ts";'],
    ["the commands for development", "main/dev/a.ts", 'import { x } from "../../../local-cluster/cluster.ts";'],
    ["words in a comment", "nomad/a.ts", '/** Never Date.now(), nor from "../api/pod.ts". */\nconst x = 1; // process.env'],
    ["a reader of YAML", "cli/a.ts", 'import { parse } from "yaml";\nJSON.stringify(parse(""));'],
  ])("allows %s", (_name, path, source) => {
    expect(violations(path, source)).toEqual([]);
  });
});
