/**
 * @module The scaling policies of a job's groups: what a registration makes of them, and how a job shows them. Nomad stores a policy beside its
 * job. A registration that makes or changes it leaves the job without the policy's ID, so to speak: the next one, the same in all else, brings the
 * ID and is a new version, and a plan before it shows the policy as edited with nothing in it. Source: behaviour of a Nomad 1.11 agent.
 */
import { isDeepStrictEqual } from "node:util";
import { sha256 } from "../../access/sha256.ts";
import { nameUuid } from "../../mapping/nomad-ids.ts";
import type { JobVersion } from "../../mapping/stored-job.ts";
import type { Job, JobSpec, ScalingPolicy, TaskGroup } from "../../nomad/job.ts";

type Present = Pick<JobVersion, "spec" | "stop"> & { /** Of the object that stores it. */ readonly uid: string };

/** The spec as it is stored: its policies with their IDs where they are known and stay as they are. What a client sends back of what it read is not looked at. */
export const withKnownPolicies = (spec: JobSpec, present: Present | undefined): JobSpec => ({
  ...spec,
  TaskGroups: spec.TaskGroups.map((group) => (group.Scaling === null ? group : { ...group, Scaling: { ...bare(group.Scaling), ID: knownId(group.Name, group.Scaling, present) } })),
});

/** A stopped job's policies are off, and come back changed. */
function knownId(name: string, wanted: ScalingPolicy, present: Present | undefined): string {
  const known = present === undefined || present.stop ? undefined : present.spec.TaskGroups.find(({ Name }) => Name === name)?.Scaling;
  return present !== undefined && known && isDeepStrictEqual(bare(known), bare(wanted)) ? policyId(present.uid, name) : "";
}

/** The spec of a job that is stopped: no autoscaler is to wake it. */
export const withPoliciesOff = (spec: JobSpec): JobSpec => ({
  ...spec,
  TaskGroups: spec.TaskGroups.map((group) => (group.Scaling?.Enabled === true ? { ...group, Scaling: { ...bare(group.Scaling), Enabled: false } } : group)),
});

/** Without what a server says of it. */
const bare = (policy: ScalingPolicy): ScalingPolicy => ({ ...policy, ID: "", Namespace: "", Target: {}, CreateIndex: 0, ModifyIndex: 0 });

export const policyId = (uid: string, group: string): string => nameUuid(sha256, ["scaling", uid, group]);

/** As the list of policies shows it; undefined for a group without one. */
export function policyOf({ Namespace, ID, CreateIndex, JobModifyIndex }: Job, uid: string, { Name, Scaling }: TaskGroup): ScalingPolicy | undefined {
  if (Scaling === null) return undefined;
  return { ...Scaling, ID: policyId(uid, Name), Namespace, Target: { Namespace, Job: ID, Group: Name }, CreateIndex, ModifyIndex: JobModifyIndex };
}

/** As the job shows them: with the indexes of the policy where this version has made or changed it. */
export const withPolicies = (job: Job, uid: string): Job => ({
  ...job,
  TaskGroups: job.TaskGroups.map((group) => {
    const policy = policyOf(job, uid, group);
    if (policy === undefined) return group;
    return { ...group, Scaling: group.Scaling?.ID === "" ? policy : { ...policy, CreateIndex: 0, ModifyIndex: 0 } };
  }),
});
