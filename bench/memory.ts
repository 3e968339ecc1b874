/**
 * @module What a whole server keeps in memory of 10,000 allocations of 2,000 jobs: both halves' caches and what they have worked out, before and
 * after all of them were listed. By hand: node bench/memory.ts [allocations]
 */
import { Agent } from "node:https";
import { ask } from "./reads.ts";
import { type Row, table } from "./report.ts";
import { syntheticServer } from "./synthetic/server.ts";

export async function measureMemory(allocations = 10_000): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [what, isWhole] of [["the bridge alone", false], ["the whole server", true]] as const) {
    const server = await syntheticServer({ jobs: allocations / 5, allocations }, { isWhole, givesBack: true });
    const agent = new Agent({ keepAlive: true, ca: server.ca });
    try {
      // The leader looks at each job once, and is done when nothing more is written.
      await settled(() => server.api.requests());
      const filled = await server.resident();
      for (const path of ["/v1/allocations", "/v1/jobs"]) await ask(server, { name: "list", path }, { agent, gzip: true });
      const listed = await server.resident();
      rows.push({ measure: `${what}, ${allocations} allocations of ${allocations / 5} jobs`, bridge: `${filled}; once all were listed: ${listed}`, direct: "", compared: "", target: "≤ 500 MB resident" });
    } finally {
      agent.destroy();
      server.close();
    }
  }
  return rows;
}

const QUIET_MS = 3_000;

async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

if (process.argv[1] === import.meta.filename) {
  console.log(table(await measureMemory(Number(process.argv[2] ?? 10_000))));
  process.exit(0);
}
