import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { KubeObject } from "../../../src/api/meta.ts";
import type { LauncherDocument } from "../../../src/contract/launcher-document.ts";
import { ANNOTATION, documentAnnotation } from "../../../src/contract/pod-metadata.ts";
import { toYaml } from "../../../src/lib/yaml.ts";
import { acceptTask, type AllocationPlace, containerName, podForTask } from "../../../src/mapping/pod-for-task.ts";
import { acceptedOf, configOf, sha256, taskOf } from "./mapping-fixtures.ts";

const IMAGE = { launcher: "registry.example/launcher:1", fetch: "nomad-bridge.dev/fetch:1" };
const FOLDER = join(import.meta.dirname, "../../golden/pod-for-task");
const FIRST: AllocationPlace = { index: 0, serial: 1, reschedules: 0 };

type Case = { readonly config: object; readonly task: ExecTask; readonly place: AllocationPlace; readonly missingPaths?: readonly string[]; readonly denyNetworks?: readonly string[] };

/** The pod with its launchers' documents taken out of the annotations and beside it, where a person can read them. Findings have tests of their own. */
function outcomeOf({ config, task, place, missingPaths, denyNetworks }: Case): unknown {
  const accepted = acceptTask(task, bridgeConfigSpec.parse(config), sha256, missingPaths && { missingPaths: new Set(missingPaths) });
  if (!accepted.ok) return { refused: accepted.error };
  const pod = podForTask(accepted.value, place, IMAGE, denyNetworks);
  if (!pod.ok) return { refused: pod.error };
  const { documents, annotations } = apart(pod.value);
  const { skippedPaths, findings } = accepted.value;
  return { pod: { ...pod.value, metadata: { ...pod.value.metadata, annotations } }, ...documents, ...(skippedPaths.length > 0 ? { skippedPaths } : {}), findings };
}

const DOCUMENT = new RegExp(`^${ANNOTATION.launcher}(-(?!protocol$).+)?$`);

