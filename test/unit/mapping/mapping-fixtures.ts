/** @module Tasks, configurations and hashes for the tests of mapping and controller. */
import { createHash } from "node:crypto";
import { type BridgeConfigSpec, bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import { type AcceptedTask, acceptTask } from "../../../src/mapping/pod-for-task.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One profile for every namespace, with Nomad's defaults. */
export const configOf = (profile: object = {}): BridgeConfigSpec => bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"], ...profile }] });

export const taskOf = (spec: Partial<ExecTask["spec"]> = {}, metadata: Partial<ExecTask["metadata"]> = {}): ExecTask => ({
  apiVersion: "nomad-bridge.dev/v1alpha1",
  kind: "ExecTask",
  metadata: { name: "web", namespace: "team", uid: "task-uid", generation: 1, ...metadata },
  spec: { command: "sleep", ...spec },
});

export function acceptedOf(task: ExecTask = taskOf(), config = configOf(), missingPaths: ReadonlySet<string> = new Set()): AcceptedTask {
  const accepted = acceptTask(task, config, sha256, { missingPaths });
  if (!accepted.ok) throw new Error(accepted.error.message);
  return accepted.value;
}
