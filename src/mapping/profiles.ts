/** @module Which profiles of the BridgeConfig hold for a namespace. Used by the controller's knowledge of nodes. */
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";

export const grantedProfiles = ({ profiles }: Pick<BridgeConfigSpec, "profiles">, namespace: string): readonly Profile[] =>
  profiles.filter(({ namespaces }) => namespaces.includes(namespace) || namespaces.includes("*"));
