/** @module Two running tasks for other people's clients to look at: one as most are, one that shares its node's processes. Used by the tests here. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import type { BridgeUnderTest } from "../integration/provided.ts";
import { giveInput } from "../support/child-input.ts";

export type TasksUnderTest = {
  /** Job IDs, in the namespace "default"; each has one allocation, which runs. */
  readonly job: string;
  readonly hostJob: string;
  /** Takes away all that was made. */
  readonly remove: () => Promise<void>;
};

const API_VERSION = "nomad-bridge.dev/v1alpha1";
const HOST_PROFILE = "clients-host";
const READY_TIMEOUT = "120s";

/** What a person needs who may write a BridgeConfig. */
const BREAK_GLASS = ["--as=nomad-bridge:clients-test", "--as-group=system:masters", "--as-group=nomad-bridge:break-glass"];

/** Returns when both tasks are ready. Throws with kubectl's words when they do not become so. */
export async function startTasks(bridge: BridgeUnderTest): Promise<TasksUnderTest> {
  const suffix = randomBytes(3).toString("hex");
  const job = `clients-${suffix}`;
  const hostJob = `clients-host-${suffix}`;
  const remove = () => removeTasks(bridge, [job, hostJob]);
  try {
    await applyProfiles(bridge, [{ name: HOST_PROFILE, namespaces: ["default"], allowHostPid: true }]);
    const tasks = [execTask(job, {}), execTask(hostJob, { profile: HOST_PROFILE, pidMode: "host" })];
    await kubectl(bridge, ["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items: tasks });
    await kubectl(bridge, ["wait", "--for=condition=Ready", `--timeout=${READY_TIMEOUT}`, `exectask/${job}`, `exectask/${hostJob}`]);
    return { job, hostJob, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function removeTasks(bridge: BridgeUnderTest, names: readonly string[]): Promise<void> {
  await kubectl(bridge, ["delete", "exectask", "--ignore-not-found", "--wait=false", ...names]);
  await applyProfiles(bridge, []);
}

/** Server-side apply leaves the profiles of others alone, and takes ours away when they are no longer said. */
async function applyProfiles(bridge: BridgeUnderTest, profiles: readonly object[]): Promise<void> {
  const config = { apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default" }, spec: { profiles } };
  await kubectl(bridge, [...BREAK_GLASS, "apply", "--server-side", "--field-manager=nomad-bridge-clients-test", "-f", "-"], config);
}

/** The memory is for what sessions hold in their pipes; the task itself says a word on each stream, and one for each SIGHUP, and waits. */
function execTask(name: string, spec: object): object {
  const wait = 'trap "exit 0" INT; trap "echo heard HUP" HUP; echo hello from the task; echo a word on stderr >&2; while :; do sleep 60 & wait $!; done';
  return {
    apiVersion: API_VERSION,
    kind: "ExecTask",
    metadata: { name, namespace: "default" },
    spec: { command: "/bin/sh", args: ["-c", wait], env: { GREETING: "hello" }, workDir: "/local", resources: { memory: 256 }, ...spec },
  };
}

async function kubectl(bridge: BridgeUnderTest, args: readonly string[], input?: object): Promise<void> {
  const child = spawn(bridge.kubectl, ["--kubeconfig", bridge.kubeconfig, "--namespace", "default", ...args], { stdio: ["pipe", "ignore", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, input === undefined ? "" : JSON.stringify(input));
  const [stderr, code] = await Promise.all([text(child.stderr), exited]);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
}
