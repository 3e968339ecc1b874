/** @module Looks at one node's paths and keeps what was found. Level-triggered, as reconcile is; run by the controller's queue with the node's name. */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { KubeObject } from "../api/meta.ts";
import type { Node, Pod } from "../api/pod.ts";
import { epochMs } from "../lib/epoch.ts";
import { isReady } from "../mapping/node-facts.ts";
import type { Sha256 } from "../mapping/object-names.ts";
import { type NodeProbe, pathsToProbe, probePod, probePodName, PROBE_NAMESPACE, readReport } from "../mapping/probe.ts";
import { type Outcome, settled, wait } from "./outcome.ts";
import type { PodIdentity } from "./plan/types.ts";
import { planProbe, type ProbePodView } from "./plan-probe.ts";
import type { WriteError } from "./reconcile.ts";
import type { Result } from "../lib/result.ts";

type Write = Promise<Result<undefined, WriteError>>;

export type ProbeDeps = {
  readonly node: (name: string) => Node | undefined;
  readonly config: () => BridgeConfigSpec | undefined;
  readonly podsOn: (node: string) => readonly Pod[];
  readonly probeOf: (node: string) => NodeProbe | undefined;
  /** Null: forget it. Throws when it cannot be kept. */
  readonly keep: (node: string, probe: NodeProbe | null) => Promise<void>;
  readonly createPod: (pod: KubeObject) => Write;
  readonly deletePod: (namespace: string, pod: PodIdentity) => Write;
  readonly sha256: Sha256;
  /** The launcher's image. */
  readonly image: string;
  readonly now: () => number;
};

/** What is found is kept before its pod is removed: a crash in between costs a second look, and no knowledge. */
export async function probeNode(deps: ProbeDeps, name: string): Promise<Outcome> {
  const node = deps.node(name);
  const config = deps.config();
  if (node !== undefined && config === undefined) return settled;
  const paths = node === undefined || config === undefined ? [] : pathsToProbe(node, config.profiles);
  const podName = node === undefined ? "" : probePodName(deps.sha256, node, paths);
  const plan = planProbe({
    node: node === undefined ? undefined : { uid: node.metadata.uid ?? "", bootId: node.status?.nodeInfo?.bootID ?? "", ready: isReady(node) },
    paths,
    podName,
    known: deps.probeOf(name),
    pods: deps.podsOn(name).map((pod) => podView(pod, pod.metadata.name === podName ? paths : [])),
    now: deps.now(),
  });
  if (plan.keep !== undefined) await deps.keep(name, plan.keep);
  for (const pod of plan.remove) mustBeWritten(await deps.deletePod(PROBE_NAMESPACE, pod));
  if (plan.create) mustBeWritten(await deps.createPod(probePod(podName, name, paths, deps.image)));
  return plan.wakeInMs === undefined ? settled : wait(plan.wakeInMs, "the node is looked at again");
}

/** Throws for the queue to try again, ever more slowly. */
function mustBeWritten(written: Awaited<Write>): void {
  if (!written.ok) throw new Error(`probe: ${written.error.reason}: ${written.error.message}`);
}

function podView(pod: Pod, paths: readonly string[]): ProbePodView {
  const { name, uid = "", creationTimestamp, deletionTimestamp } = pod.metadata;
  const fields = { name, uid, createdAt: epochMs(creationTimestamp) ?? 0 };
  if (deletionTimestamp !== undefined) return { ...fields, state: "stopping" };
  const phase = pod.status?.phase;
  if (phase !== "Succeeded") return { ...fields, state: phase === "Failed" ? "failed" : "active" };
  const report = readReport(pod.status?.containerStatuses?.[0]?.state?.terminated?.message, paths);
  return report === undefined ? { ...fields, state: "failed" } : { ...fields, state: "done", report };
}
