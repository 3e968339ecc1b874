/** @module How fast many tasks are taken up by the controller, beside as many plain writes of the same API server. */
import type { KubeObject } from "../src/api/meta.ts";
import type { Resource } from "../src/kubernetes/types.ts";
import { RESOURCES } from "../src/main/resources.ts";
import { ratio, type Row, seconds } from "./report.ts";
import { done, MANAGED, sleeper, type Stage, UNMANAGED, untilAll } from "./stage.ts";
import { interleave, median, timed } from "./statistics.ts";

const TASKS = 100;
const REPEATS = 5;

const CONFIG_MAPS: Resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };

/** Tasks without allocations, so that the kubelet has no part in it. */
export async function measureReconcileRate(stage: Stage): Promise<readonly Row[]> {
  const taken = await interleave(
    REPEATS,
    () => tasksObserved(stage),
    () => configMapsApplied(stage),
  );
  const bridge = median(taken.map((pair) => pair.bridge));
  return [
    {
      measure: `${TASKS} tasks applied to all observed, median of ${REPEATS}`,
      bridge: `${seconds(bridge)}, ${Math.round(TASKS / (bridge / 1000))} tasks/s`,
      direct: `${seconds(median(taken.map((pair) => pair.direct)))} (ConfigMaps applied)`,
      compared: ratio(median(taken.map((pair) => pair.bridge / pair.direct))),
      target: "",
    },
  ];
}

const names = Array.from({ length: TASKS }, (_, index) => `rate-${index}`);

async function tasksObserved({ client, tasks }: Stage): Promise<number> {
  const ours = () => [...tasks.all()].filter(({ metadata }) => metadata.name.startsWith("rate-"));
  const took = await timed(async () => {
    await Promise.all(names.map(async (name) => await done(client.apply(RESOURCES.execTasks, sleeper(name, 0), { fieldManager: "bench" }))));
    await untilAll(tasks, () => ours().filter(({ status }) => status?.observedGeneration !== undefined).length === TASKS);
  });
  await Promise.all(names.map(async (name) => await done(client.remove({ resource: RESOURCES.execTasks, namespace: MANAGED, name }))));
  await untilAll(tasks, () => ours().length === 0);
  return took;
}

async function configMapsApplied({ client }: Stage): Promise<number> {
  const took = await timed(async () => await Promise.all(names.map(async (name) => await done(client.apply(CONFIG_MAPS, configMap(name), { fieldManager: "bench" })))));
  await Promise.all(names.map(async (name) => await done(client.remove({ resource: CONFIG_MAPS, namespace: UNMANAGED, name }))));
  return took;
}

const configMap = (name: string): KubeObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: UNMANAGED }, data: { command: "/bin/sleep" } }) as KubeObject;
