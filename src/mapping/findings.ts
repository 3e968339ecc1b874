/**
 * @module What the mapping changes for a task, field by field: the rules of its group and of each of its tasks, applied. Used by acceptTask
 * and by the generated reference page.
 */
import type { ExecTaskSpec, Finding, FindingLevel } from "../api/exec-task.ts";
import type { Profile } from "../api/bridge-config.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import type { Rule, RuleContext } from "./finding-rule.ts";
import { GROUP_RULES, GROUP_TASK_RULES } from "./group-rules.ts";
import { TASK_RULES } from "./task-rules.ts";

/** One rule for every field of the spec, in no order that matters. */
export const EXEC_TASK_RULES = { ...TASK_RULES, ...GROUP_RULES } as const satisfies Record<keyof ExecTaskSpec, Rule<never>>;

const NETWORK: Finding = {
  level: "decision",
  path: "network",
  message: "runs in the pod's network, with the pod's host name and DNS; on Nomad a task without a network block shares the node's",
};
const SECCOMP: Finding = { level: "weaker", path: "seccomp", message: "runs under the container runtime's default seccomp profile; Nomad applies none" };
const NO_NEW_PRIVS: Finding = {
  level: "weaker",
  path: "allowPrivilegeEscalation",
  message: "setuid programs such as sudo and ping, and capabilities of files, have no effect, as the profile sets allowPrivilegeEscalation: false; on Nomad they work",
};

const ALWAYS: readonly Finding[] = [
  { level: "weaker", path: "secrets", message: "/secrets lives in memory, but programs in it can be run: on Nomad it is mounted noexec" },
  { level: "equivalent", path: "memory", message: "when memory runs out the kernel ends the whole container, exec sessions too; on Nomad one process, which need not be the task's first" },
];

/** The most serious first: a status keeps only the first twenty. */
const SEVERITY: readonly FindingLevel[] = ["lost", "decision", "weaker", "equivalent", "same"];

/** A path in a status takes no more. */
const MAX_PATH = 253;

/** What this task can see of running here, the most serious first; of one level, in the order of the fields. */
export function findingsFor(spec: ExecTaskSpec, profile: Profile): readonly Finding[] {
  const context: RuleContext = { group: spec, profile };
  const found = [
    ...findingsOf(TASK_RULES, spec as TaskSpec, "", context),
    ...findingsOf(GROUP_RULES, spec, "", context),
    ...spec.tasks.flatMap((task, i) => [
      ...findingsOf(GROUP_TASK_RULES, task, `tasks[${i}].`, context),
      ...findingsOf(TASK_RULES, task as TaskSpec, `tasks[${i}].`, context),
    ]),
    ...ofTheContainer(spec, profile),
    ...ALWAYS,
  ];
  return found.toSorted((a, b) => SEVERITY.indexOf(a.level) - SEVERITY.indexOf(b.level));
}

/** Whatever the task says; raw_exec has the node's network and no seccomp profile. */
function ofTheContainer({ driver }: ExecTaskSpec, { seccomp, allowPrivilegeEscalation }: Profile): readonly Finding[] {
  const ofExec = [NETWORK, ...(seccomp === "RuntimeDefault" ? [SECCOMP] : [])];
  return [...(driver === "exec" ? ofExec : []), ...(allowPrivilegeEscalation ? [] : [NO_NEW_PRIVS])];
}

function findingsOf<Spec>(rules: Readonly<Record<string, Rule<Spec>>>, spec: Spec, prefix: string, context: RuleContext): readonly Finding[] {
  return Object.entries(rules).flatMap(([field, rule]) =>
    (rule.notes?.(spec, context) ?? []).map(({ message, level = rule.level, at = "" }) => ({
      level,
      path: `${prefix}${field}${at}`.slice(0, MAX_PATH).toWellFormed(),
      message,
    })),
  );
}
