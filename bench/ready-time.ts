/** @module From the apply of a task to its condition Ready, beside a bare pod of the same image. */
import type { KubeObject } from "../src/api/meta.ts";
import { LAUNCHER_PATH } from "../src/contract/launcher-document.ts";
import { RESOURCES } from "../src/main/resources.ts";
import { ratio, type Row, seconds } from "./report.ts";
import { done, isReady, MANAGED, sleeper, type Stage, UNMANAGED, until } from "./stage.ts";
import { interleave, median, timed } from "./statistics.ts";

const PAIRS = 15;

/**
 * Kubelet looks again after 300 ms whether the volumes of a new pod are there, so a pod with any volume at all starts that much later. A
 * bare pod as `kubectl run` makes it has one, its token; the row without one shows what the volumes of a task cost altogether.
 */
const BARE_PODS = [
  { label: "bare pod", token: true, target: "≤ 1.5 ×" },
  { label: "pod without any volume, not even its token", token: false, target: "" },
] as const;

export async function measureReadyTime(stage: Stage): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const bare of BARE_PODS) rows.push(await beside(stage, bare));
  return rows;
}

async function beside(stage: Stage, { label, token, target }: (typeof BARE_PODS)[number]): Promise<Row> {
  const taken = await interleave(
    PAIRS,
    (index) => taskReady(stage, `ready-${index}`),
    (index) => podReady(stage, { name: `ready-${index}`, token }),
  );
  return {
    measure: `apply to Ready, chroot host, median of ${PAIRS}`,
    bridge: seconds(median(taken.map((pair) => pair.bridge))),
    direct: `${seconds(median(taken.map((pair) => pair.direct)))} (${label})`,
    compared: ratio(median(taken.map((pair) => pair.bridge / pair.direct))),
    target,
  };
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

async function podReady({ client, pods, up }: Stage, { name, token }: { readonly name: string; readonly token: boolean }): Promise<number> {
  const took = await timed(async () => {
    await done(client.create(RESOURCES.pods, barePod(name, up.launcherImage, token)));
    await until(pods, name, isReady);
  });
  await done(client.remove({ resource: RESOURCES.pods, namespace: UNMANAGED, name }));
  await until(pods, name, (pod) => pod === undefined);
  return took;
}

function barePod(name: string, image: string, automountServiceAccountToken: boolean): KubeObject {
  const container = { name: "pause", image, imagePullPolicy: "IfNotPresent", command: [LAUNCHER_PATH, "pause"] };
  const spec = { automountServiceAccountToken, enableServiceLinks: false, containers: [container] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: UNMANAGED }, spec } as KubeObject;
}
