/** @module The bridge as python-nomad sees it: runs read_calls.py and write_calls.py and counts each of their checks as a test. Skipped, with a reason, only off CI. */
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { runCommand } from "../../local-cluster/run-command.ts";
import type { BridgeUnderTest } from "../integration/provided.ts";
import { clientEnvironment } from "./client-environment.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { startTasks } from "./tasks-under-test.ts";

type Check = { readonly name: string; readonly error: string | null };

const python = await pythonEnvironment(join(import.meta.dirname, "requirements.txt"));
const checks = python.ok ? await checksAgainst(inject("bridge"), python.value) : [];

describe("python-nomad", () => {
  it("is there to be asked", ({ skip }) => {
    if (!python.ok && process.env["CI"] === undefined) {
      process.stderr.write(`python-nomad is not asked: ${python.error}\n`);
      skip(python.error);
    }
    expect(python).toMatchObject({ ok: true });
    expect(checks).not.toHaveLength(0);
  });

  for (const { name, error } of checks) {
    it(name, () => expect(error, error ?? "").toBeNull());
  }
});

async function checksAgainst(bridge: BridgeUnderTest, program: string): Promise<readonly Check[]> {
  const tasks = await startTasks(bridge);
  try {
    const env = clientEnvironment(bridge, tasks);
    return [...(await checksOf(program, "read_calls.py", env)), ...(await checksOf(program, "write_calls.py", env))];
  } finally {
    await tasks.remove();
  }
}

async function checksOf(program: string, script: string, env: Record<string, string>): Promise<readonly Check[]> {
  const output = await runCommand(program, [join(import.meta.dirname, script)], { env });
  if (!output.ok) throw new Error(output.error);
  return JSON.parse(output.value) as readonly Check[];
}
