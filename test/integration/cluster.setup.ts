/** @module A cluster and a bridge of their own for the tests that need them: booted once, removed at the end. Run by vitest before the integration project. */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { bringUp, type Running } from "../../src/main/dev/bring-up.ts";
import { CHECKOUT } from "../../src/main/dev/home.ts";
import { removeIfEmpty } from "../../local-cluster/remove-if-empty.ts";
import { takeDown } from "../../src/main/dev/take-down.ts";
import type { BridgeUnderTest } from "./provided.ts";

/** The same for each run of this checkout, so that a run that was killed is cleared up by the next; short, as sockets lie below it. */
const HOME = join(tmpdir(), `nomad-bridge-test-${createHash("sha256").update(CHECKOUT).digest("hex").slice(0, 8)}`);

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string): void => void process.stdout.write(`[test cluster] ${line}\n`);
  await mustBeDown(log);
  const running = await broughtUp(log);
  const { address, ca, token, kubeconfig, launcherImage, bin } = running;
  project.provide("kubeconfig", kubeconfig);
  project.provide("launcherImage", launcherImage);
  const bridge: BridgeUnderTest = { addr: address, caFile: ca, token, kubeconfig, kubectl: bin.kubectl, checkout: CHECKOUT, dir: HOME };
  project.provide("bridge", bridge);
  return () => mustBeDown(log);
}

/** A failure leaves nothing running. */
async function broughtUp(log: (line: string) => void): Promise<Running> {
  try {
    const running = await bringUp({ home: HOME, namespaces: ["default"], env: {}, log, signal: new AbortController().signal });
    if (running.ok) return running.value;
    throw new Error(running.error);
  } catch (error) {
    await takeDown({ home: HOME, log });
    throw error;
  }
}

async function mustBeDown(log: (line: string) => void): Promise<void> {
  const down = await takeDown({ home: HOME, log });
  if (!down.ok) throw new Error(down.error);
  removeIfEmpty(HOME);
}
