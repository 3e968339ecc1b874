/** @module Pieces that a pod is put together from: a container comes with the volumes that it mounts. Used by podForTask. */

export type Volume = { readonly name: string; readonly [source: string]: unknown };
export type VolumeMount = {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: "IfPossible";
  readonly mountPropagation?: "None" | "HostToContainer";
};

export type Mounts = { readonly volumes: readonly Volume[]; readonly volumeMounts: readonly VolumeMount[] };

export type ContainerPart = {
  readonly container: { readonly name: string; readonly volumeMounts: readonly VolumeMount[]; readonly [field: string]: unknown };
  readonly volumes: readonly Volume[];
};

export const NO_MOUNTS: Mounts = { volumes: [], volumeMounts: [] };

export const join = (parts: readonly Mounts[]): Mounts => ({
  volumes: parts.flatMap((part) => part.volumes),
  volumeMounts: parts.flatMap((part) => part.volumeMounts),
});

/** Each volume once: containers that share one bring the same. */
export function uniqueVolumes(volumes: readonly Volume[]): readonly Volume[] {
  return [...new Map(volumes.map((volume) => [volume.name, volume])).values()];
}

/** `readOnly` alone leaves what is mounted further down writable. */
export const READ_ONLY = { readOnly: true, recursiveReadOnly: "IfPossible" } as const;

/** What the helpers of ours that run before a task may do: nothing but what `add` names. */
export const helperSecurity = (add: readonly string[]) => ({
  runAsUser: 0,
  runAsGroup: 0,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"], ...(add.length > 0 ? { add } : {}) },
  seccompProfile: { type: "RuntimeDefault" },
});

export const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
