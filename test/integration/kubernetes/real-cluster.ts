/** @module A namespace of its own on the test cluster, with a pod to exec into. The cluster comes from the global setup. */
import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createKubeClient, type ConnectedKubeClient } from "../../../src/kubernetes/client.ts";
import { clusterAccess, type ClusterAccess } from "../../../src/kubernetes/credentials.ts";
import type { Resource } from "../../../src/kubernetes/types.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of a kubeconfig of group system:masters. */
    kubeconfig: string;
    /** An image that holds nothing but the launcher; the cluster has it. */
    launcherImage: string;
  }
}

const core = (plural: string, kind: string, namespaced = true): Resource => ({ group: "", version: "v1", plural, kind, namespaced });
export const NAMESPACES = core("namespaces", "Namespace", false);
export const PODS = core("pods", "Pod");
export const CONFIG_MAPS = core("configmaps", "ConfigMap");
export const SERVICE_ACCOUNTS = core("serviceaccounts", "ServiceAccount");

export type RealCluster = {
  readonly access: ClusterAccess;
  readonly client: ConnectedKubeClient;
  readonly namespace: string;
  readonly quiet: { readonly info: () => undefined; readonly warn: () => undefined; readonly error: () => undefined };
  readonly leave: () => Promise<void>;
};

export type Pod = KubeObject & { readonly status?: { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] } };

export async function realCluster(): Promise<RealCluster> {
  const access = await clusterAccess(inject("kubeconfig"), {});
  if (!access.ok) throw new Error(access.error);
  const client = createKubeClient(access.value);
  const namespace = `kubernetes-room-${randomUUID().slice(0, 8)}`;
  await must(client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }));
  return {
    access: access.value,
    client,
    namespace,
    quiet: { info: () => undefined, warn: () => undefined, error: () => undefined },
    leave: async () => {
      await must(client.remove({ resource: NAMESPACES, name: namespace }));
      await client.close();
    },
  };
}

/** The value, or the error thrown with its words. */
export async function must<T>(result: Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { readonly message: string } }>): Promise<T> {
  const settled = await result;
  if (!settled.ok) throw new Error(settled.error.message);
  return settled.value;
}

/** Asks until the answer is defined; the test's own time limit is the only one. */
export async function eventually<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((turn) => setTimeout(turn, 50));
  }
}

/** A pod with the host's programs that does nothing until it is deleted; returned when it is Ready. */
export async function sleepingPod({ client, namespace }: RealCluster, name: string): Promise<Pod> {
  const folders = ["bin", "lib", "lib64", "usr"];
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: inject("launcherImage"),
          imagePullPolicy: "Never",
          command: ["/bin/sh", "-c", "while :; do sleep 5; done"],
          volumeMounts: folders.map((folder) => ({ name: folder, mountPath: `/${folder}`, readOnly: true })),
        },
      ],
      volumes: folders.map((folder) => ({ name: folder, hostPath: { path: `/${folder}` } })),
    },
  };
  // A new namespace has its default service account only after a moment.
  await eventually(async () => {
    const created = await client.create(PODS, object);
    return created.ok ? created.value : undefined;
  });
  return await eventually(async () => {
    const pod = await must(client.get<Pod>({ resource: PODS, namespace, name }));
    return pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true ? pod : undefined;
  });
}
