/** @module Go's flag rules. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGoFlags } from "../../../src/cli/go-flags.ts";
import { parseGoBool } from "../../../src/lib/go-bool.ts";

const TABLE = { task: "string", e: "string", i: "bool", t: "bool", "tls-skip-verify": "bool" } as const;
const CLUSTERS = { it: ["i", "t"], ti: ["t", "i"] };
const parse = (argv: readonly string[]) => parseGoFlags(TABLE, argv, CLUSTERS);

describe("parseGoFlags", () => {
  it.each([
    { argv: [], flags: {}, args: [] },
    { argv: ["-task", "web", "abc"], flags: { task: "web" }, args: ["abc"] },
    { argv: ["--task=web", "abc"], flags: { task: "web" }, args: ["abc"] },
    { argv: ["-task=a=b"], flags: { task: "a=b" }, args: [] },
    { argv: ["-task="], flags: { task: "" }, args: [] },
    { argv: ["-e", "", "x"], flags: { e: "" }, args: ["x"] },
    { argv: ["-task", "-i", "x"], flags: { task: "-i" }, args: ["x"] },
    { argv: ["-task", "--", "x"], flags: { task: "--" }, args: ["x"] },
    { argv: ["-i", "false"], flags: { i: true }, args: ["false"] },
    { argv: ["-i=false", "--t=1"], flags: { i: false, t: true }, args: [] },
    { argv: ["-i", "-i=F"], flags: { i: false }, args: [] },
    { argv: ["--tls-skip-verify"], flags: { "tls-skip-verify": true }, args: [] },
    { argv: ["-it", "abc"], flags: { i: true, t: true }, args: ["abc"] },
    { argv: ["--ti", "abc"], flags: { i: true, t: true }, args: ["abc"] },
    { argv: ["abc", "ls", "-it", "-h", "--", "-task"], flags: {}, args: ["abc", "ls", "-it", "-h", "--", "-task"] },
    { argv: ["-t", "--", "-i"], flags: { t: true }, args: ["-i"] },
    { argv: ["-", "-i"], flags: {}, args: ["-", "-i"] },
    { argv: ["", "-i"], flags: {}, args: ["", "-i"] },
  ])("reads $argv", ({ argv, flags, args }) => {
    expect(parse(argv)).toEqual({ ok: true, value: { flags, args } });
  });

  it.each([
    { argv: ["-nope"], message: "flag provided but not defined: -nope" },
    { argv: ["--nope=1"], message: "flag provided but not defined: -nope" },
    { argv: ["-constructor"], message: "flag provided but not defined: -constructor" },
    { argv: ["-it=false"], message: "flag provided but not defined: -it" },
    { argv: ["-task"], message: "flag needs an argument: -task" },
    { argv: ["-i=maybe"], message: 'invalid boolean value "maybe" for -i: parse error' },
    { argv: ["-i="], message: 'invalid boolean value "" for -i: parse error' },
    { argv: ["---i"], message: "bad flag syntax: ---i" },
    { argv: ["-=1"], message: "bad flag syntax: -=1" },
    { argv: ["--=1"], message: "bad flag syntax: --=1" },
  ])("refuses $argv as Go does", ({ argv, message }) => {
    expect(parse(argv)).toEqual({ ok: false, error: { kind: "invalid", message } });
  });

  it.each([["-h"], ["-help"], ["--help"], ["--h"]])("takes %s as a call for help", (word) => {
    expect(parse(["-i", word])).toEqual({ ok: false, error: { kind: "help" } });
  });

  it("never touches a word after the first argument", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (rest) => {
        expect(parse(["-i", "alloc", ...rest])).toEqual({ ok: true, value: { flags: { i: true }, args: ["alloc", ...rest] } });
      }),
    );
  });
});

describe("parseGoBool", () => {
  it.each([
    { words: ["1", "t", "T", "TRUE", "true", "True"], value: true },
    { words: ["0", "f", "F", "FALSE", "false", "False"], value: false },
    { words: ["", "yes", "tRUE", " 1"], value: undefined },
  ])("reads $words as $value", ({ words, value }) => {
    expect(words.map(parseGoBool)).toEqual(words.map(() => value));
  });
});
