/**
 * @module The exec driver's capability arithmetic: cap_add, cap_drop and allow_caps to the exact set of a task. Used by mapping.
 * Source: developer.hashicorp.com/nomad/docs/deploy/task-driver/exec, and what a running agent answers.
 */
import { err, ok, type Result } from "../../lib/result.ts";

/** Every capability Linux has had since 5.9, in kernel order: the index is the capability's number. */
export const LINUX_CAPABILITIES = [
  "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
  "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
  "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
  "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
  "perfmon", "bpf", "checkpoint_restore",
] as const;

/** What a task has when its job says nothing: Nomad's default, 0xa80405fb. */
export const NOMAD_DEFAULT_CAPABILITIES = [
  "audit_write", "chown", "dac_override", "fowner", "fsetid", "kill", "mknod", "net_bind_service", "setfcap", "setgid", "setpcap",
  "setuid", "sys_chroot",
] as const;

const KNOWN: ReadonlySet<string> = new Set(LINUX_CAPABILITIES);

export type CapabilityRequest = {
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** The operator's allow_caps. */
  readonly allowCaps: readonly string[];
};

/**
 * Lower-case names without "cap_", sorted: ((defaults ∩ allow) − drop) ∪ add. What is added beats what is dropped.
 * The error is Nomad's own text, as the driver fails the task with it.
 */
export function effectiveCapabilities(request: CapabilityRequest): Result<readonly string[], string> {
  const allow = expand(request.allowCaps);
  const add = expand(request.capAdd);
  const drop = expand(request.capDrop);
  if (allow.unknown.length > 0) return err(`allow_caps configured with capabilities not supported by system: ${allow.unknown.join(", ")}`);
  if (add.unknown.length > 0) return err(unsupported("cap_add", add.unknown));
  if (drop.unknown.length > 0) return err(unsupported("cap_drop", drop.unknown));
  const refused = [...add.names.difference(allow.names)].sort();
  if (refused.length > 0) return err(`driver does not allow the following capabilities: ${refused.join(", ")}`);
  const base = new Set<string>(NOMAD_DEFAULT_CAPABILITIES).intersection(allow.names);
  return ok([...base.difference(drop.names).union(add.names)].sort());
}

const unsupported = (key: string, names: readonly string[]) =>
  `failed driver config validation: ${key} configured with capabilities not supported by system: ${names.join(", ")}`;

/** Nomad reads names trimmed, in any case, with or without "cap_"; "all" is every capability. */
function expand(names: readonly string[]): { readonly names: ReadonlySet<string>; readonly unknown: readonly string[] } {
  const known = new Set<string>();
  const unknown: string[] = [];
  for (const given of names) {
    const name = given.trim().toLowerCase().replace(/^cap_/, "");
    if (name === "all") LINUX_CAPABILITIES.forEach((each) => known.add(each));
    else if (KNOWN.has(name)) known.add(name);
    else unknown.push(name);
  }
  return { names: known, unknown: unknown.sort() };
}
