import { expect, it } from "vitest";
import { isNodeLevel } from "../../../src/access/node-level.ts";
import type { Pod } from "../../../src/api/pod.ts";
import { cachedPod } from "../../../src/main/cached-pod.ts";
import { allocationRecord } from "../../../src/mapping/pod-status.ts";

const securityContext = { privileged: true, capabilities: { add: ["SYS_ADMIN"] } };
const container = { name: "task", image: "i", command: ["c"], restartPolicy: "Always", securityContext, env: [{ name: "A", value: "b" }], volumeMounts: [{ name: "v", mountPath: "/v" }] };
const state = { terminated: { exitCode: 1, message: "words", finishedAt: "2026-01-01T00:00:00Z" } };
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", annotations: { a: "b" } },
  spec: { nodeName: "n", hostPID: true, hostNetwork: true, affinity: { nodeAffinity: {} }, containers: [container], initContainers: [container], ephemeralContainers: [container], volumes: [{ name: "v", hostPath: { path: "/", type: "Directory" } }, { name: "w", projected: { sources: [] } }] },
  status: { phase: "Failed", podIP: "10.0.0.1", containerStatuses: [{ name: "task", state, lastState: state, restartCount: 3, imageID: "sha256:0" }] },
} as unknown as Pod;

it("keeps of a pod what is read of it, and all that decides whether it reaches the node", () => {
  const cached = cachedPod(POD);
  const kept = { name: "task", image: "i", command: ["c"], restartPolicy: "Always", securityContext };
  expect(cached).toEqual({
    ...POD,
    spec: { nodeName: "n", hostPID: true, hostNetwork: true, affinity: { nodeAffinity: {} }, containers: [kept], initContainers: [kept], ephemeralContainers: [kept], volumes: [{ name: "v", hostPath: { path: "/", type: "Directory" } }, { name: "w" }] },
    status: { phase: "Failed", podIP: "10.0.0.1", containerStatuses: [{ name: "task", state, lastState: state, restartCount: 3 }] },
  });
  expect(allocationRecord(cached, 0)).toEqual(allocationRecord(POD, 0));
  expect(isNodeLevel(cached.spec)).toBe(true);
});

it("makes nothing up for a pod of which nothing is known yet", () => {
  const bare = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "task" }] } };
  expect(cachedPod(bare)).toEqual(bare);
});
