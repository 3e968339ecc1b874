/** @module Added time of one exec of `true`, and the time of many at once. */
import { bridgeExec } from "./bridge-exec.ts";
import { directExec } from "./direct-exec.ts";
import type { RunExec } from "./exec-client.ts";
import { milliseconds, ratio, type Row } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import type { Stage } from "./stage.ts";
import { interleave, median, percentile, timed } from "./statistics.ts";

const TRUE = { command: ["/bin/true"], outputBytes: 0 };
const WARM_UP_PAIRS = 5;
const AT_ONCE = 50;
const AT_ONCE_REPEATS = 5;

export async function measureLatency(stage: Stage, pairs: number): Promise<readonly Row[]> {
  const { bridge, direct } = runners(stage);
  await interleave(WARM_UP_PAIRS, bridge, direct);
  let cpu = 0;
  const counted = async (): Promise<number> => {
    const before = cpuSeconds(stage.serverPid);
    const took = await bridge();
    cpu += cpuSeconds(stage.serverPid) - before;
    return took;
  };
  const taken = await interleave(pairs, counted, direct);
  const through = taken.map((pair) => pair.bridge);
  const plain = taken.map((pair) => pair.direct);
  const added = taken.map((pair) => pair.bridge - pair.direct);
  const row = (name: string, of: (values: readonly number[]) => number, target: string): Row => ({
    measure: `exec of true, ${name} of ${pairs}`,
    bridge: milliseconds(of(through)),
    direct: milliseconds(of(plain)),
    compared: `${milliseconds(of(added))} added`,
    target,
  });
  return [
    row("median", median, "≤ 5 ms added"),
    row("p95", (values) => percentile(values, 95), "≤ 15 ms added"),
    { measure: "CPU of the server for one exec of true", bridge: milliseconds((cpu / pairs) * 1000), direct: "", compared: "", target: "" },
  ];
}

export async function measureConcurrency(stage: Stage): Promise<readonly Row[]> {
  const { bridge, direct } = runners(stage);
  const atOnce = (run: () => Promise<number>) => async () => await timed(async () => await Promise.all(Array.from({ length: AT_ONCE }, run)));
  const taken = await interleave(AT_ONCE_REPEATS, atOnce(bridge), atOnce(direct));
  return [
    {
      measure: `${AT_ONCE} execs of true at once, median of ${AT_ONCE_REPEATS}`,
      bridge: milliseconds(median(taken.map((pair) => pair.bridge))),
      direct: milliseconds(median(taken.map((pair) => pair.direct))),
      compared: ratio(median(taken.map((pair) => pair.bridge / pair.direct))),
      target: "",
    },
  ];
}

function runners(stage: Stage): { readonly bridge: () => Promise<number>; readonly direct: () => Promise<number> } {
  const once = (run: RunExec) => async () => await timed(async () => await run(TRUE));
  return { bridge: once(bridgeExec(stage.bridge)), direct: once(directExec(stage.direct)) };
}
