/** @module kubectl as a person would call it, with an administrator's kubeconfig. Used by the integration tests. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { inject } from "vitest";
import { giveInput } from "../../support/child-input.ts";

export type Said = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** The way around the gate that is meant to be there: it shows in the cluster's audit log. */
export const BREAK_GLASS = ["--as=tester", "--as-group=nomad-bridge:break-glass", "--as-group=system:masters"] as const;

/** @param input what goes to its stdin: text as it is, anything else as JSON */
export async function kubectl(args: readonly string[], input?: unknown): Promise<Said> {
  const bridge = inject("bridge");
  const child = spawn(bridge.kubectl, ["--kubeconfig", bridge.kubeconfig, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, typeof input === "string" ? input : input === undefined ? "" : JSON.stringify(input));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, stdout, stderr };
}

/** What it printed; throws with its own words when it did not end well. */
export async function kubectlOk(args: readonly string[], input?: unknown): Promise<string> {
  const said = await kubectl(args, input);
  if (said.code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${said.code}: ${said.stderr.trim()}`);
  return said.stdout;
}
