/** @module A version of a NomadJob as the groups that pods are made of: all of them, or one refusal. Remembered, as a job may have a hundred groups. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { jobGroups } from "../../mapping/job/job-groups.ts";
import { type AcceptedGroup, acceptGroup, type Refusal } from "../../mapping/pod-for-task.ts";
import { firstTwice, inGroup } from "../../mapping/refusal.ts";
import type { AcceptedJob } from "./accepted-job.ts";
import type { NomadJobDeps } from "./deps.ts";
import { readJob } from "./read-job.ts";
import { versionOf } from "./revisions.ts";

type AcceptDeps = Pick<NomadJobDeps, "remember" | "configVersion" | "missingPaths" | "sha256">;

const keyOf = (object: NomadJob) => `${object.metadata.uid}/${versionOf(object)}`;

/** The canonical job of that version. */
export const jobOf = ({ remember }: Pick<AcceptDeps, "remember">, object: NomadJob): Result<JobSpec, Refusal> => remember(`job/${keyOf(object)}`, () => readJob(object));

/** @param object as it was with that version: its generation says which one it is */
export function acceptJob(deps: AcceptDeps, object: NomadJob, config: BridgeConfigSpec): Result<AcceptedJob, Refusal> {
  const job = jobOf(deps, object);
  if (!job.ok) return job;
  const mapped = deps.remember(`mapped/${keyOf(object)}/${deps.configVersion()}`, () => jobGroups(object, job.value, config));
  const missing = missingByProfile(deps, object, config);
  const groups: AcceptedGroup[] = [];
  for (const { name, group } of mapped.groups) {
    if (!group.ok) return group;
    const paths = missing(group.value.spec.profile);
    const key = `group/${keyOf(object)}/${name}/${deps.configVersion()}/${JSON.stringify([...paths].sort())}`;
    const accepted = deps.remember(key, () => acceptGroup(group.value, config, deps.sha256, { missingPaths: paths }));
    if (!accepted.ok) return err(inGroup(name, accepted.error));
    groups.push(accepted.value);
  }
  const collision = firstTwice(groups.map(({ groupName }) => groupName));
  if (collision !== undefined) return err({ reason: "GroupNameTaken", message: `two groups would have pods named "${collision}"; name one of them otherwise` });
  return ok({ job: job.value, groups, mapped });
}

/** Asked once for each profile, however many groups there are. */
function missingByProfile({ missingPaths }: AcceptDeps, { metadata }: NomadJob, config: BridgeConfigSpec): (profile: string | undefined) => ReadonlySet<string> {
  const known = new Map<string | undefined, ReadonlySet<string>>();
  return (profile) => {
    const found = known.get(profile) ?? missingPaths(metadata.namespace ?? "default", profile, config);
    known.set(profile, found);
    return found;
  };
}
