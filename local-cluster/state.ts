/** @module What a cluster is made of, in one file: whatever `down` may remove is listed here. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { err, messageOf, ok, type Result } from "../src/lib/result.ts";
import { processIdSchema } from "./processes.ts";

export const DAEMONS = ["etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"] as const;
export type DaemonName = (typeof DAEMONS)[number];

export const PORTS = ["etcdClient", "etcdPeer", "apiserver", "controllerManager", "scheduler", "kubelet", "kubeletHealth"] as const;
export type PortName = (typeof PORTS)[number];

const cidr = z.string().regex(/^\d+\.\d+\.\d+\.0\/24$/);

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** 12 hex digits; the mark in the environment of every process, and part of every name outside `dir`. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().min(1),
  /** The kernel's boot id when the daemons were started: after a reboot no recorded pid means anything. */
  bootId: z.string(),
  /** Sockets only: a unix socket's path has at most 107 bytes, and `dir` may be long. */
  runDir: z.string().regex(/^\/run\/nomad-bridge\/[0-9a-f]{12}$/),
  /** Path below every cgroup hierarchy's root. */
  cgroupRoot: z.string().regex(/^\/nomad-bridge-[0-9a-f]{12}$/),
  podCidr: cidr,
  serviceCidr: cidr,
  ports: z.strictObject(Object.fromEntries(PORTS.map((name) => [name, z.int()])) as Record<PortName, z.ZodInt>),
  daemons: z.partialRecord(z.enum(DAEMONS), processIdSchema),
  sandboxImage: z.string().optional(),
  importedImages: z.array(z.string()),
});
export type ClusterState = z.infer<typeof stateSchema>;

/** A state with every name chosen and nothing started. */
export function newState(name: string, ports: Record<PortName, number>, network: { podCidr: string; serviceCidr: string }): ClusterState {
  const id = randomBytes(6).toString("hex");
  return {
    version: 1,
    id,
    name,
    bootId: currentBootId(),
    runDir: `/run/nomad-bridge/${id}`,
    cgroupRoot: `/nomad-bridge-${id}`,
    ...network,
    ports,
    daemons: {},
    importedImages: [],
  };
}

/** Undefined for a directory without a cluster; an error, never a guess, for a file we cannot read. */
export function readState(dir: string): Result<ClusterState | undefined, string> {
  const path = statePath(dir);
  if (!existsSync(path)) return ok(undefined);
  const parsed = parseState(readFileSync(path, "utf8"));
  return parsed.ok ? parsed : err(`${path} is not a state file of this version (${parsed.error}); end that cluster with the version that made it, or move the directory away`);
}

export function parseState(text: string): Result<ClusterState, string> {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(text));
    return parsed.success ? ok(parsed.data) : err(z.prettifyError(parsed.error));
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}

/** Written beside and renamed, so that a crash leaves the old or the new state and never half of one. */
export function writeState(dir: string, state: ClusterState): void {
  const path = statePath(dir);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export const statePath = (dir: string): string => join(dir, "state.json");

/** Changes with each start of the kernel. */
export const currentBootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
