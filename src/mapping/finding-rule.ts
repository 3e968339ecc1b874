/** @module What a rule of the mapping is: one field, its level, and when a task can see a difference. Used by the rules and by findings.ts. */
import type { Profile } from "../api/bridge-config.ts";
import type { ExecTaskSpec, FindingLevel } from "../api/exec-task.ts";

/** One difference that this task can see. */
export type Note = {
  readonly message: string;
  /** Default: the rule's level. */
  readonly level?: FindingLevel;
  /** What follows the field's name in the path, such as "[0].destination"; default: nothing. */
  readonly at?: string;
};

/** What stands around a task: the whole group, and the profile that it runs under. */
export type RuleContext = { readonly group: ExecTaskSpec; readonly profile: Profile };

/** How one field is mapped, in words for the reference pages, and what of it a given task sees. */
export type Rule<Spec> = {
  /** Nomad's key, as written in a job file. */
  readonly nomad: string;
  readonly level: FindingLevel;
  readonly how: string;
  /** Absent: no task can see a difference. */
  readonly notes?: (spec: Spec, context: RuleContext) => readonly Note[];
};

/** A note where the condition holds, and none elsewhere. */
export const noteIf = (condition: boolean, message: string, more: Omit<Note, "message"> = {}): readonly Note[] => (condition ? [{ message, ...more }] : []);

/** A status takes 1024 characters of message, and an argument may have sixty times as many. */
const QUOTED_CHARACTERS = 100;

export const clipped = (text: string): string => (text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS).toWellFormed()}…`);
