/** @module What the modules of plain Kubernetes objects share: one group of a job, and where it stands. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { Finding } from "../../api/exec-task.ts";
import type { JobSpec, Task, TaskGroup } from "../../nomad/job.ts";
import type { GroupNetwork, PortRequest } from "../job/group-network.ts";
import type { Probe } from "../job/group-checks.ts";

export type PlainInputs = {
  /** Of exec tasks, which have none of their own. */
  readonly image: string | undefined;
  readonly config: BridgeConfigSpec;
};

export type PlainGroup = {
  readonly job: JobSpec;
  readonly group: TaskGroup;
  /** `TaskGroups[0]`. */
  readonly path: string;
  /** Of its objects. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: GroupNetwork;
  readonly probes: readonly Probe[];
  readonly inputs: PlainInputs;
};

export type PlainTask = { readonly group: PlainGroup; readonly task: Task; readonly position: number; readonly path: string };

/** A value, and what it changes. */
export type Plain<T> = { readonly value: T; readonly findings: readonly Finding[] };

/** Below Nomad's range of dynamic ports nothing is chosen: each pod has an address of its own, so any free number does. */
const FIRST_DYNAMIC = 20_000;

export const portNumber = ({ to, static: fixed }: PortRequest, position: number): number => (to > 0 ? to : fixed > 0 ? fixed : FIRST_DYNAMIC + position);

/** A name that Kubernetes takes, of at most so many characters. */
export const slug = (text: string, most = 50): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, most)
    .replace(/^-+|-+$/g, "") || "job";

/** A batch job's pods know their index. */
export const isIndexed = ({ job }: PlainGroup): boolean => job.Type === "batch";

export const runsToAnEnd = ({ job }: PlainGroup): boolean => job.Type === "batch" || job.Type === "sysbatch";

export const NS_PER_SECOND = 1_000_000_000;
export const seconds = (nanoseconds: number | null): number => Math.ceil(Math.max(0, nanoseconds ?? 0) / NS_PER_SECOND);
