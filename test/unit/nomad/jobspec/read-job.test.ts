/**
 * @module Jobs as a Nomad 1.11.2 agent gives them back, against ours: null against empty, what is left out, what is noted beside. Without the IDs and
 * times of its store, and without the constraints that its servers add to groups by themselves.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../../src/nomad/job.ts";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { jobAsRead } from "../../../../src/nomad/jobspec/read-job.ts";

type Group = { readonly Scaling: object | null; readonly PreventRescheduleOnLost?: boolean | null };
type Answer = { readonly job: { readonly ID: string }; readonly read: Read };
type Read = { readonly Payload?: null; readonly Update?: object | null; readonly TaskGroups: readonly Group[] };

const ANSWERS = JSON.parse(readFileSync(new URL("../../../golden/read-back/answers.json", import.meta.url), "utf8")) as readonly Answer[];

const STORED = new Set(["ID", "CreateIndex", "ModifyIndex", "Target"]);
const withoutStored = (policy: object): object => Object.fromEntries(Object.entries(policy).filter(([name]) => !STORED.has(name)));

/** Less what depends on the store, and what Nomad writes into a job when it stores it: here the job stays as it came. */
function compared({ Payload: _payload, Update: _update, ...read }: Read): unknown {
  const groups = read.TaskGroups.map(({ PreventRescheduleOnLost: _prevent, ...group }) => ({ ...group, Scaling: group.Scaling === null ? null : withoutStored(group.Scaling) }));
  return { ...read, TaskGroups: groups };
}

/** What later Nomads have beside these fields. */
const LATER = ["MaxRunDuration", "ExtraClaims", "RunOnFirstRender"];

function readOf(job: unknown): Read {
  const decoded = decodeJob(job);
  if (!decoded.ok) throw new Error(decoded.error);
  const read = jobAsRead(canonicalise(decoded.value).spec as Job);
  return JSON.parse(JSON.stringify(read, (name, value: unknown) => (LATER.includes(name) ? undefined : value))) as Read;
}

describe("jobAsRead beside a Nomad agent", () => {
  it.each(ANSWERS.map((answer) => [answer.job.ID, answer] as const))("gives back alike: %s", (_, { job, read }) => {
    expect(compared(readOf(job))).toEqual(compared(read));
  });
});
