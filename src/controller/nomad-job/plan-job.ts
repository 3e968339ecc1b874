/** @module From a NomadJob that was accepted to the plan's question: its groups, its pods, its deployment with what was asked of it. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { NomadJob, NomadJobStatus } from "../../api/nomad-job.ts";
import { type JobRequests, readJobRequests } from "../../contract/job-requests.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import type { NodeSource } from "../../mapping/node-facts.ts";
import type { StableVersion } from "../plan/deployment-state.ts";
import { planJob } from "../plan/job.ts";
import type { GroupSpec, JobAllocation, JobPlan } from "../plan/types.ts";
import type { AcceptedJob } from "./accepted-job.ts";
import { jobAllocation } from "./allocation.ts";
import type { NomadJobDeps } from "./deps.ts";
import { groupSpec } from "./group-spec.ts";
import { deploymentOf, memoryOf, plannable } from "./memory.ts";
import { misplaced } from "./misplaced.ts";
import { nodesFor, nodeSources } from "./nodes.ts";
import { withRequests } from "./requests.ts";
import { isSameSpec, versionOf } from "./revisions.ts";

export const requestsOf = ({ metadata }: NomadJob): JobRequests => readJobRequests(metadata.annotations?.[ANNOTATION.requests]);

/** What a plan reads; the bridge asks for one that nobody carries out. */
export type PlanDeps = Pick<NomadJobDeps, "node" | "nodes" | "now" | "osOf" | "podsOf" | "podsOn" | "remember" | "revisionsOf" | "sha256">;

export type Accepted = { readonly accepted: AcceptedJob; readonly config: BridgeConfigSpec };

/** @param known undefined: of a job that is refused, whose pods run on */
export function allocationsOf(deps: PlanDeps, job: NomadJob, known?: Accepted): readonly JobAllocation[] {
  const accepted = known?.accepted;
  const skipped = new Map(accepted?.groups.map(({ source, skippedPaths }) => [source.group, skippedPaths]));
  const context = {
    type: accepted?.job.Type ?? job.spec.type ?? "service",
    requests: requestsOf(job),
    node: deps.node,
    podsOn: deps.podsOn,
    skippedPaths: (group: string) => skipped.get(group) ?? [],
    isMisplaced: known === undefined ? () => false : misplaced(known.accepted.groups, () => nodeSources(deps, known.config)),
    now: deps.now(),
  };
  return deps.podsOf(job.metadata.uid ?? "").map((pod) => jobAllocation(pod, context));
}

export type Question = { readonly job: NomadJob; readonly accepted: AcceptedJob; readonly config: BridgeConfigSpec; readonly allocations: readonly JobAllocation[] };

export function askPlan(deps: PlanDeps, { job, accepted, config, allocations }: Question): JobPlan {
  const status = job.status ?? {};
  const stable = stableVersion(deps, job);
  const now = deps.now();
  const context = { now, ...(stable === undefined ? {} : { stable }) };
  const deployment = withRequests(plannable(deploymentOf(status)), { sha256: deps.sha256, jobUid: job.metadata.uid ?? "", asked: requestsOf(job).deployment, pods: new Set(allocations.map(({ uid }) => uid)), context });
  const { completed } = memoryOf(status);
  return planJob({
    type: accepted.job.Type,
    version: versionOf(job),
    stopped: job.spec.stop === true,
    groups: groupsOf(accepted, allocations, nodeSources(deps, config)),
    allocations,
    ...context,
    ...(deployment === undefined ? {} : { deployment }),
    ...(completed === undefined ? {} : { completed }),
  });
}

function groupsOf({ job, groups }: AcceptedJob, allocations: readonly JobAllocation[], nodes: readonly NodeSource[]): readonly GroupSpec[] {
  const isOnNodes = job.Type === "system" || job.Type === "sysbatch";
  return job.TaskGroups.flatMap((group, i) => {
    const accepted = groups[i];
    if (accepted === undefined) return [];
    const { specHash } = accepted;
    if (!isOnNodes) return [groupSpec(group, { specHash })];
    // A system group of count 0 runs nowhere.
    const eligible = group.Count === 0 ? [] : nodesFor(accepted, nodes, occupiedBy(group.Name, allocations));
    return [groupSpec(group, { specHash, eligibleNodes: eligible })];
  });
}

const occupiedBy = (name: string, allocations: readonly JobAllocation[]): ReadonlySet<string> =>
  new Set(allocations.flatMap(({ group, state, node }) => (group === name && (state === "pending" || state === "running") && node !== undefined ? [node.name] : [])));

/** The newest stable version before the present one, while it is known what it said. */
function stableVersion({ revisionsOf, remember }: PlanDeps, job: NomadJob): StableVersion | undefined {
  const version = job.status?.stableVersion;
  if (version === undefined || version >= versionOf(job)) return undefined;
  const revision = revisionsOf(job.metadata.uid ?? "").find((each) => each.revision === version);
  if (revision === undefined) return undefined;
  return { version, sameSpec: remember(`same/${job.metadata.uid}/${versionOf(job)}/${version}`, () => isSameSpec(revision.data.spec, job.spec)) };
}

/** What a person has called stable, and what a deployment has made so. */
export function nextStable(job: NomadJob, { markStable }: Pick<JobPlan, "markStable">): Pick<NomadJobStatus, "stableVersion"> {
  const asked = requestsOf(job).stable;
  const before = job.status?.stableVersion;
  const kept = asked?.stable === false && asked.version === before ? undefined : before;
  const candidates = [kept, markStable, asked?.stable === true ? asked.version : undefined].filter((version) => version !== undefined);
  return candidates.length === 0 ? {} : { stableVersion: Math.max(...candidates) };
}
