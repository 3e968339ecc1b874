/** @module Whether the help of each command, of which docs/reference/cli.md is made, names every option that the command takes. */
import { describe, expect, it } from "vitest";
import { CONVERT_FLAGS } from "../../../src/cli/convert/convert-options.ts";
import { EXPLAIN_OPTIONS } from "../../../src/cli/explain-options.ts";
import { ASSESS_FLAGS } from "../../../src/cli/migrate/assess-options.ts";
import { IMPORT_FLAGS } from "../../../src/cli/migrate/import-options.ts";
import { GENERAL_FLAGS } from "../../../src/cli/settings.ts";
import { SERVER_OPTIONS } from "../../../src/main/server-help.ts";
import { CLI_COMMANDS, cliPage } from "../../../tools/cli-page.ts";

/** Of clients that print nothing in colour: taken, so that a script may pass them to every command. */
const WITHOUT_EFFECT = ["no-color", "force-color"];

const TABLES: Readonly<Record<string, object>> = { "assess": ASSESS_FLAGS, "convert": CONVERT_FLAGS, "import": IMPORT_FLAGS, "explain": EXPLAIN_OPTIONS, "alloc exec": GENERAL_FLAGS, "server": SERVER_OPTIONS };

/** Those of import and assess that are told by "and its like". */
const TOLD_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  assess: ["address", ...WITHOUT_EFFECT],
  import: ["address", "region", "ca-path", "client-cert", "client-key", "tls-server-name", "tls-skip-verify", ...WITHOUT_EFFECT],
  server: ["help"],
};

describe.each(CLI_COMMANDS)("the help of $name", ({ name, help }) => {
  it("names every option", () => {
    const options = Object.keys(TABLES[name] ?? {}).filter((option) => TOLD_ELSEWHERE[name]?.includes(option) !== true);
    expect(options.length).toBeGreaterThan(3);
    expect(options.filter((option) => !new RegExp(`(^|[\\s,])--?${option}(?![\\w-])`, "m").test(help))).toEqual([]);
  });

  it("stands on the page, with a link to it", () => {
    expect(cliPage()).toContain(`](#${name.replace(" ", "-")})`);
    expect(cliPage()).toContain(help.trimEnd());
  });
});
