/** @module Tests of the state file. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newState, parseState, PORTS, type PortName, readState, statePath, writeState } from "../../../local-cluster/state.ts";

const ports = Object.fromEntries(PORTS.map((name, index) => [name, 20_000 + index])) as Record<PortName, number>;
const state = newState("demo", ports, { podCidr: "10.200.1.0/24", serviceCidr: "10.200.2.0/24" });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "nomad-bridge-state-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("a state file", () => {
  it("reads back as it was written, and only its owner may read it", () => {
    const started = { ...state, daemons: { etcd: { pid: 7, startTicks: "99" } }, sandboxImage: "a:b" };
    writeState(dir, started);
    expect(readState(dir)).toEqual({ ok: true, value: started });
    expect(statSync(statePath(dir)).mode & 0o777).toBe(0o600);
  });

  it("is undefined where there is none", () => {
    expect(readState(dir)).toEqual({ ok: true, value: undefined });
  });

  it("is an error with its path when it is broken", () => {
    writeFileSync(statePath(dir), "{");
    const read = readState(dir);
    expect(read.ok ? "" : read.error).toContain(statePath(dir));
  });
});

describe("parseState", () => {
  it.each([
    { problem: "no JSON", text: "{" },
    { problem: "another version", text: JSON.stringify({ ...state, version: 2 }) },
    { problem: "a run directory that down must not remove", text: JSON.stringify({ ...state, runDir: "/run" }) },
    { problem: "the root cgroup", text: JSON.stringify({ ...state, cgroupRoot: "/" }) },
    { problem: "a pod range that is no /24", text: JSON.stringify({ ...state, podCidr: "10.0.0.0/8" }) },
    { problem: "an unknown daemon", text: JSON.stringify({ ...state, daemons: { sshd: { pid: 1, startTicks: "1" } } }) },
    { problem: "a pid below 1", text: JSON.stringify({ ...state, daemons: { etcd: { pid: -1, startTicks: "1" } } }) },
  ])("refuses $problem", ({ text }) => {
    expect(parseState(text).ok).toBe(false);
  });
});
