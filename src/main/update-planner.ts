/** @module What a new version of a job would do to its allocations: the controller's own plan, asked by the bridge and carried out by nobody. */
import { canonicalJson } from "../lib/canonical-json.ts";
import { API_VERSION } from "../api/exec-task.ts";
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node } from "../api/pod.ts";
import type { ClusterState } from "../bridge/bridge-deps.ts";
import { acceptJob } from "../controller/nomad-job/accept-job.ts";
import { type Accepted, allocationsOf, askPlan, type PlanDeps } from "../controller/nomad-job/plan-job.ts";
import type { JobAllocation } from "../controller/plan/types.ts";
import { nodeSources } from "../controller/nomad-job/nodes.ts";
import { launchesJobs } from "../mapping/launches-jobs.ts";
import type { JobRecord } from "../mapping/job-record.ts";
import { exhaustedNodes } from "../mapping/job/placement/room.ts";
import { filteredNodes } from "../mapping/job/placement/eligible-nodes.ts";
import { jobObjectName } from "../mapping/object-names.ts";
import { missingPaths, type NodeProbe, operatingSystemOf } from "../mapping/probe.ts";
import { storedSpec } from "../mapping/stored-job.ts";
import { profileFor } from "../mapping/task-checks.ts";
import type { DesiredUpdates } from "../nomad/api-types.ts";
import type { JobSpec } from "../nomad/job.ts";
import type { BridgeCaches } from "./caches.ts";
import { sha256 } from "../access/sha256.ts";

type Context = {
  readonly caches: BridgeCaches;
  readonly config: () => BridgeConfigSpec | undefined;
  readonly probeOf: (node: string) => NodeProbe | undefined;
  /** Epoch ms. */
  readonly now: () => number;
};

export type JobPlanner = Pick<ClusterState, "desiredUpdates" | "filteredNodes">;

export function jobPlanner(context: Context): JobPlanner {
  const { caches, config, now, probeOf } = context;
  const deps: PlanDeps = {
    node: (name) => caches.nodes.get(undefined, name),
    nodes: () => caches.nodes.all(),
    now,
    osOf: (node) => operatingSystemOf(node, probeOf(node.metadata.name)),
    podsOf: (uid) => caches.pods.byIndex("owner", uid),
    podsOn: (node) => caches.pods.byIndex("node", node),
    remember,
    revisionsOf: (uid) => caches.revisions.byIndex("owner", uid),
    sha256,
  };
  const accept = (job: NomadJob): Accepted | undefined => {
    const known = config();
    const accepted = known === undefined ? undefined : acceptJob({ remember, configVersion: () => "", missingPaths: lackingPaths(context), sha256 }, job, known);
    return known === undefined || accepted?.ok !== true ? undefined : { accepted: accepted.value, config: known };
  };
  return {
    desiredUpdates: (spec, present) => {
      // A parent runs nothing, and Nomad plans it as if it would: always anew.
      const job = present?.object.kind === "ExecTask" ? undefined : nextVersion(spec, launchesJobs(spec) ? undefined : present);
      const known = job === undefined ? undefined : accept(job);
      if (job === undefined || known === undefined) return undefined;
      const allocations = allocationsOf(deps, job, known);
      const { groups } = askPlan(deps, { job, ...known, allocations });
      return Object.fromEntries(Object.entries(groups).map(([group, { updates }]) => [group, withoutWaiting(updates, allocations.filter((each) => each.group === group))]));
    },
    filteredNodes: (spec) => {
      const known = accept(nextVersion(spec, undefined));
      if (known === undefined) return {};
      const nodes = nodeSources(deps, known.config);
      return Object.fromEntries(known.accepted.groups.map((group) => [group.source.group, { ...filteredNodes(group, nodes), exhausted: exhaustedNodes(group, nodes) }]));
    },
  };
}

/** What waits for a node is not placed yet, on Nomad: it is to be created, whatever the plan does with its pod. */
function withoutWaiting(updates: DesiredUpdates, allocations: readonly JobAllocation[]): DesiredUpdates {
  let left = allocations.filter(({ unbound, state }) => unbound === true && state === "pending").length;
  const after = { ...updates };
  for (const kind of ["Ignore", "InPlaceUpdate", "DestructiveUpdate"] as const) {
    const moved = Math.min(left, after[kind]);
    left -= moved;
    after[kind] -= moved;
    after.Place += moved;
  }
  return after;
}

/** A version that is not stored has no name to be remembered by. */
const remember: PlanDeps["remember"] = (_key, make) => make();

const lackingPaths =
  ({ caches, probeOf }: Context) =>
  (namespace: string, profile: string | undefined, config: BridgeConfigSpec): ReadonlySet<string> => {
    const granted = profileFor(namespace, profile, config);
    return granted.ok ? missingPaths(granted.value, caches.nodes.all(), (node: Node) => probeOf(node.metadata.name)) : new Set();
  };

/** The object as it would be after the registration. */
function nextVersion(spec: JobSpec, present: JobRecord | undefined): NomadJob {
  const { namespace, jobId } = { namespace: spec.Namespace, jobId: spec.ID };
  const before = present?.object.kind === "NomadJob" ? present.object : undefined;
  const metadata = before?.metadata ?? { name: jobObjectName(sha256, { namespace, jobId }), namespace, uid: "", generation: 0 };
  const stored = storedSpec(spec, { stop: false, payloadSecret: before?.spec.payloadSecret });
  const isSame = before !== undefined && before.spec.stop !== true && canonicalJson(before.spec.job) === canonicalJson(stored.job);
  const generation = (metadata.generation ?? 0) + (isSame ? 0 : 1);
  return { apiVersion: API_VERSION, kind: "NomadJob", metadata: { ...metadata, generation }, spec: stored, ...(before?.status === undefined ? {} : { status: before.status }) };
}
