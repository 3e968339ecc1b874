/** @module What a new version of a job would do to its allocations: the controller's own plan, asked by the bridge and carried out by nobody. */
import { API_VERSION } from "../api/exec-task.ts";
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node } from "../api/pod.ts";
import type { ClusterState } from "../bridge/bridge-deps.ts";
import { acceptJob } from "../controller/nomad-job/accept-job.ts";
import { allocationsOf, askPlan, type PlanDeps } from "../controller/nomad-job/plan-job.ts";
import { isParent } from "../controller/nomad-job/read-job.ts";
import type { JobRecord } from "../mapping/job-record.ts";
import { jobObjectName } from "../mapping/object-names.ts";
import { missingPaths, type NodeProbe, operatingSystemOf } from "../mapping/probe.ts";
import { storedSpec } from "../mapping/stored-job.ts";
import { profileFor } from "../mapping/task-checks.ts";
import type { JobSpec } from "../nomad/job.ts";
import type { BridgeCaches } from "./caches.ts";
import { sha256 } from "./sha256.ts";

type Context = {
  readonly caches: BridgeCaches;
  readonly config: () => BridgeConfigSpec | undefined;
  readonly probeOf: (node: string) => NodeProbe | undefined;
  /** Epoch ms. */
  readonly now: () => number;
};

export function updatePlanner({ caches, config, probeOf, now }: Context): ClusterState["desiredUpdates"] {
  // A version that is not stored has no name to be remembered by.
  const remember: PlanDeps["remember"] = (_key, make) => make();
  const deps: PlanDeps = {
    node: (name) => caches.nodes.get(undefined, name),
    nodes: () => caches.nodes.all(),
    osOf: (node) => operatingSystemOf(node, probeOf(node.metadata.name)),
    now,
    podsOf: (uid) => caches.pods.byIndex("owner", uid),
    remember,
    revisionsOf: (uid) => caches.revisions.byIndex("owner", uid),
    sha256,
  };
  const lacking = (namespace: string, profile: string | undefined, of: BridgeConfigSpec): ReadonlySet<string> => {
    const granted = profileFor(namespace, profile, of);
    return granted.ok ? missingPaths(granted.value, caches.nodes.all(), (node: Node) => probeOf(node.metadata.name)) : new Set();
  };
  return (spec, present) => {
    const known = config();
    if (known === undefined || present?.object.kind === "ExecTask" || isParent(spec)) return undefined;
    const job = nextVersion(spec, present);
    const accepted = acceptJob({ remember, configVersion: () => "", missingPaths: lacking, sha256 }, job, known);
    if (!accepted.ok) return undefined;
    const allocations = allocationsOf(deps, job, { accepted: accepted.value, config: known });
    const { groups } = askPlan(deps, { job, accepted: accepted.value, config: known, allocations });
    return Object.fromEntries(Object.entries(groups).map(([group, { updates }]) => [group, updates]));
  };
}

/** The object as it would be after the registration. */
function nextVersion(spec: JobSpec, present: JobRecord | undefined): NomadJob {
  const { namespace, jobId } = { namespace: spec.Namespace, jobId: spec.ID };
  const before = present?.object.kind === "NomadJob" ? present.object : undefined;
  const metadata = before?.metadata ?? { name: jobObjectName(sha256, { namespace, jobId }), namespace, uid: "", generation: 0 };
  const stored = storedSpec(spec, { stop: false, payloadSecret: before?.spec.payloadSecret });
  const isSame = before !== undefined && before.spec.stop !== true && JSON.stringify(sorted(before.spec.job)) === JSON.stringify(sorted(stored.job));
  const generation = (metadata.generation ?? 0) + (isSame ? 0 : 1);
  return { apiVersion: API_VERSION, kind: "NomadJob", metadata: { ...metadata, generation }, spec: stored, ...(before?.status === undefined ? {} : { status: before.status }) };
}

/** The API server sorts keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
