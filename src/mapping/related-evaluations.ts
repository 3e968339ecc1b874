/** @module An evaluation with those that it is linked to, as a read of one may ask for them. Used by the bridge. */
import { type NomadEvaluation, ZERO_TIME } from "./nomad-evaluation.ts";

/** What is said of each. */
const RELATED = ["BlockedEval", "CreateIndex", "CreateTime", "DeploymentID", "ID", "JobID", "ModifyIndex", "ModifyTime", "Namespace", "NextEval", "NodeID", "PreviousEval", "Priority", "Status", "StatusDescription", "TriggeredBy", "Type"] as const;

/** With the evaluations that it is linked to, directly or over others. */
export function withRelated(evaluation: NomadEvaluation, all: readonly NomadEvaluation[]): NomadEvaluation {
  const byId = new Map(all.map((each) => [each.ID, each]));
  const found = new Map([[evaluation.ID, evaluation]]);
  for (const each of found.values()) {
    for (const id of [each.PreviousEval, each.NextEval, each.BlockedEval]) {
      const next = byId.get(id);
      if (next !== undefined) found.set(id, found.get(id) ?? next);
    }
  }
  const related = [...found.values()].filter(({ ID }) => ID !== evaluation.ID);
  return { ...evaluation, RelatedEvals: related.length === 0 ? null : related.map(relatedOf) };
}

const relatedOf = (evaluation: NomadEvaluation): object => ({
  ...Object.fromEntries(RELATED.map((name) => [name, evaluation[name]])),
  WaitUntil: evaluation.WaitUntil === ZERO_TIME ? null : evaluation.WaitUntil,
});

