/** @module How fast tasks become pods: the pure part of a reconcile, without any cluster. */
import { createHash } from "node:crypto";
import { bridgeConfigSpec } from "../src/api/bridge-config.ts";
import type { ExecTask } from "../src/api/exec-task.ts";
import { acceptTask, podForTask } from "../src/mapping/pod-for-task.ts";
import { type Row, seconds } from "./report.ts";
import { median, timed } from "./statistics.ts";

const TASKS = 1000;
const REPEATS = 5;

const IMAGES = { launcher: "launcher:1", fetch: "fetch:1" };
const CONFIG = bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"] }] });

export async function measureMappingRate(): Promise<readonly Row[]> {
  const took: number[] = [];
  for (let i = 0; i < REPEATS; i++) took.push(await timed(async () => mapAll()));
  const bridge = median(took);
  return [
    {
      measure: `${TASKS} tasks to pods, no cluster, median of ${REPEATS}`,
      bridge: `${seconds(bridge)}, ${Math.round(TASKS / (bridge / 1000))} tasks/s`,
      direct: "",
      compared: "",
      target: "≤ 1 s",
    },
  ];
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function mapAll(): void {
  for (let i = 0; i < TASKS; i++) {
    const accepted = acceptTask(taskNumber(i), CONFIG, sha256);
    if (!accepted.ok) throw new Error(accepted.error.message);
    const pod = podForTask(accepted.value, { index: 0, serial: 1, reschedules: 0 }, IMAGES);
    if (!pod.ok) throw new Error(pod.error.message);
  }
}

/** Each is another, as no two tasks of a cluster are the same: two tasks, an artifact, a template, some environment. */
const taskNumber = (i: number): ExecTask => ({
  apiVersion: "nomad-bridge.dev/v1alpha1",
  kind: "ExecTask",
  metadata: { name: `task-${i}`, namespace: "bench", uid: `uid-${i}`, generation: 1 },
  spec: {
    command: "local/app/server",
    args: ["-port", String(i), "-name", "${NOMAD_ALLOC_NAME}"],
    env: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`VARIABLE_${n}`, `value ${i}`])),
    artifacts: [{ source: `https://artifacts.example/app-${i}.tar.gz`, destination: "local/app" }],
    templates: [{ data: `{{ env "NOMAD_DC" }} ${i}\n`.repeat(20), destination: "local/app.conf" }],
    tasks: [{ name: "log", command: "ship", lifecycle: { hook: "prestart", sidecar: true } }],
  },
});
