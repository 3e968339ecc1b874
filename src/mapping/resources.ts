/**
 * @module Nomad resources to Kubernetes container resources. Used by mapping.
 * Source: developer.hashicorp.com/nomad/docs/job-specification/resources
 */
import type { ExecTaskSpec } from "../api/exec-task.ts";

type Quantities = { readonly cpu?: string; readonly memory: string };
export type ContainerResources = { readonly requests: Quantities; readonly limits: Quantities };

/** cpu is a share and has no limit, as on Nomad; cores are whole, and request equals limit; memory is limited by memoryMax or memory. */
export function containerResources(resources: ExecTaskSpec["resources"], mhzPerCore: number): ContainerResources {
  const memory = `${resources.memory}Mi`;
  const memoryLimit = `${resources.memoryMax ?? resources.memory}Mi`;
  if (resources.cores !== undefined) {
    const cpu = String(resources.cores);
    return { requests: { cpu, memory }, limits: { cpu, memory: memoryLimit } };
  }
  return { requests: { cpu: cpuQuantity(resources.cpu, mhzPerCore), memory }, limits: { memory: memoryLimit } };
}

/** Rounded up, so that a task never gets less than it asked for. */
const cpuQuantity = (mhz: number, mhzPerCore: number) => `${Math.ceil((mhz * 1000) / mhzPerCore)}m`;
