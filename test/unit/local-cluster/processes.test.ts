/** @module Tests of process identity. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { CLUSTER_MARK, endProcess, identify, isAlive, markedProcesses, parseStat, programOf } from "../../../local-cluster/processes.ts";

describe("parseStat", () => {
  const fields = (comm: string): string => `42 (${comm}) S ${Array.from({ length: 18 }, (_, index) => index).join(" ")} 777 0`;

  it.each(["sleep", "tmux: server", "a) R (b"])("finds state and start time behind the name %j", (comm) => {
    expect(parseStat(fields(comm))).toEqual({ state: "S", startTicks: "777" });
  });

  it("is undefined for a text that is cut short", () => {
    expect(parseStat("42 (sleep) S 1 2 3")).toBeUndefined();
  });
});

describe("a process", () => {
  it("is alive under its own start time and under no other", () => {
    const own = identify(process.pid);
    expect(own && isAlive(own)).toBe(true);
    expect(own && isAlive({ ...own, startTicks: `${own.startTicks}0` })).toBe(false);
  });

  it("is not ended when its pid now belongs to another", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const id = identify(child.pid ?? 0)!;
    endProcess({ ...id, startTicks: "1" });
    expect(isAlive(id)).toBe(true);
    endProcess(id);
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    expect(isAlive(id)).toBe(false);
  });

  it("is found by the mark in its environment", async () => {
    const mark = `test${process.pid}`;
    const child = spawn("sleep", ["60"], { env: { PATH: "/usr/bin:/bin", [CLUSTER_MARK]: mark } });
    await once(child, "spawn");
    const found = markedProcesses(mark);
    const program = programOf(child.pid ?? 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(found.map(({ pid }) => pid)).toEqual([child.pid]);
    expect(program).toBe("sleep");
    expect(markedProcesses(mark)).toEqual([]);
  });
});
