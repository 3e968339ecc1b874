/** @module Whether the pages that people write name files that exist: a map with a wrong name on it is worse than none. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: ROOT })];

/** Names of what a task, a cluster or a person has, and no file of ours. */
const FOREIGN = ["case.in.yaml", "case.out.yaml", "up.json"];

/** Where a name without its folder may be: the pages leave out what the sentence says already. */
const FOLDERS = ["", "src", "test/unit", "test/integration", "launcher", "fetch", "local-cluster", "docs"];
/** Of every file: a page may say `plan.ts` where it speaks of src/controller. */
const NAMES = new Set(globSync(["{src,test,launcher,fetch,local-cluster,tools,bench}/**/*.{ts,go,json,yaml,md,mod}"], { cwd: ROOT, exclude: (path) => path.includes("node_modules") }).map((path) => path.split("/").at(-1)));

const ROOT_FOLDERS = ["src", "test", "launcher", "fetch", "local-cluster", "tools", "bench", "docs", "manifests", ".ci"];
const IS_FILE_NAME = /^\w[\w.-]*(\/[\w.-]+)*\.(ts|go|yaml|json|mod|md)$/;

/** The texts in backticks of a page, without its code blocks. */
const quoted = (page: string) => [...page.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text);

/** Whether a quoted text is the name of a file or folder of this repository. "local/" is a folder of a task, */
const isOurs = (text: string) => IS_FILE_NAME.test(text) || (/^[\w./-]+\/$/.test(text) && ROOT_FOLDERS.some((folder) => text.startsWith(`${folder}/`)));

const exists = (text: string) => FOLDERS.some((folder) => existsSync(join(ROOT, folder, text))) || (!text.includes("/") && NAMES.has(text));

/** Links to places in this repository that are not there. */
const brokenLinks = (page: string, folder: string) =>
  [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target).filter((target) => !/^[a-z]+:|^#/.test(target) && !existsSync(join(ROOT, folder, target.split("#")[0] ?? "")));

describe.each(PAGES)("%s", (path) => {
  const page = readFileSync(join(ROOT, path), "utf8");

  it("names files that exist", () => expect(quoted(page).filter((text) => isOurs(text) && !exists(text) && !FOREIGN.includes(text))).toEqual([]));
  it("links to files that exist", () => expect(brokenLinks(page, join(path, ".."))).toEqual([]));
});

describe("ARCHITECTURE.md", () => {
  it("leads to its own headings", () => {
    const page = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
    const headings = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-")));
    expect([...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor).filter((anchor) => !headings.has(anchor))).toEqual([]);
  });
});
