/**
 * @module Nomad resources to Kubernetes container resources. Used by mapping.
 * Source: developer.hashicorp.com/nomad/docs/job-specification/resources
 */
import type { TaskSpec } from "../api/task-fields.ts";

type Quantities = { readonly cpu?: string; readonly memory: string; readonly "ephemeral-storage"?: string };
export type ContainerResources = { readonly requests: Quantities; readonly limits: Quantities };

/**
 * cpu is a share and has no limit, as on Nomad; cores are whole, and request equals limit; memory is limited by memoryMax or memory.
 * /secrets lives in memory and counts as the task's there; Nomad takes it off what the task gets in the same way.
 * @param diskMB the group's disk, for the container that asks for it; nothing enforces it, on Nomad neither
 */
export function containerResources(resources: TaskSpec["resources"], mhzPerCore: number, diskMB?: number): ContainerResources {
  const memory = `${resources.memory}Mi`;
  const memoryLimit = `${resources.memoryMax ?? resources.memory}Mi`;
  const disk = diskMB === undefined ? {} : { "ephemeral-storage": `${diskMB}M` };
  if (resources.cores !== undefined) {
    const cpu = String(resources.cores);
    return { requests: { cpu, memory, ...disk }, limits: { cpu, memory: memoryLimit } };
  }
  return { requests: { cpu: cpuQuantity(resources.cpu, mhzPerCore), memory, ...disk }, limits: { memory: memoryLimit } };
}

/** With cores Nomad derives the MHz from them. */
export const cpuMhz = ({ cores, cpu }: TaskSpec["resources"], mhzPerCore: number): number => (cores === undefined ? cpu : cores * mhzPerCore);

/** Rounded up, so that a task never gets less than it asked for. */
const cpuQuantity = (mhz: number, mhzPerCore: number) => `${Math.ceil((mhz * 1000) / mhzPerCore)}m`;
