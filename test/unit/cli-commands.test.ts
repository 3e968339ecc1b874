import { describe, expect, it } from "vitest";
import { EVERY_COMMAND } from "../clients/cli-commands/every-command.ts";
import { COMMANDS } from "../clients/nomad-cli-commands.ts";

describe("the commands of Nomad's CLI", () => {
  it.each(EVERY_COMMAND)("%s has a row that runs it", (command) => expect(COMMANDS.map((row) => row.command)).toContain(command));

  it("are all known, and each run has a name of its own", () => {
    expect(COMMANDS.map(({ command }) => command).filter((command) => !EVERY_COMMAND.includes(command))).toEqual([]);
    const names = COMMANDS.map(({ command, title }) => `${command}, ${title}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});
