/** @module The BridgeConfig that a command judges by: of a file, or the one that is built in. Used by explain, convert and assess. */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { readObjects } from "./explain-input.ts";
import { readConfig } from "./explain-problems.ts";

/** `words` say where it came from. */
export type FoundConfig = { readonly spec: BridgeConfigSpec; readonly words: string };

/** @param path of a file, or "-" for standard input */
export type ReadText = (path: string) => Promise<Result<string, string>>;

const BUILT_IN = { profiles: [{ name: "default", namespaces: ["*"] }] };

/** @param why there is no other, and @param how one is brought, in words */
export function builtInConfig(why: string, how: string): Result<FoundConfig, string> {
  const builtIn = readConfig(BUILT_IN, "nomad-bridge itself");
  return builtIn.ok ? ok({ spec: builtIn.value, words: `built in, as ${why}: Nomad's defaults for every namespace; ${how}` }) : builtIn;
}

export async function configOfFile(readText: ReadText, path: string): Promise<Result<FoundConfig, string>> {
  const text = await readText(path);
  if (!text.ok) return text;
  const objects = readObjects(text.value, path);
  if (!objects.ok) return objects;
  if (objects.value.configs.length === 1) return namedConfig(objects.value.configs[0], path);
  return err(`${path} holds ${objects.value.configs.length === 0 ? "no BridgeConfig" : "several BridgeConfigs"}; --config needs exactly one`);
}

export function namedConfig(spec: unknown, where: string): Result<FoundConfig, string> {
  const config = readConfig(spec, where);
  return config.ok ? ok({ spec: config.value, words: where }) : config;
}