/** `document`, or `document web` and the like for the containers beside the first. */
function apart(pod: KubeObject) {
  const entries = Object.entries(pod.metadata.annotations ?? {});
  const isDocument = ([name]: readonly [string, string]) => DOCUMENT.test(name);
  return {
    documents: Object.fromEntries(entries.filter(isDocument).map(([name, text]) => [name.replace(`${ANNOTATION.launcher}-`, "document ").replace(ANNOTATION.launcher, "document"), JSON.parse(text) as LauncherDocument])),
    annotations: Object.fromEntries(entries.filter((entry) => !isDocument(entry))),
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const cases = globSync("*.in.yaml", { cwd: FOLDER }).map((file) => basename(file, ".in.yaml")).sort();

describe("podForTask, beside its golden files", () => {
  it("has cases, and no result without a case", () => {
    expect(cases.length).toBeGreaterThanOrEqual(12);
    expect(globSync("*.out.yaml", { cwd: FOLDER }).map((file) => basename(file, ".out.yaml")).sort()).toEqual(cases);
  });

  it.each(cases)("%s", (name) => {
    const text = toYaml(outcomeOf(parse(readFileSync(join(FOLDER, `${name}.in.yaml`), "utf8")) as Case));
    const path = join(FOLDER, `${name}.out.yaml`);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
    expect(text).toBe(readIfThere(path) ?? `no ${path}: run the tests with UPDATE_GOLDEN=1 and read what it wrote`);
  });
});

describe("podForTask", () => {
  it("is never reached by a task that does not fit the launcher's document: acceptTask names its size", () => {
    const task = taskOf({ args: ["x".repeat(60_000), "x".repeat(60_000), "x".repeat(60_000), "ü".repeat(15_000)] });
    expect(acceptTask(task, configOf(), sha256)).toMatchObject({
      ok: false,
      error: { reason: "TaskTooLarge", message: expect.stringMatching(/^command, args, env, meta, artifacts and templates together are 21\d{4} bytes, more than the 204800 that fit/) as string },
    });
  });

  it("takes the whole document up to the limit, for every index", () => {
    const overhead = Buffer.byteLength(documentOf(podForTask(acceptedOf(taskOf({ args: [""] })), { ...FIRST, index: 999 }, IMAGE)));
    const fill = (bytes: number) => taskOf({ args: ["x".repeat(65_000), "x".repeat(65_000), "x".repeat(65_000), "x".repeat(bytes - 195_000)] });
    const room = 204_800 - overhead - 3 * 3;
    expect(podForTask(acceptedOf(fill(room)), { ...FIRST, index: 999 }, IMAGE).ok).toBe(true);
    expect(acceptTask(fill(room + 1), configOf(), sha256).ok).toBe(false);
  });

  it("counts the documents of all tasks of a group together", () => {
    const tasks = ["a", "b", "c"].map((name) => ({ name, command: "sleep", args: ["x".repeat(65_000)] }));
    expect(acceptTask(taskOf({ tasks }), configOf(), sha256).ok).toBe(true);
    expect(acceptTask(taskOf({ tasks, env: { A: "x".repeat(10_000) } }), configOf(), sha256)).toMatchObject({
      ok: false,
      error: { reason: "TaskTooLarge", message: expect.stringMatching(/^what the 4 tasks say together are 2\d{5} bytes/) as string },
    });
  });

  it("gives the same bytes for the same task, and never lets a user's string out of the document", () => {
    const hostile = "--evil\u0000$(reboot){{.}}";
    const accepted = acceptedOf(taskOf({ command: hostile, args: [hostile], env: { A: hostile }, user: hostile, meta: { m: hostile } }));
    const pod = podForTask(accepted, FIRST, IMAGE);
    expect(JSON.stringify(podForTask(accepted, FIRST, IMAGE))).toBe(JSON.stringify(pod));
    expect(JSON.stringify(pod.ok && (pod.value as unknown as { spec: object }).spec)).not.toContain("evil");
  });
});

const documentOf = (pod: ReturnType<typeof podForTask>): string => (pod.ok ? (pod.value.metadata.annotations?.[ANNOTATION.launcher] ?? "") : "");

describe("the spec hash", () => {
  const hashOf = (spec: Partial<ExecTask["spec"]>) => acceptedOf(taskOf(spec)).specHash;

  it("does not change with count, with key order, or with defaults written out", () => {
    const plain = hashOf({ env: { A: "1", B: "2" } });
    expect(hashOf({ env: { B: "2", A: "1" } })).toBe(plain);
    expect(hashOf({ env: { A: "1", B: "2" }, count: 7 })).toBe(plain);
    expect(hashOf({ env: { A: "1", B: "2" }, user: "nobody", restart: { attempts: 2 }, resources: {} })).toBe(plain);
  });

  it.each<[string, Partial<ExecTask["spec"]>]>([
    ["command", { command: "true" }], ["args", { args: ["1"] }], ["the order of args", { args: ["2", "1"] }], ["env", { env: { A: "2" } }], ["user", { user: "app" }],
    ["capAdd", { capAdd: ["chown"] }], ["memory", { resources: { memory: 64 } }], ["meta", { meta: { a: "b" } }], ["killTimeout", { killTimeout: "6s" }],
    ["restart", { restart: { attempts: 3 } }], ["workDir", { workDir: "/tmp" }], ["another task", { tasks: [{ name: "b", command: "b" }] }], ["leader", { leader: true }],
    ["artifacts", { artifacts: [{ source: "https://a.example/x" }] }], ["templates", { templates: [{ data: "x", destination: "local/x" }] }], ["driver", { driver: "exec", chroot: "host" }],
    ["secrets", { resources: { secrets: 2 } }], ["disk", { ephemeralDisk: { size: 10 } }], ["chrootPaths", { chrootPaths: ["/usr"] }], ["logs", { logs: { disabled: true } }],
    ["shutdownDelay", { shutdownDelay: "1s" }], ["artifactSource", { artifactSource: "http://a.example/x" }], ["the payload", { dispatchPayload: { file: "x", secretName: "s" } }],
  ])("changes with %s", (_field, spec) => expect(hashOf(spec)).not.toBe(hashOf({ args: ["1", "2"] })));
});

describe("acceptTask", () => {
  it("chooses the first profile that lists the namespace, and never one that does not", () => {
    const namespaces = fc.array(fc.constantFrom("team", "other", "*"), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(namespaces, { maxLength: 5 }), (lists) => {
        const config = bridgeConfigSpec.parse({ profiles: lists.map((list, i) => ({ name: `p${i}`, namespaces: list })) });
        const first = lists.findIndex((list) => list.includes("team") || list.includes("*"));
        const accepted = acceptTask(taskOf(), config, sha256);
        expect(accepted.ok ? accepted.value.profile.name : accepted.error.reason).toBe(first < 0 ? "ProfileNotGranted" : `p${first}`);
      }),
    );
  });

  it("says which fields of a stored object no longer pass", () => {
    const task = { ...taskOf(), spec: { command: 5, count: -1 } } as unknown as ExecTask;
    expect(acceptTask(task, configOf(), sha256)).toMatchObject({ ok: false, error: { reason: "InvalidSpec", message: expect.stringMatching(/^command: .+; count: /) as string } });
  });
});

describe("containerName", () => {
  it.each([
    ["web", "web"], ["a-1", "a-1"], ["web.eu", "task"], ["Web", "task"], ["-web", "task"], ["web-", "task"], ["", "task"], ["ü", "task"],
    ["a".repeat(63), "a".repeat(63)], ["a".repeat(64), "task"], ["web\n", "task"], ["nb-fetch-0", "task"], ["task-1", "task"], ["protocol", "protocol"],
  ])("of %j is %s", (task, name) => expect(containerName(task)).toBe(name));

  it.each([
    ["log", 1, "log"], ["Log", 1, "task-1"], ["nb-copy", 2, "task-2"], ["task", 3, "task-3"], ["task-7", 3, "task-3"], ["a".repeat(54), 1, "a".repeat(54)],
    ["a".repeat(55), 1, "task-1"], ["protocol", 1, "task-1"],
  ])("of %j at position %i is %s: its document has an annotation of its own", (task, position, name) => {
    expect(containerName(task, position)).toBe(name);
    expect(Object.values<string>(ANNOTATION)).not.toContain(documentAnnotation(name, position));
  });
});
