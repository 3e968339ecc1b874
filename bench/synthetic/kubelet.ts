/** @module Places every new pod on the synthetic node and has it succeed at once, as kubelet reports it: for what comes after the work. */
import type { Pod } from "../../src/api/pod.ts";
import { NODE } from "./objects.ts";
import type { Stored, SyntheticStore } from "./store.ts";

export function fakeKubelet(store: SyntheticStore): void {
  store.watch("pods", (type, object) => {
    // After the reply to who made it, as on a cluster.
    if (type === "ADDED") setImmediate(() => succeed(store, object));
  });
}

function succeed(store: SyntheticStore, { metadata: { namespace, name } }: Stored): void {
  const pod = store.get("pods", namespace, name) as Pod | undefined;
  if (pod === undefined) return;
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const ended = { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } };
  const status = (container: { readonly name: string }) => ({ name: container.name, image: "launcher:1", imageID: "", restartCount: 0, ready: false, state: ended });
  store.put("pods", {
    ...pod,
    spec: { ...pod.spec, nodeName: NODE },
    status: {
      phase: "Succeeded",
      startTime: at,
      conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: at }],
      containerStatuses: pod.spec.containers.map(status),
      initContainerStatuses: (pod.spec.initContainers ?? []).map(status),
    },
  });
}
