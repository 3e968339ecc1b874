/** @module How serious a finding is for who moves a job. Used by convert and assess. */
import type { FindingLevel } from "../../api/exec-task.ts";

/** refused: with this the job does not run here, or is not converted. */
export type Severity = FindingLevel | "refused";

/** The most serious first. */
export const SEVERITIES = ["refused", "lost", "decision", "weaker", "equivalent", "same"] as const satisfies readonly Severity[];
