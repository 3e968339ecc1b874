/** @module The options of alloc exec, and what is said of wrong ones. */
import { describe, expect, it } from "vitest";
import { readOptions } from "../../../src/cli/alloc-exec.ts";

describe("readOptions", () => {
  it.each([
    { argv: [], message: "An allocation ID is required" },
    { argv: ["-job"], message: "A job ID is required" },
    { argv: ["e"], message: "Alloc ID must contain at least two characters" },
    { argv: ["e", "ls"], message: "Alloc ID must contain at least two characters" },
    { argv: ["eb17"], message: "A command is required" },
    { argv: ["-job", "w"], message: "A command is required" },
    { argv: ["-t", "-i=false", "eb17", "ls"], message: "-i must be enabled if running with tty" },
    { argv: ["-t", "-i=false", "-e", "es", "eb17", "ls"], message: "-i must be enabled if running with tty" },
    { argv: ["-e", "es", "eb17", "ls"], message: "-e requires 'none' or a single character" },
    { argv: ["-e", "é", "eb17", "ls"], message: "-e requires 'none' or a single character" },
  ])("refuses $argv with Nomad's text", ({ argv, message }) => {
    expect(readOptions(argv, false)).toEqual({ ok: false, error: { kind: "usage", message } });
  });

  const plain = { general: {}, target: "eb17", command: ["ls"], byJob: false, group: "", task: "", stdin: true, tty: false, escape: 0x7e };
  it.each([
    { argv: ["eb17", "ls"], options: plain },
    { argv: ["-task", "web", "eb17", "ls", "-t", "--"], options: { ...plain, general: { task: "web" }, task: "web", command: ["ls", "-t", "--"] } },
    { argv: ["-job", "-group=db", "w", "ls"], options: { ...plain, general: { job: true, group: "db" }, target: "w", byJob: true, group: "db" } },
    { argv: ["-it", "eb17", "ls"], options: { ...plain, general: { i: true, t: true }, tty: true } },
    { argv: ["-i=false", "eb17", "ls"], options: { ...plain, general: { i: false }, stdin: false } },
    { argv: ["-e", "none", "eb17", "ls"], options: { ...plain, general: { e: "none" }, escape: undefined } },
    { argv: ["-e", "", "eb17", "ls"], options: { ...plain, general: { e: "" }, escape: undefined } },
    { argv: ["-e=%", "eb17", "ls"], options: { ...plain, general: { e: "%" }, escape: 0x25 } },
  ])("reads $argv", ({ argv, options }) => {
    expect(readOptions(argv, false)).toEqual({ ok: true, value: options });
  });

  it("takes a terminal when there is one, unless told otherwise", () => {
    expect(readOptions(["eb17", "ls"], true)).toMatchObject({ value: { tty: true } });
    expect(readOptions(["-t=false", "eb17", "ls"], true)).toMatchObject({ value: { tty: false } });
  });
});
