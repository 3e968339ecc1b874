/** @module Why a task cannot run here. Used by the checks of acceptTask, and by the controller for conditions. */

/** `reason` is a condition's CamelCase reason, `message` has Nomad's text where Nomad has one. */
export type Refusal = { readonly reason: string; readonly message: string };

/** The first refusal that `check` finds in a list. */
export function firstRefusal<T>(items: readonly T[], check: (item: T) => Refusal | undefined): Refusal | undefined {
  for (const item of items) {
    const refusal = check(item);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The first value that stands in a list a second time. */
export function firstTwice(values: readonly string[]): string | undefined {
  return values.find((value, i) => values.indexOf(value) < i);
}

/** Of one of a job's groups: named where the message does not begin with the group's path. */
export const inGroup = (name: string, { reason, message }: Refusal): Refusal => ({ reason, message: message.startsWith("TaskGroups[") ? message : `group "${name}": ${message}` });
