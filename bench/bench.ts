/** @module `npm run bench`: what nomad-bridge costs beside direct use of the same cluster in the same run. Prints one table and asserts nothing. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_HOME } from "../src/main/dev/home.ts";
import { interrupted, progress } from "../src/main/dev/progress.ts";
import { measureCliStart } from "./cli-start.ts";
import { measureDispatches } from "./dispatches.ts";
import { measureConcurrency, measureLatency } from "./exec-latency.ts";
import { measureHclRate } from "./hcl-rate.ts";
import { measureHeld } from "./held-queries.ts";
import { measureLauncherCost } from "./launcher-cost.ts";
import { measureMappingRate } from "./mapping-rate.ts";
import { measureMemory } from "./memory.ts";
import { measureNomad } from "./nomad.ts";
import { measureReads } from "./reads.ts";
import { measureReadyTime } from "./ready-time.ts";
import { measureReconcileRate } from "./reconcile-rate.ts";
import { measureRegister } from "./register.ts";
import { type Row, table } from "./report.ts";
import { setStage, type Stage } from "./stage.ts";
import { measureThroughput } from "./throughput.ts";

const HELP = `Usage: npm run bench -- [options]

  --pairs=<n>      Pairs of execs for the latency. Default: 300
  --mib=<n>        Size of each transfer. Default: 256
  --only=<names>   Of latency,throughput,ready,cli,concurrency,reconcile,launcher,mapping,hcl,reads,held,memory,register,dispatches; with commas. Default: all
  --nomad=<url>    Of a running Nomad without TLS and ACLs: its list of allocations, registrations and held queries beside ours
  --nomad-pid=<n>  Its process, where it is on this machine
  --home=<path>    Of another "up". Default: the checkout's own
`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "300" },
    mib: { type: "string", default: "256" },
    only: { type: "string", default: "" },
    nomad: { type: "string", default: "" },
    "nomad-pid": { type: "string" },
    home: { type: "string", default: DEFAULT_HOME },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await bench();
process.exit(0);

async function bench(): Promise<void> {
  const log = progress();
  const stage = await setStage({ home: resolve(values.home), env: process.env, log, signal: interrupted() });
  const rows: Row[] = [];
  try {
    for (const [name, measure] of wanted()) {
      log(name);
      rows.push(...(await measure(stage)));
    }
  } finally {
    process.stdout.write(`\n${table(rows)}\n`);
    log("clearing up");
    await stage.clear();
  }
}

const pidOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

function wanted(): readonly (readonly [string, (stage: Stage) => Promise<readonly Row[]>])[] {
  const all = [
    ["latency", (stage: Stage) => measureLatency(stage, Number(values.pairs))],
    ["throughput", (stage: Stage) => measureThroughput(stage, Number(values.mib))],
    ["ready", measureReadyTime],
    ["cli", measureCliStart],
    ["concurrency", measureConcurrency],
    ["reconcile", measureReconcileRate],
    ["launcher", measureLauncherCost],
    ["mapping", measureMappingRate],
    ["hcl", measureHclRate],
    ["reads", measureReads],
    ["held", async () => await measureHeld()],
    ["memory", async () => await measureMemory()],
    ["register", measureRegister],
    ["dispatches", async () => await measureDispatches()],
    ["nomad", async () => (values.nomad === "" ? [] : await measureNomad(values.nomad, pidOf(values["nomad-pid"])))],
  ] as const;
  const names = values.only.split(",").filter((name) => name !== "");
  return all.filter(([name]) => names.length === 0 || names.includes(name));
}
