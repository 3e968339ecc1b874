/**
 * @module A group's placement as what Kubernetes' scheduler takes. Constraints are answered here, for the nodes that there are when the pod is
 * made, and become a list of host names; labels say the rest.
 */
import { ELIGIBILITY_LABEL, INELIGIBLE } from "../../../contract/node-drain.ts";
import { LABEL } from "../../../contract/pod-metadata.ts";
import type { Affinity } from "../../../nomad/job.ts";
import type { AcceptedGroup } from "../../accepted-task.ts";
import { nodeRecord, type NodeSource } from "../../node-facts.ts";
import { meetsConstraint } from "./constraints.ts";
import { asksOfNodes, mayBeOn } from "./eligible-nodes.ts";
import type { Placement } from "./group-placement.ts";
import { HOSTNAME_LABEL, topologyLabel } from "./topology.ts";

/** A pod may name no more of the nodes that fit: the first by name. */
const MOST_NODES = 1000;

type Expression = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

/** Nodes that `nomad node eligibility -disable` or a drain has closed. */
const ELIGIBLE: Expression = { key: ELIGIBILITY_LABEL, operator: "NotIn", values: [INELIGIBLE] };

/** @param nodes undefined where they are not known, as in explain: then nothing is asked that needs them */
export function placementFields(accepted: AcceptedGroup, nodes: readonly NodeSource[] | undefined) {
  const { placement } = accepted.source.terms ?? {};
  const nodeSelectorTerms = poolTerms(placement).map((pool) => ({ matchExpressions: [ELIGIBLE, ...pool, ...hostExpressions(accepted, nodes)] }));
  const preferred = preferredTerms(placement, nodes);
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    ...(preferred.length > 0 ? { preferredDuringSchedulingIgnoredDuringExecution: preferred } : {}),
  };
  const spreads = (placement?.spreads ?? []).map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { [LABEL.task]: accepted.groupName } },
  }));
  return { affinity: { nodeAffinity, ...podAntiAffinity(accepted) }, ...(spreads.length > 0 ? { topologySpreadConstraints: spreads } : {}) };
}

/** Without a label a node is of the pool "default". Terms are alternatives. */
function poolTerms(placement: Placement | undefined): readonly (readonly Expression[])[] {
  const pool = placement?.pool ?? "all";
  const key = topologyLabel("${node.pool}") ?? "";
  if (pool === "all") return [[]];
  if (pool !== "default" && pool !== "") return [[{ key, operator: "In", values: [pool] }]];
  return [[{ key, operator: "DoesNotExist" }], [{ key, operator: "In", values: ["default"] }]];
}

/** What no node meets must not be placed anywhere: no node both has and lacks a label. */
const NOWHERE: readonly Expression[] = [
  { key: HOSTNAME_LABEL, operator: "Exists" },
  { key: HOSTNAME_LABEL, operator: "DoesNotExist" },
];

function hostExpressions(accepted: AcceptedGroup, nodes: readonly NodeSource[] | undefined): readonly Expression[] {
  const { placement } = accepted.source.terms ?? {};
  if (placement === undefined || nodes === undefined || !asksOfNodes(placement)) return [];
  const names = hostNames(nodes.filter((source) => mayBeOn(accepted, source)));
  return names.length === 0 ? NOWHERE : [{ key: HOSTNAME_LABEL, operator: "In", values: names }];
}

/** A node without the label cannot be named: kubelets always set it. */
const hostNames = (nodes: readonly NodeSource[]): readonly string[] => [...new Set(nodes.flatMap(({ node }) => node.metadata.labels?.[HOSTNAME_LABEL] ?? []))].sort().slice(0, MOST_NODES);

const HEAVIEST = 100;

/** Nodes that a positive affinity likes, and that a negative one does not dislike. */
function preferredTerms(placement: Placement | undefined, nodes: readonly NodeSource[] | undefined) {
  if (placement === undefined || nodes === undefined) return [];
  return placement.affinities.flatMap((affinity: Affinity) => {
    const names = hostNames(nodes.filter((source) => meetsConstraint(affinity, nodeRecord(source))));
    const weight = Math.min(HEAVIEST, Math.abs(affinity.Weight));
    if (names.length === 0 || weight === 0) return [];
    return [{ weight, preference: { matchExpressions: [{ key: HOSTNAME_LABEL, operator: affinity.Weight > 0 ? "In" : "NotIn", values: names }] } }];
  });
}

function podAntiAffinity({ source, groupName, siblings }: AcceptedGroup) {
  const apart = source.terms?.placement.apart ?? [];
  if (apart.length === 0) return {};
  const terms = apart.map(({ label, scope }) => ({
    topologyKey: label,
    labelSelector: { matchExpressions: [{ key: LABEL.task, operator: "In", values: scope === "job" ? siblings : [groupName] }] },
  }));
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
}
