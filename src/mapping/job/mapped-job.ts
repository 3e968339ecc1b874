/** @module What a Nomad job becomes: its groups as the rest of the mapping takes them, or one refusal for all of them. */
import type { Finding, FindingLevel } from "../../api/exec-task.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobGroup } from "../accepted-task.ts";
import type { Refusal } from "../refusal.ts";

/** Count is the job's own: of a system job it is what runs on each node. */
export type MappedGroup = {
  readonly name: string;
  readonly count: number;
  readonly group: Result<JobGroup, Refusal>;
  readonly findings: readonly Finding[];
};

/** Either every group is there or none is: then all of them have the same error. */
export type MappedJob = {
  readonly groups: readonly MappedGroup[];
  /** Of the job itself. Those of a group are with the group. */
  readonly findings: readonly Finding[];
};

/** A piece of the mapping, and what it changes. */
export type Mapped<T> = { readonly value: T; readonly findings: readonly Finding[] };

/** A refusal's message begins with the JSON path of what is refused, such as `TaskGroups[0].Tasks[1].Config.volumes`. */
export const refusedAt = (path: string, message: string, reason = "JobRefused"): { readonly ok: false; readonly error: Refusal } => err({ reason, message: `${path}: ${message}` });

export const mapped = <T>(value: T, findings: readonly Finding[] = []): Result<Mapped<T>, Refusal> => ok({ value, findings });

export const findingIf = (condition: boolean, level: FindingLevel, path: string, message: string): readonly Finding[] => (condition ? [{ level, path, message }] : []);

/** Maps every item, and stops at the first that is refused. */
export function mapAll<T, U>(items: readonly T[], map: (item: T, position: number) => Result<Mapped<U>, Refusal>): Result<Mapped<readonly U[]>, Refusal> {
  const values: U[] = [];
  const findings: Finding[] = [];
  for (const [position, item] of items.entries()) {
    const result = map(item, position);
    if (!result.ok) return result;
    values.push(result.value.value);
    findings.push(...result.value.findings);
  }
  return mapped(values, findings);
}
