import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../../../src/api/pod.ts";
import { allocationStubs } from "../../../../src/bridge/lists/allocation-stubs.ts";
import { jobRecord } from "../../../../src/mapping/job-record.ts";
import { allocationStub, type AllocationSource } from "../../../../src/mapping/nomad-allocation.ts";
import { nomadJob } from "../../../../src/mapping/nomad-job.ts";
import { lastWords, ms, podOf, running, terminated } from "../../mapping/pod-fixtures.ts";
import { execTask } from "../jobs/job-world.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const TASK = execTask("web");
const JOB = nomadJob(TASK, { region: "eu", datacenter: "fra1" }, true)!;
const source = (pod: Pod, changes: Partial<AllocationSource> = {}): AllocationSource => ({ pod, job: JOB, record: jobRecord(TASK), sha256, nodeId: "node", now: ms(100), ...changes });

/** Its restart waits until second 80. */
const DELAYED = podOf({ readyAt: 60, container: { state: running(61), lastState: terminated(1, 60, lastWords({ restartInMs: 20_000 })), restartCount: 1 } });
const PODS: readonly (readonly [string, Pod])[] = [
  ["runs", podOf({ readyAt: 5, container: { state: running(5) } })],
  ["waits for a node", podOf({ phase: "Pending" })],
  ["has failed", podOf({ phase: "Failed", container: { state: terminated(1, 20, lastWords()) } })],
  ["waits out a delay", DELAYED],
];

describe("remembered rows", () => {
  it.each(PODS)("of an allocation that %s are what they would be without, at every time", (_what, pod) => {
    const stubs = allocationStubs();
    for (let second = 0; second < 120; second += 1) {
      const asked = source(pod, { now: ms(second) });
      const row = stubs.of(asked);
      expect(row).toEqual(allocationStub(asked));
      expect(stubs.textOf(row) ?? JSON.stringify(row)).toBe(JSON.stringify(allocationStub(asked)));
    }
  });

  it("are those of before while nothing has changed", () => {
    const stubs = allocationStubs();
    const [[, pod]] = PODS as [readonly [string, Pod]];
    const before = stubs.of(source(pod));
    expect(stubs.of(source(pod, { now: ms(200) }))).toBe(before);
  });

  it.each<[string, Partial<AllocationSource>]>([
    ["the job's", { job: { ...JOB, ID: "other" } }],
    ["the object's", { record: jobRecord({ ...TASK, metadata: { ...TASK.metadata, uid: "other" } }) }],
    ["the node's", { nodeId: undefined }],
    ["the one that took its place", { next: "next" }],
  ])("are made anew with a change that is %s", (_whose, changes) => {
    const stubs = allocationStubs();
    const [[, pod]] = PODS as [readonly [string, Pod]];
    stubs.of(source(pod));
    expect(stubs.of(source(pod, changes))).toEqual(allocationStub(source(pod, changes)));
  });

  it("are not kept while time alone would change them", () => {
    const stubs = allocationStubs();
    expect(stubs.of(source(DELAYED, { now: ms(70) })).TaskStates).not.toEqual(stubs.of(source(DELAYED, { now: ms(90) })).TaskStates);
  });
});
