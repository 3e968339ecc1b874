/**
 * @module What `nomad node drain` and `nomad node eligibility` leave on a Kubernetes node. The bridge writes them; the controller and new
 * pods' node affinity obey them. They speak of our allocations alone: Kubernetes' own cordon is another thing, and left as it is.
 */
import { GROUP } from "./pod-metadata.ts";

/** Label: "ineligible" keeps new allocations away. Absent: eligible. */
export const ELIGIBILITY_LABEL = `${GROUP}/eligibility`;
export const INELIGIBLE = "ineligible";

/** Annotation: NodeDrain, JSON. Absent: the node is not drained. */
export const DRAIN_ANNOTATION = `${GROUP}/drain`;
/** Annotation: LastDrain, JSON. */
export const LAST_DRAIN_ANNOTATION = `${GROUP}/last-drain`;

export type NodeDrain = {
  /** Epoch ms. */
  readonly startedAt: number;
  /** Ms after the start when what is left is stopped at once; 0: never; negative: at once. */
  readonly deadlineMs: number;
  readonly ignoreSystemJobs: boolean;
};

export type LastDrain = {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly status: "draining" | "complete" | "canceled";
  readonly accessorId: string;
  readonly meta: Readonly<Record<string, string>>;
};

/** Undefined for what is absent or cannot be read: nobody but the bridge writes it. */
export function readNodeDrain(text: string | undefined): NodeDrain | undefined {
  const { startedAt, deadlineMs, ignoreSystemJobs } = readObject(text);
  if (typeof startedAt !== "number" || typeof deadlineMs !== "number") return undefined;
  return { startedAt, deadlineMs, ignoreSystemJobs: ignoreSystemJobs === true };
}

const LAST_STATUSES = ["draining", "complete", "canceled"] as const;

export function readLastDrain(text: string | undefined): LastDrain | undefined {
  const { startedAt, updatedAt, status, accessorId, meta } = readObject(text);
  const known = LAST_STATUSES.find((each) => each === status);
  if (typeof startedAt !== "number" || typeof updatedAt !== "number" || known === undefined) return undefined;
  return { startedAt, updatedAt, status: known, accessorId: typeof accessorId === "string" ? accessorId : "", meta: typeof meta === "object" && meta !== null ? (meta as Record<string, string>) : {} };
}

function readObject(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
