/** @module From the apply of a task to its condition Ready, beside a bare pod of the same image. */
import type { KubeObject } from "../src/api/meta.ts";
import { LAUNCHER_PATH } from "../src/contract/launcher-document.ts";
import { RESOURCES } from "../src/main/resources.ts";
import { ratio, type Row, seconds } from "./report.ts";
import { done, isReady, MANAGED, sleeper, type Stage, UNMANAGED, until } from "./stage.ts";
import { interleave, median, timed } from "./statistics.ts";

const PAIRS = 15;

export async function measureReadyTime(stage: Stage): Promise<readonly Row[]> {
  const taken = await interleave(
    PAIRS,
    (index) => taskReady(stage, `ready-${index}`),
    (index) => podReady(stage, `ready-${index}`),
  );
  return [
    {
      measure: `apply to Ready, chroot host, median of ${PAIRS}`,
      bridge: seconds(median(taken.map((pair) => pair.bridge))),
      direct: `${seconds(median(taken.map((pair) => pair.direct)))} (bare pod)`,
      compared: ratio(median(taken.map((pair) => pair.bridge / pair.direct))),
      target: "≤ 1.5 ×",
    },
  ];
}

async function taskReady({ client, tasks }: Stage, name: string): Promise<number> {
  const took = await timed(async () => {
    await done(client.apply(RESOURCES.execTasks, sleeper(name, 1), { fieldManager: "bench", force: true }));
    await until(tasks, name, isReady);
  });
  await done(client.remove({ resource: RESOURCES.execTasks, namespace: MANAGED, name }));
  await until(tasks, name, (task) => task === undefined);
  return took;
}

async function podReady({ client, pods, up }: Stage, name: string): Promise<number> {
  const took = await timed(async () => {
    await done(client.create(RESOURCES.pods, barePod(name, up.launcherImage)));
    await until(pods, name, isReady);
  });
  await done(client.remove({ resource: RESOURCES.pods, namespace: UNMANAGED, name }));
  await until(pods, name, (pod) => pod === undefined);
  return took;
}

function barePod(name: string, image: string): KubeObject {
  const container = { name: "pause", image, imagePullPolicy: "IfNotPresent", command: [LAUNCHER_PATH, "pause"] };
  const spec = { automountServiceAccountToken: false, enableServiceLinks: false, containers: [container] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: UNMANAGED }, spec } as KubeObject;
}
