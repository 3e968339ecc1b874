import { describe, expect, it } from "vitest";
import { createLogLines } from "../../../src/bridge/monitor/log-lines.ts";

const line = (level: number, msg: string, fields: object = {}) => `${JSON.stringify({ level, time: 1_767_225_600_000, pid: 1, hostname: "h", ...fields, msg })}\n`;

describe("the lines of the server's log", () => {
  it("come as text from the level that was asked for, with their fields, and nothing in them breaks a line", async () => {
    const lines = createLogLines();
    const reader = lines.subscribe("warn", "text");
    lines.write(line(30, "quiet"));
    lines.write(line(40, "careful", { path: "a\nb" }));
    expect(await reader?.next(10)).toBe('2026-01-01T00:00:00.000Z [WARN]  nomad-bridge: careful: path="a\\nb"\n');
    expect(await reader?.next(1)).toBeUndefined();
  });

  it("come as they were written where JSON is asked for", async () => {
    const lines = createLogLines();
    const reader = lines.subscribe("info", "json");
    const written = reader?.next(10_000);
    lines.write(line(30, "hello"));
    expect(await written).toBe(line(30, "hello"));
  });

  it("that a slow reader could not take are counted, and not kept", async () => {
    const lines = createLogLines();
    const reader = lines.subscribe("info", "text");
    for (let i = 0; i < 600; i += 1) lines.write(line(30, `line ${i}`));
    const text = (await reader?.next(1)) ?? "";
    expect([text.includes("line 511"), text.includes("line 512"), text.includes("88 lines were left out")]).toEqual([true, false, true]);
  });

  it("go to fifty readers, and a place is free when one goes", () => {
    const lines = createLogLines();
    const readers = Array.from({ length: 50 }, () => lines.subscribe("info", "text"));
    expect(lines.subscribe("info", "text")).toBeUndefined();
    readers[0]?.close();
    expect(lines.subscribe("info", "text")).toBeDefined();
  });

  it("that are no log lines are passed over", async () => {
    const lines = createLogLines();
    const reader = lines.subscribe("trace", "text");
    for (const text of ["", "not json", "{}", "null"]) lines.write(text);
    expect(await reader?.next(1)).toBeUndefined();
  });
});
