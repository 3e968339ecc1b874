/** @module The stock nomad program against the bridge and against a real Nomad: the same commands, the same words and exit codes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { withoutNomadSettings } from "./client-environment.ts";
import { type Agent, startAgent } from "./stock-nomad/agent.ts";
import type { Exception, StockCommand } from "./stock-nomad/command.ts";
import { ALLOCATION } from "./stock-nomad/commands/allocation.ts";
import { BATCH } from "./stock-nomad/commands/batch.ts";
import { REFUSALS } from "./stock-nomad/commands/refusals.ts";
import { SERVICE, SERVICE_END } from "./stock-nomad/commands/service.ts";
import { JOB_FILES } from "./stock-nomad/jobs.ts";
import { stockNomad } from "./stock-nomad/program.ts";
import { type Outcome, outcomeOf, type Side } from "./stock-nomad/side.ts";

/** Its download and build come before the first test. */
const BUILD_TIMEOUT_MS = 20 * 60_000;
const LOOK_TIMEOUT_MS = 30_000;

const bridge = inject("bridge");
const folder = mkdtempSync(join(tmpdir(), "stock-nomad-"));
let agent: Agent | undefined;
let ours: Side;
let theirs: Side;

beforeAll(async () => {
  const program = await stockNomad();
  if (!program.ok) throw new Error(program.error);
  agent = await startAgent(program.value, `${bridge.dir}-nomad`);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(JOB_FILES)) writeFileSync(join(folder, name), text);
  const inherited = withoutNomadSettings(process.env);
  const side = (env: Readonly<Record<string, string>>): Side => ({ program: program.value, folder, env: { ...inherited, TZ: "UTC", ...env } });
  ours = side({ NOMAD_ADDR: bridge.addr, NOMAD_TOKEN: bridge.token, NOMAD_CACERT: bridge.caFile });
  theirs = side({ NOMAD_ADDR: agent.address });
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await agent?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const TABLES = { "a service": SERVICE, "an allocation": ALLOCATION, "the end of a service": SERVICE_END, "jobs that end": BATCH, "what is refused": REFUSALS };

for (const [title, commands] of Object.entries(TABLES)) {
  describe(`${title}, by the stock nomad`, () => {
    for (const command of commands) it(command.args.join(" "), () => check(command));
  });
}

/** A real Nomad is the only judge: no text of its is written down here. */
async function check(command: StockCommand): Promise<void> {
  const deadline = performance.now() + (command.comes ? LOOK_TIMEOUT_MS : 0);
  let pair = await both(command);
  while (JSON.stringify(pair[0]) !== JSON.stringify(pair[1]) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    pair = await both(command);
  }
  const [bridged, real] = pair;
  expect(bridged).toEqual(real);
}

async function both({ args, input, except = [] }: StockCommand): Promise<readonly [Outcome, Outcome]> {
  const outcomes = await Promise.all([ours, theirs].map((side) => outcomeOf(side, args, input)));
  const [bridged, real] = outcomes.map((outcome) => without(outcome, except));
  if (bridged === undefined || real === undefined) throw new Error("two sides have two outcomes");
  expect(real.exit, `the real Nomad never ended: ${args.join(" ")}`).not.toBeNull();
  return [bridged, real];
}

function without(outcome: Outcome, except: readonly Exception[]): Outcome {
  const kept = (text: string) => text.split("\n").filter((line) => !except.some(({ lines }) => lines.test(line))).join("\n");
  return { ...outcome, stdout: kept(outcome.stdout), stderr: kept(outcome.stderr) };
}
