/** @module Every key that reaches an exec task, old and new: where it goes, what of it stays, and the tests that show it. Used by the generator. */
import type { FindingLevel } from "../../api/exec-task.ts";
import { EXEC_TASK_RULES } from "../findings.ts";
import { CLIENT_KEYS, PLUGIN_KEYS } from "./client-keys.ts";
import { CONFIG_KEYS, OLD_KEYS, RAW_EXEC_KEYS } from "./config-keys.ts";
import { GROUP_KEYS, JOB_KEYS, WITHOUT_KEYS } from "./group-keys.ts";
import { type KeyRow, type KeySection, PROOFS } from "./key-row.ts";
import { TASK_KEYS } from "./task-keys.ts";

export const DRIVER_KEYS: readonly KeySection[] = [CONFIG_KEYS, OLD_KEYS, PLUGIN_KEYS, CLIENT_KEYS, RAW_EXEC_KEYS, TASK_KEYS, GROUP_KEYS, JOB_KEYS, WITHOUT_KEYS];

/** A row with what its rule says filled in. */
export type FullRow = {
  readonly key: string;
  readonly here: string;
  readonly level: FindingLevel;
  readonly how: string;
  /** "path" or "path#name of a test". */
  readonly tests: readonly string[];
  /** Why there is no test; absent where there are some. */
  readonly untested?: string;
};

export function fullRow(row: KeyRow): FullRow {
  const proofs = "none" in row.proof ? { tests: [], untested: row.proof.none } : { tests: row.proof.map((name) => PROOFS[name]) };
  if (!("field" in row)) return { key: row.key, here: row.here, level: row.level, how: row.how, ...proofs };
  const rule = EXEC_TASK_RULES[row.field];
  return { key: row.key, here: `\`${row.field}\``, level: row.level ?? rule.level, how: row.how ?? rule.how, ...proofs };
}
