import { describe, expect, it } from "vitest";
import { type ExecTask, execTaskSpec } from "../../../src/api/exec-task.ts";
import { EXEC_TASK_RULES, findingsFor } from "../../../src/mapping/findings.ts";
import { configOf } from "./mapping-fixtures.ts";

const found = (spec: Partial<ExecTask["spec"]>, profile: object = {}) => findingsFor(execTaskSpec.parse({ command: "x", restart: { attempts: 0 }, ...spec }), configOf(profile).profiles[0]!);
const pathsOf = (spec: Partial<ExecTask["spec"]>, profile: object = {}) => found(spec, profile).map(({ path }) => path);
const ALWAYS = ["chroot", "network", "seccomp"];

describe("findingsFor", () => {
  it.each<[string, Partial<ExecTask["spec"]>, object, readonly string[]]>([
    ["nothing special", {}, {}, []],
    ["interpolation in args", { args: ["a", "x${attr.y}z"] }, {}, ["args"]],
    ["interpolation in env", { env: { A: "${node.id}" } }, {}, ["env"]],
    ["a shell's own variable", { args: ["$HOME $(x) ${"] }, {}, []],
    ["host namespaces of the task", { pidMode: "host", ipcMode: "host" }, {}, ["pidMode", "ipcMode"]],
    ["host namespaces of the profile", {}, { defaultPidMode: "host", defaultIpcMode: "host" }, ["pidMode", "ipcMode"]],
    ["private ones against the profile", { pidMode: "private", ipcMode: "private" }, { defaultPidMode: "host", defaultIpcMode: "host" }, []],
    ["reserved cores", { resources: { cores: 2 } }, {}, ["resources"]],
    ["one restart", { restart: { attempts: 1 } }, {}, []],
    ["more restarts", { restart: { attempts: 2 } }, {}, ["restart"]],
  ])("announces for %s what the task can see", (_name, spec, profile, paths) => {
    expect(pathsOf(spec, profile).sort()).toEqual([...paths, ...ALWAYS].sort());
  });

  it("quotes what is not interpolated, and no more of it than a status takes", () => {
    const messageOf = (args: string[]) => found({ args }).find(({ path }) => path === "args")?.message ?? "";
    expect(messageOf(["-x", "a ${one} ${two}"])).toBe("${one} reaches the task as it is written: interpolation is not part of this version");
    expect(messageOf([`\${${"😀".repeat(20_000)}}`])).toMatch(/^\$\{(😀)+.?… reaches the task/u);
    for (const { message } of found({ args: [`\${${"x".repeat(60_000)}}`], env: { A: `\${${"x".repeat(60_000)}}` } })) expect(message.length).toBeLessThanOrEqual(1024);
  });

  it("fits a status even when everything is announced", () => {
    const everything = found({ args: ["${a}"], env: { A: "${a}" }, pidMode: "host", ipcMode: "host", restart: {}, resources: { cores: 1 } });
    expect(everything.length).toBeLessThanOrEqual(20);
    expect(Object.keys(EXEC_TASK_RULES).sort()).toEqual(Object.keys(execTaskSpec.shape).sort());
  });
});
