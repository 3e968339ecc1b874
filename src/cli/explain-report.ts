/** @module What there is to say of one ExecTask, as a value that every format shows. Its shape is that of `explain --format=json`. */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { ExecTask, ExecTaskSpec, Finding } from "../api/exec-task.ts";
import type { KubeObject } from "../api/meta.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import type { AcceptedGroup } from "../mapping/accepted-task.ts";
import type { Sha256 } from "../mapping/object-names.ts";
import { acceptTask, identityOf, podForTask, type Refusal, type TaskImages } from "../mapping/pod-for-task.ts";
import { podSecurity, type PodSecurity, type PodSpecView } from "../mapping/pod-security.ts";
import { effectiveCapabilities, LINUX_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import { withoutSecrets } from "./explain-secrets.ts";
import { specProblems } from "./explain-problems.ts";

export type TaskCapabilities = { readonly task: string; readonly user: string; readonly nomad: readonly string[]; readonly here: readonly string[] };

/** `group`: of a Nomad job; absent for an ExecTask, and for a job that is refused as a whole, of which `isJob` tells. */
export type TaskReport = { readonly namespace: string; readonly name: string; readonly isJob?: true; readonly group?: string } & (
  | { readonly accepted: false; readonly refusal: Refusal }
  | {
      readonly accepted: true;
      readonly profile: string;
      readonly findings: readonly Finding[];
      readonly capabilities: readonly TaskCapabilities[];
      readonly podSecurity: PodSecurity;
      /** Fields of the spec whose values the pod below does not show. */
      readonly hidden: readonly string[];
      readonly pod: KubeObject;
    }
);

/** Names of the images stand for those that the server is started with. */
export const IMAGES: TaskImages = { launcher: "nomad-bridge.dev/launcher", fetch: "nomad-bridge.dev/fetch" };
export const FIRST = { index: 0, serial: 1, reschedules: 0 } as const;
/** An object in a file has no UID yet, and its pods name one as their owner. */
export const NO_UID = "00000000-0000-0000-0000-000000000000";

/** @param task with the namespace that it would be in */
export function explainTask(task: ExecTask, config: BridgeConfigSpec, sha256: Sha256): TaskReport {
  const { namespace, jobId: name } = identityOf(task);
  const refused = (refusal: Refusal): TaskReport => ({ namespace, name, accepted: false, refusal });
  const problems = specProblems(task.spec);
  if (problems.length > 0) return refused({ reason: "InvalidSpec", message: problems.join("; ") });
  const accepted = acceptTask(task, config, sha256);
  if (!accepted.ok) return refused(accepted.error);
  const real = podForTask(accepted.value, FIRST, IMAGES);
  if (!real.ok) return refused(real.error);
  const { hidden, task: shown } = withoutSecrets({ ...task, metadata: { uid: NO_UID, ...task.metadata } });
  const acceptedShown = acceptTask(shown, config, sha256);
  const pod = acceptedShown.ok ? podForTask(acceptedShown.value, FIRST, IMAGES) : acceptedShown;
  if (!pod.ok) return refused(pod.error);
  return {
    namespace,
    name,
    accepted: true,
    profile: accepted.value.profile.name,
    findings: accepted.value.findings,
    capabilities: capabilitiesOf(accepted.value),
    podSecurity: podSecurity((pod.value as unknown as { readonly spec: PodSpecView }).spec),
    hidden,
    pod: pod.value,
  };
}

export function capabilitiesOf({ source, spec, profile }: AcceptedGroup): readonly TaskCapabilities[] {
  const members: readonly (readonly [string, TaskSpec])[] = [[source.task, spec], ...spec.tasks.map((task) => [task.name, task] as const)];
  return members.map(([task, { user, capAdd, capDrop }]) => {
    const all = [...LINUX_CAPABILITIES].sort();
    const effective = effectiveCapabilities({ capAdd, capDrop, allowCaps: profile.allowCaps });
    const ofDriver = effective.ok ? effective.value : [];
    if (spec.driver === "raw_exec") return { task, user: userName(user, spec.driver), nomad: all, here: all };
    return { task, user: userName(user, spec.driver), nomad: isRoot(user) ? all : ofDriver, here: ofDriver };
  });
}

const isRoot = (user: string) => user === "root" || /^0+$/.test(user);

/** The driver's own user where a task names none. */
function userName(user: string, driver: ExecTaskSpec["driver"]): string {
  if (user !== "") return user;
  return driver === "raw_exec" ? "root" : "nobody";
}
