/**
 * @module "-no-shutdown-delay": the launchers of tasks that are about to be stopped are told to leave their shutdown delay out. Who cannot be told
 * in time keeps it: the stop itself waits for nobody. Used by the stop of allocations and of jobs.
 */
import type { AllocationFacts } from "../../access/authorize-exec.ts";
import { eachAtMost } from "../../lib/each-at-most.ts";
import { rulesOf } from "../../mapping/pod-tasks.ts";
import type { Allocation } from "../bridge-deps.ts";
import { allocationFacts, profileOf } from "../exec-facts.ts";
import type { RequestContext } from "../request-context.ts";
import { beginOperation } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";
import { collect } from "./stream-body.ts";

export type HurryContext = Pick<RequestContext, "cluster" | "client" | "identity" | "identityNow" | "source" | "search" | "allowsNamespace">;

/** Launchers that are being told at a time, and for how long all of them have, in ms. */
const AT_ONCE = 10;
const PATIENCE_MS = 5000;

type Place = { readonly allocation: Allocation; readonly facts: AllocationFacts; readonly task: string };

export async function skipShutdownDelay(context: HurryContext, allocations: readonly Allocation[]): Promise<void> {
  const { identity, client } = context;
  if (identity === undefined) return;
  let isInTime = true;
  const told = eachAtMost(AT_ONCE, allocations.flatMap((allocation) => placesOf(context, allocation)), async (place) => {
    await tell({ ...context, identity, allocId: place.facts.allocId, body: {} }, place);
    return isInTime;
  });
  await Promise.race([told, client.sleep(PATIENCE_MS)]);
  isInTime = false;
}

/** Running tasks with a shutdown delay: all others have nothing to leave out. */
function placesOf({ cluster, client }: HurryContext, allocation: Allocation): readonly Place[] {
  const facts = allocationFacts(allocation, profileOf(allocation.pod, cluster.config()), client.now());
  return [...facts.tasks].flatMap(([task, { state, container }]) => {
    const hasDelay = state === "running" && (rulesOf(allocation.pod, container)?.shutdownDelayMs ?? 0) > 0;
    return hasDelay ? [{ allocation, facts, task }] : [];
  });
}

async function tell(context: ClientContext, { allocation, facts, task }: Place): Promise<void> {
  const reader = await beginOperation(context, { allocation, facts }, { operation: { operation: "skip-shutdown-delay" }, task, in: task });
  if (reader.ok) await collect(reader.value);
}
