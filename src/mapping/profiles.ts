/** @module Which profiles of the BridgeConfig hold for a namespace and for a task. Used by the controller's knowledge of nodes. */
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";

export const grantedProfiles = ({ profiles }: Pick<BridgeConfigSpec, "profiles">, namespace: string): readonly Profile[] =>
  profiles.filter(({ namespaces }) => namespaces.includes(namespace) || namespaces.includes("*"));

/** As acceptTask chooses it; undefined where it refuses. */
export function profileOfTask({ metadata, spec }: ExecTask, config: Pick<BridgeConfigSpec, "profiles">): Profile | undefined {
  const granted = grantedProfiles(config, metadata.namespace ?? "default");
  return spec.profile === undefined ? granted[0] : granted.find(({ name }) => name === spec.profile);
}
