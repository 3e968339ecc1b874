/** @module A piece of a job's mapping: what it becomes with what that changes, or a refusal that says where. */
import type { Finding, FindingLevel } from "../../api/exec-task.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { Refusal } from "../refusal.ts";

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
