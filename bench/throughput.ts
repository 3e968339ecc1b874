/** @module Bytes through an exec session: output alone, and both ways through `cat`. */
import { bridgeExec } from "./bridge-exec.ts";
import { directExec } from "./direct-exec.ts";
import type { ExecRequest } from "./exec-client.ts";
import { percent, type Row, seconds } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import type { Stage } from "./stage.ts";
import { interleave, median, timed } from "./statistics.ts";

const MIB = 1024 * 1024;
const REPEATS = 3;

type Case = { readonly measure: string; readonly target: string; readonly request: ExecRequest };

export async function measureThroughput(stage: Stage, mib: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const each of casesOf(mib)) rows.push(await measureCase(stage, each));
  return rows;
}

/** The stock client sends its input in pieces of 2 KiB. */
function casesOf(mib: number): readonly Case[] {
  const bytes = mib * MIB;
  const bothWays = (frameBytes: number): ExecRequest => ({ command: ["/bin/cat"], input: { bytes, frameBytes }, outputBytes: bytes });
  return [
    { measure: `${mib} MiB of output`, target: "≥ 90 % of direct", request: { command: ["/usr/bin/head", "-c", String(bytes), "/dev/zero"], outputBytes: bytes } },
    { measure: `${mib} MiB both ways, 32 KiB frames`, target: "≥ 75 % of direct", request: bothWays(32 * 1024) },
    { measure: `${mib} MiB both ways, 2 KiB frames`, target: "≤ 7.1 s for 256 MiB", request: bothWays(2 * 1024) },
  ];
}

async function measureCase(stage: Stage, { measure, target, request }: Case): Promise<Row> {
  const through = bridgeExec(stage.bridge);
  const plain = directExec(stage.direct);
  const cpu: number[] = [];
  const taken = await interleave(
    REPEATS,
    async () => {
      const before = cpuSeconds(stage.serverPid);
      const took = await timed(async () => await through(request));
      cpu.push(cpuSeconds(stage.serverPid) - before);
      return took;
    },
    async () => await timed(async () => await plain(request)),
  );
  return {
    measure: `${measure}, median of ${REPEATS}`,
    bridge: `${seconds(median(taken.map((pair) => pair.bridge)))}, ${median(cpu).toFixed(2)} s CPU of the server`,
    direct: seconds(median(taken.map((pair) => pair.direct))),
    compared: `${percent(median(taken.map((pair) => pair.direct / pair.bridge)))} of direct`,
    target,
  };
}
