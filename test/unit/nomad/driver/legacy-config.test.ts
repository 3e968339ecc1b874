import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LegacyConfig, type LegacyVersion, readLegacyConfig, shellWords } from "../../../../src/nomad/driver/legacy-config.ts";

const SOURCE = "https://h/binary.bin";

describe("readLegacyConfig", () => {
  it.each<[string, LegacyVersion, Record<string, unknown>, LegacyConfig]>([
    ["one line of shell words", "0.1", { command: "/bin/sh", args: `-c 'echo "a b"' x\\ y` }, { command: "/bin/sh", args: ["-c", 'echo "a b"', "x y"], bareVariables: true }],
    ["a command with words of its own", "0.1", { command: "/bin/sh -c", args: "'exit 3'" }, { command: "/bin/sh", args: ["-c", "exit 3"], bareVariables: true }],
    ["no args", "0.1", { command: "/bin/date" }, { command: "/bin/date", args: [], bareVariables: true }],
    ["a number", "0.1", { command: "/bin/sleep", args: 1 }, { command: "/bin/sleep", args: ["1"], bareVariables: true }],
    ["a number for a list", "0.2", { command: "/bin/sleep", args: 1 }, { command: "/bin/sleep", args: ["1"], bareVariables: true }],
    ["a string for a list, which is one argument", "0.2", { command: "/bin/echo", args: "a 'b c'" }, { command: "/bin/echo", args: ["a 'b c'"], bareVariables: true }],
    ["a list with numbers and a boolean", "0.2", { command: "x", args: ["-n", 5, 1.5, true, ""] }, { command: "x", args: ["-n", "5", "1.5", "1", ""], bareVariables: true }],
    ["a command with a blank, which stays one", "0.2", { command: "my tool" }, { command: "my tool", args: [], bareVariables: true }],
    ["an artifact", "0.2", { command: "$NOMAD_TASK_DIR/binary.bin", artifact_source: SOURCE, checksum: "md5:00" }, { command: "$NOMAD_TASK_DIR/binary.bin", args: [], artifactSource: SOURCE, checksum: "md5:00", bareVariables: true }],
    ["an empty artifact", "0.2", { command: "x", artifact_source: "", checksum: null }, { command: "x", args: [], bareVariables: true }],
    ["braces alone", "0.3", { command: "x", args: ["${NOMAD_TASK_DIR}", "$HOME"], artifact_source: SOURCE }, { command: "x", args: ["${NOMAD_TASK_DIR}", "$HOME"], artifactSource: SOURCE, bareVariables: false }],
  ])("reads %s as Nomad %s did", (_name, version, config, expected) => {
    expect(readLegacyConfig(config, version)).toEqual({ ok: true, value: expected });
  });

  it.each<[string, LegacyVersion, Record<string, unknown>, RegExp]>([
    ["nothing to run", "0.2", { args: ["x"] }, /^config has no command/],
    ["a blank line", "0.1", { command: "  " }, /^config has no command/],
    ["a command that is a list", "0.2", { command: ["x"] }, /^config has no command/],
    ["a list under 0.1", "0.1", { command: "x", args: ["a"] }, /^args is not one string, as it is for Nomad 0.1/],
    ["a list in a list", "0.2", { command: "x", args: ["a", ["b"]] }, /^args\[1\] is neither a string nor a number$/],
    ["an artifact under 0.1", "0.1", { command: "x", artifact_source: SOURCE }, /^config has artifact_source: the exec driver of Nomad 0.1 knows command, args$/],
    ["a key of today", "0.3", { command: "x", pid_mode: "host", cap_add: [] }, /^config has pid_mode, cap_add:/],
    ["a source that is no text", "0.2", { command: "x", artifact_source: 1 }, /^artifact_source is not a string$/],
    ["a checksum that is no text", "0.2", { command: "x", checksum: ["md5"] }, /^checksum is not a string$/],
    ["an open quote", "0.1", { command: "x", args: "'a" }, /has a ' that is not closed$/],
  ])("refuses %s in words", (_name, version, config, message) => {
    expect(readLegacyConfig(config, version)).toEqual({ ok: false, error: expect.stringMatching(message) as string });
  });
});

describe("shellWords", () => {
  const single = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;
  const double = (word: string) => `"${word.replace(/[\\"]/g, "\\$&")}"`;
  const escaped = (word: string) => (word === "" ? "''" : word.replace(/[\s\S]/gu, "\\$&"));
  const style = fc.constantFrom(single, double, escaped);
  const blank = fc.stringMatching(/^[ \t\r\n]{1,3}$/);
  const word = fc.string({ unit: fc.oneof(fc.constantFrom("'", '"', "\\", " ", "\n", "$", "`", "a"), fc.string({ minLength: 1, maxLength: 1, unit: "binary" })) });

  it("gives back any words that were quoted in any way", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ word, style, blank })), (parts) => {
        const line = parts.map(({ word, style, blank }) => style(word) + blank).join("");
        expect(shellWords(line)).toEqual({ ok: true, value: parts.map(({ word }) => word) });
      }),
    );
  });

  it("joins quoted pieces that touch, in any style", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ word, style }), { minLength: 1 }), (parts) => {
        expect(shellWords(parts.map(({ word, style }) => style(word)).join(""))).toEqual({ ok: true, value: [parts.map(({ word }) => word).join("")] });
      }),
    );
  });

  it.each<[string, readonly string[]]>([["", []], [" \t\n", []], ["a", ["a"]], ["''", [""]], ["a''b", ["ab"]], ["$HOME `x` $(y);z|&", ["$HOME", "`x`", "$(y);z|&"]], ["'a\\n'", ["a\\n"]]])("of %j is %j", (line, words) => {
    expect(shellWords(line)).toEqual({ ok: true, value: words });
  });

  it.each([["a 'b", "'"], ['a "b', '"'], ["\"a'", '"'], ["a\\", "backslash"]])("says what is not closed in %j", (line, what) => {
    expect(shellWords(line)).toEqual({ ok: false, error: expect.stringContaining(what) as string });
  });
});
