/** @module Carries a job's plan out: pods ended, stopped, marked, made and forgotten, in an order that a crash in between cannot hurt. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { eachAtMost } from "../../lib/each-at-most.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { services } from "../../mapping/job/service-objects.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { placeOfPod } from "../../mapping/object-names.ts";
import { type AcceptedGroup, podForTask } from "../../mapping/pod-for-task.ts";
import type { GroupPlan, JobNewAllocation, JobPlan } from "../plan/types.ts";
import type { WriteError } from "../reconcile.ts";
import { acceptJob } from "./accept-job.ts";
import type { AcceptedJob } from "./accepted-job.ts";
import type { NomadJobDeps, Write } from "./deps.ts";
import { nodeSources } from "./nodes.ts";
import { placedPod } from "./placed-pod.ts";
import { jobAt, versionOf } from "./revisions.ts";

export type Carried = { readonly job: NomadJob; readonly accepted: Pick<AcceptedJob, "groups">; readonly config: BridgeConfigSpec; readonly plan: JobPlan };

/** Writes under way at once, for one job: the API server has others to serve. */
const AT_ONCE = 10;

type Action = () => Write;

/** The first error that a step has; the steps after it are left to the next look. */
export async function perform(deps: NomadJobDeps, carried: Carried): Write {
  for (const step of stepsOf(deps, carried)) {
    const done = await allOf(step);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** What is given up ends first, room is made before it is filled, and what is forgotten goes last. */
function stepsOf(deps: NomadJobDeps, carried: Carried): readonly (readonly Action[])[] {
  const namespace = carried.job.metadata.namespace ?? "default";
  const groups = Object.values(carried.plan.groups);
  const each = (actions: (group: GroupPlan) => readonly Action[]) => groups.flatMap(actions);
  const inPlace = { [ANNOTATION.jobVersion]: String(versionOf(carried.job)), [ANNOTATION.canary]: null };
  return [
    each(({ end }) => end.map((pod) => () => deps.endPod(namespace, pod))),
    each(({ stop }) => stop.map(({ reason, ...pod }) => () => deps.stopPod(namespace, pod, reason))),
    each(({ updateInPlace }) => updateInPlace.map((pod) => () => deps.annotatePod(namespace, pod, inPlace))),
    each(({ group, create }) => create.map((place) => () => createPod(deps, carried, { group, place }))),
    each(({ forget }) => forget.map((pod) => () => deps.deletePod(namespace, pod))),
    serviceActions(deps, carried),
  ];
}

/** A stopped job is found by nobody. */
function serviceActions(deps: NomadJobDeps, { job, accepted }: Carried): readonly Action[] {
  const wanted = job.spec.stop === true ? [] : services(accepted.groups, deps.sha256);
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const gone = deps.servicesOf(job.metadata.uid ?? "").filter(({ metadata }) => !names.has(metadata.name));
  return [...wanted.map((service) => () => deps.applyService(service)), ...gone.map((service) => () => deps.deleteService(service))];
}

async function allOf(actions: readonly Action[]): Write {
  let failed: Result<undefined, WriteError> = ok(undefined);
  await eachAtMost(AT_ONCE, actions, async (action) => {
    const done = await action();
    if (!done.ok) failed = done;
    return done.ok;
  });
  return failed;
}

type Wanted = { readonly group: string; readonly place: JobNewAllocation };

async function createPod(deps: NomadJobDeps, carried: Carried, { group, place }: Wanted): Write {
  const accepted = groupAt(deps, carried, group, place.jobVersion);
  if (accepted === undefined) return ok(undefined);
  const serial = freeSerial(deps, carried.job, accepted, place);
  const made = podForTask(accepted, { ...place, serial, nodes: nodeSources(deps, carried.config) }, deps.images, deps.denyNetworks());
  if (!made.ok) return err({ retry: false, ...made.error });
  const pod = placedPod(made.value, place, indexOf(carried.job));
  const { name } = pod.metadata;
  const created = await deps.createPod(pod);
  if (created.ok) deps.event(carried.job, { type: "Normal", reason: "AllocationPlaced", note: `allocation ${group}[${place.index}] placed as pod ${name}` });
  else deps.event(carried.job, { type: "Warning", reason: "FailedCreate", note: `${name}: ${created.error.message}` });
  return created;
}

/** A group of an older version, where its revision is still there and still passes; otherwise of the present one. Undefined: there is no such group any more. */
function groupAt(deps: NomadJobDeps, { job, accepted, config }: Carried, group: string, version: number): AcceptedGroup | undefined {
  const present = accepted.groups.find(({ source }) => source.group === group);
  if (version === versionOf(job)) return present;
  const revision = deps.revisionsOf(job.metadata.uid ?? "").find((each) => each.revision === version);
  const old = revision === undefined ? undefined : acceptJob(deps, jobAt(job, revision), config);
  return (old?.ok === true ? old.value.groups.find(({ source }) => source.group === group) : undefined) ?? present;
}

/** Pods of a job of the same ID that was purged a moment ago still have their names until they have ended. */
function freeSerial({ podsOfGroup }: NomadJobDeps, { metadata }: NomadJob, { groupName }: AcceptedGroup, { index, serial }: JobNewAllocation): number {
  const foreign = podsOfGroup(metadata.namespace ?? "default", groupName)
    .filter((pod) => !pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    .map((pod) => placeOfPod(pod.metadata.name))
    .filter((place) => place.index === index);
  return Math.max(serial, ...foreign.map((place) => place.serial + 1));
}
