/** @module What a task may not ask for under a profile. Used by acceptTask; nothing here needs a node. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import { GROUP } from "../contract/pod-metadata.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { effectiveCapabilities, LINUX_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import { checkArtifacts, escapes } from "./artifacts.ts";
import { isSubdomain } from "./object-names.ts";
import { firstRefusal, type Refusal } from "./refusal.ts";

const grantedProfiles = (namespace: string, { profiles }: BridgeConfigSpec): readonly Profile[] =>
  profiles.filter((p) => p.namespaces.includes(namespace) || p.namespaces.includes("*"));

const POOL_LABEL = `${GROUP}/node-pool`;

/** Those that a Nomad job may run under, in the config's order: without the ones for nodes of another pool. */
export function jobProfiles({ namespace }: { readonly namespace: string }, pool: string, config: BridgeConfigSpec): readonly Profile[] {
  const wanted = pool === "" ? "default" : pool;
  return grantedProfiles(namespace, config).filter(({ nodeSelector }) => wanted === "all" || [undefined, wanted].includes(nodeSelector[POOL_LABEL]));
}

/** The profile that the spec names, or the first that lists the namespace. */
export function profileFor(namespace: string, wanted: string | undefined, config: BridgeConfigSpec): Result<Profile, Refusal> {
  const granted = grantedProfiles(namespace, config);
  const profile = wanted === undefined ? granted[0] : granted.find((p) => p.name === wanted);
  if (profile !== undefined) return ok(profile);
  const subject = wanted === undefined ? "no profile" : `no profile named "${wanted}"`;
  return err({
    reason: "ProfileNotGranted",
    message: `${subject} of BridgeConfig "default" lists namespace "${namespace}"; add it to a profile's namespaces (granted: ${granted.map((p) => p.name).join(", ") || "none"})`,
  });
}

export function checkIsolation(spec: ExecTaskSpec, profile: Profile): Refusal | undefined {
  if (spec.pidMode === "host" && !profile.allowHostPid) {
    return { reason: "HostNamespaceRefused", message: `pid_mode "host" is not allowed by profile "${profile.name}"; set allowHostPid there or leave pidMode out` };
  }
  if (spec.ipcMode === "host" && !profile.allowHostIpc) {
    return { reason: "HostNamespaceRefused", message: `ipc_mode "host" is not allowed by profile "${profile.name}"; set allowHostIpc there or leave ipcMode out` };
  }
  return undefined;
}

/** raw_exec has keys for none of what isolates an exec task, and Nomad refuses keys that a driver does not have. */
export function checkDriver(spec: ExecTaskSpec, profile: Profile): Refusal | undefined {
  if (spec.driver === "exec") return undefined;
  const refused = (message: string): Refusal => ({ reason: "DriverRefused", message });
  if (!profile.allowRawExec) return refused(`driver "raw_exec" is not enabled in profile "${profile.name}"; set allowRawExec there or use the driver exec`);
  const isolation = (["pidMode", "ipcMode", "chroot", "chrootPaths"] as const).find((field) => spec[field] !== undefined);
  if (isolation !== undefined) return refused(`driver "raw_exec" has no ${isolation}: its tasks run on the node itself; leave it out`);
  const list = [spec, ...spec.tasks].flatMap((task) => (["capAdd", "capDrop", "volumeMounts"] as const).filter((field) => task[field].length > 0))[0];
  if (list !== undefined) return refused(`driver "raw_exec" has no ${list}: its tasks run on the node itself; leave it out`);
  return undefined;
}

/** Lower-case names, sorted. Under raw_exec nothing is taken from root. */
export function capabilitiesOf({ capAdd, capDrop }: TaskSpec, driver: ExecTaskSpec["driver"], profile: Profile): Result<readonly string[], Refusal> {
  if (driver === "raw_exec") return ok([...LINUX_CAPABILITIES].sort());
  const capabilities = effectiveCapabilities({ capAdd, capDrop, allowCaps: profile.allowCaps });
  return capabilities.ok ? capabilities : err({ reason: "CapabilityRefused", message: capabilities.error });
}

export const isRootAllowed = (driver: ExecTaskSpec["driver"], profile: Profile): boolean => driver === "raw_exec" || profile.allowRoot;

/** What one task of the group asks for, but for its volumes and capabilities. */
export function checkTask(spec: TaskSpec, driver: ExecTaskSpec["driver"], profile: Profile): Refusal | undefined {
  return checkUser(spec, isRootAllowed(driver, profile)) ?? checkArtifacts(spec) ?? checkTemplates(spec) ?? checkPayload(spec);
}

function checkUser({ user }: TaskSpec, rootAllowed: boolean): Refusal | undefined {
  const isRoot = user === "root" || /^0+$/.test(user);
  return isRoot && !rootAllowed ? { reason: "UserRefused", message: 'running as user "root" is disallowed' } : undefined;
}

/** The same rules as the schema's, which are the API server's to keep, and what it cannot say. */
function checkTemplates({ templates }: TaskSpec): Refusal | undefined {
  const refused = (message: string): Refusal => ({ reason: "TemplateRefused", message });
  return firstRefusal(templates, ({ data = "", source = "", destination, changeMode, changeSignal }) => {
    if ((data === "") === (source === "")) return refused(`template "${destination}" needs either data or source`);
    if (changeMode === "signal" && changeSignal === undefined) return refused(`template "${destination}": changeMode signal needs changeSignal`);
    if (escapes(destination)) return refused("template destination path escapes alloc directory");
    if (source !== "" && escapes(source)) return refused("template source path escapes alloc directory");
    return undefined;
  });
}

function checkPayload({ dispatchPayload }: TaskSpec): Refusal | undefined {
  if (dispatchPayload === undefined) return undefined;
  const { file, secretName, secretKey } = dispatchPayload;
  const refused = (message: string): Refusal => ({ reason: "DispatchPayloadRefused", message: `dispatchPayload: ${message}` });
  if (file.startsWith("/") || file.split("/").includes("..")) return refused(`file "${file}" must be a path below local/, without ".."`);
  if (!isSubdomain(secretName)) return refused(`secretName "${secretName}" cannot be the name of a Secret`);
  if (!/^[-._a-zA-Z0-9]+$/.test(secretKey) || secretKey.startsWith("..")) return refused(`secretKey "${secretKey}" cannot be a key of a Secret`);
  return undefined;
}
