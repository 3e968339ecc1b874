import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerState, ContainerStatus, Pod } from "../../../src/api/pod.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { allocationRecord, problemOf } from "../../../src/mapping/pod-status.ts";
import { tasksOfPod } from "../../../src/mapping/pod-tasks.ts";
import { LEADER_TASK_DEAD, MAIN_TASKS_DEAD } from "../../../src/nomad/texts.ts";
import { ANNOUNCE, at, CLEAN, groupPod, lastWords, MAIN, ms, podOf, PREPARE, PROXY, running, terminated } from "./pod-fixtures.ts";

const NOW = ms(100);
const GROUP = [PREPARE, PROXY, MAIN, ANNOUNCE, CLEAN];
const SPENT = { state: terminated(213, 40, lastWords({ reason: "attempts-spent", exitCode: 3 })) };
const HELD = { restartCount: 1, state: running(41), lastState: SPENT.state };
const DONE = { state: terminated(0, 10, lastWords({ reason: "completed", exitCode: 0 })) };
const DELAYED = { restartCount: 1, state: running(90), lastState: terminated(1, 89, lastWords({ restartInMs: 60_000 })) };
const RUNS = { state: running(20) };
const MAINS_DEAD = { state: terminated(0, 41, lastWords({ reason: "stopped", exitCode: 0, message: MAIN_TASKS_DEAD })) };
/** All that is up in a group whose main task runs. */
const UP = { "task-2": DONE, proxy: { state: running(11) }, web: RUNS, announce: { state: running(12) }, clean: { state: running(12) } };

const statesOf = (pod: Pod) => Object.fromEntries(allocationRecord(pod, NOW).tasks.map(({ task, state }) => [task, state]));
const stateOf = (pod: Pod) => allocationRecord(pod, NOW).state;

describe("the tasks of a pod", () => {
  it("are those of its annotation, in the group's order", () => expect(tasksOfPod(groupPod({ tasks: GROUP, statuses: {} }))).toEqual(GROUP));

  it.each([undefined, "", "{", "{}", "[]", "null", '[{"task":"a"}]', '[{"task":"a","container":"a","hook":"later","sidecar":false}]', '[{"task":"a","container":"a","hook":"","sidecar":"no"}]'])(
    "are the first container alone where the annotation is %j", (text) => {
      const annotations = { [ANNOTATION.task]: "web site", ...(text === undefined ? {} : { [ANNOTATION.tasks]: text }) };
      expect(tasksOfPod(podOf({ metadata: { annotations } }))).toEqual([{ task: "web site", container: "web", hook: "", sidecar: false }]);
    },
  );
});

describe("the state of a group's tasks", () => {
  it.each<[string, Readonly<Record<string, Partial<ContainerStatus>>>, Readonly<Record<string, string>>]>([
    ["nothing runs yet", {}, { "prepare it": "pending", proxy: "pending", web: "pending", announce: "pending", clean: "pending" }],
    ["it is being prepared", { "task-2": { state: running(2) } }, { "prepare it": "running", proxy: "pending", web: "pending" }],
    ["the preparation failed and is tried again", { "task-2": { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: terminated(1, 5, lastWords({ restartInMs: 15_000 })) } }, { "prepare it": "pending", web: "pending" }],
    ["the preparation is done", { "task-2": DONE, proxy: { state: running(11) } }, { "prepare it": "dead", proxy: "running", web: "pending" }],
    ["everything is up", UP, { "prepare it": "dead", proxy: "running", web: "running", announce: "running", clean: "pending" }],
    ["poststart is up before the main task", { ...UP, web: { state: { waiting: { reason: "ContainerCreating" } } } }, { web: "pending", announce: "pending", clean: "pending" }],
    ["the main task waits out its delay", { ...UP, web: DELAYED }, { web: "pending", announce: "running", clean: "pending" }],
    ["the main task is dead", { ...UP, web: SPENT, proxy: { state: running(11) } }, { web: "dead", proxy: "running", clean: "running" }],
    ["its launcher holds the dead task", { ...UP, web: HELD }, { web: "dead", clean: "running" }],
    ["the sidecar was told that the main tasks are dead", { ...UP, web: SPENT, proxy: MAINS_DEAD, clean: DONE }, { web: "dead", proxy: "dead", clean: "dead" }],
    ["poststart has done its work", { ...UP, announce: DONE }, { announce: "dead", web: "running" }],
  ])("when %s", (_name, statuses, expected) => expect(statesOf(groupPod({ tasks: GROUP, statuses }))).toMatchObject(expected));

  it("is dead for all of them when the pod is over", () => {
    expect(Object.values(statesOf(groupPod({ tasks: GROUP, statuses: UP, phase: "Failed" })))).toEqual(GROUP.map(() => "dead"));
  });

  it("has for the start of a task the moment at which its launcher started it, not the container's", () => {
    const startOf = (task: string, web: Partial<ContainerStatus>) => allocationRecord(groupPod({ tasks: GROUP, statuses: { ...UP, web } }), NOW).tasks.find((each) => each.task === task)?.startedAt;
    expect(startOf("announce", RUNS)).toBe(ms(20));
    expect(startOf("clean", SPENT)).toBe(ms(40));
    expect(startOf("proxy", SPENT)).toBe(ms(11));
    expect(startOf("web", { ...DELAYED, lastState: terminated(1, 89, lastWords({ restartInMs: 5_000 })) })).toBe(ms(94));
  });
});

describe("the state of an allocation of several tasks", () => {
  it.each<[string, Readonly<Record<string, Partial<ContainerStatus>>>, string]>([
    ["everything is up", UP, "running"],
    ["a main task waits out its delay", { ...UP, web: DELAYED }, "pending"],
    ["a sidecar waits out its delay", { ...UP, proxy: DELAYED }, "running"],
    ["a main task is given up", { ...UP, web: SPENT }, "spent"],
    ["a sidecar is given up", { ...UP, proxy: SPENT }, "spent"],
    ["the preparation is given up", { "task-2": SPENT }, "spent"],
    ["poststart is given up", { ...UP, announce: HELD }, "spent"],
    ["poststop can never start, and the main task runs", { ...UP, clean: SPENT }, "spent"],
    ["poststop fails after the main task was told to end", { ...UP, web: MAINS_DEAD, clean: SPENT }, "running"],
    ["poststart has done its work", { ...UP, announce: DONE }, "running"],
  ])("when %s", (_name, statuses, expected) => expect(stateOf(groupPod({ tasks: GROUP, statuses, readyAt: 30 }))).toBe(expected));

  it("ended when the last of its tasks did", () => {
    const statuses = { web: { state: terminated(1, 40) }, proxy: { state: terminated(0, 43) }, clean: { state: terminated(0, 42) } };
    expect(allocationRecord(groupPod({ tasks: GROUP, statuses, phase: "Failed" }), NOW).endedAt).toBe(ms(43));
  });
});

const failedFetch = (message: string | undefined) => ({ state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: terminated(1, 5, message) });

describe("the problem of an allocation", () => {
  it.each<[string, Readonly<Record<string, Partial<ContainerStatus>>>, string | undefined]>([
    ["an artifact that cannot be had", { "nb-fetch-0": failedFetch('failed to download artifact "x": 404\n') }, 'failed to download artifact "x": 404'],
    ["an artifact that cannot be had, in a launcher's form", { "nb-fetch-0": failedFetch(lastWords({ message: "checksum mismatch" })) }, "checksum mismatch"],
    ["an artifact that cannot be had, without a word", { "nb-fetch-0": failedFetch(undefined) }, "Exit Code: 1"],
    ["an artifact that is tried again", { "nb-fetch-0": { state: running(9), lastState: terminated(1, 5, "no") } }, "no"],
    ["an artifact that came at last", { "nb-fetch-0": { state: terminated(0, 9), lastState: terminated(1, 5, "no") } }, undefined],
    ["a chroot that cannot be copied", { "nb-copy-1": failedFetch("no space left on device") }, "no space left on device"],
    ["an image that is not there", { "nb-install": { state: { waiting: { reason: "ErrImagePull", message: "no such image" } } }, web: { state: { waiting: { reason: "PodInitializing" } } } }, "ErrImagePull: no such image"],
    ["waiting for others alone", { web: { state: { waiting: { reason: "PodInitializing" } } } }, "PodInitializing"],
    ["a task that gave up", { ...UP, proxy: SPENT }, 'task "proxy": Exit Code: 3'],
  ])("tells of %s", (_name, statuses, expected) => {
    const pod = groupPod({ tasks: GROUP, statuses, phase: "Pending" });
    expect(problemOf(pod, allocationRecord(pod, NOW))).toBe(expected);
  });

  it("is pending while kubelet tries again to fetch, and the containers that prepare it are no tasks", () => {
    const record = allocationRecord(groupPod({ tasks: GROUP, statuses: { "nb-fetch-0": failedFetch("no"), "nb-install": { state: terminated(213, 1, lastWords({ reason: "start-failed" })) } }, phase: "Pending" }), NOW);
    expect(record.state).toBe("pending");
    expect(record.tasks.map(({ task }) => task)).toEqual(GROUP.map(({ task }) => task));
  });

  it("is the pod's own reason where no task has ended", () => {
    const pod = groupPod({ tasks: GROUP, statuses: {}, phase: "Failed" });
    const evicted = { ...pod, status: { ...pod.status, reason: "Evicted" } };
    expect(problemOf(evicted, allocationRecord(evicted, NOW))).toBe("Evicted");
  });
});

describe("whatever the containers of a group are at", () => {
  const second = fc.integer({ min: 0, max: 120 });
  const words = fc.constantFrom(
    undefined, "{", lastWords(), lastWords({ restartInMs: 30_000 }), lastWords({ reason: "completed", exitCode: 0 }), lastWords({ reason: "attempts-spent" }), lastWords({ reason: "start-failed" }),
    lastWords({ reason: "stopped" }), lastWords({ reason: "stopped", message: LEADER_TASK_DEAD }),
  );
  const ended: fc.Arbitrary<ContainerState> = fc.tuple(fc.constantFrom(0, 1, 137, 213), second, words).map(([code, to, said]) => terminated(code, to, said));
  const state: fc.Arbitrary<ContainerState> = fc.oneof(second.map(running), ended, fc.constant({ waiting: { reason: "CrashLoopBackOff" } }));
  const status: fc.Arbitrary<Partial<ContainerStatus>> = fc.record({ state, lastState: ended }, { requiredKeys: [] });
  const containers: fc.Arbitrary<Record<string, Partial<ContainerStatus>>> = fc.record(Object.fromEntries(["nb-fetch-0", ...GROUP.map(({ container }) => container)].map((name) => [name, fc.option(status, { nil: {} })])));
  const pods = fc
    .record({ statuses: containers, phase: fc.constantFrom("Pending", "Running", "Failed", "Succeeded"), readyAt: fc.option(second, { nil: undefined }), deleted: fc.boolean() })
    .map(({ statuses, phase, readyAt, deleted }) => groupPod({ tasks: GROUP, statuses, phase, ...(readyAt === undefined ? {} : { readyAt }), ...(deleted ? { metadata: { deletionTimestamp: at(110) } } : {}) }));

  it("the record is consistent in itself", () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const record = allocationRecord(pod, NOW);
        const mains = record.tasks.filter(({ hook }) => hook === "");
        const isDead = (task: { readonly state: string }) => task.state === "dead";
        for (const task of record.tasks) {
          expect(task.state === "running").toBe(task.startedAt !== undefined);
          if (task.hook === "poststop" && task.state === "running") expect(mains.every(isDead)).toBe(true);
          if (task.givenUp) expect([task.state, task.failed]).toEqual(["dead", true]);
        }
        const gone = record.state === "failed" || record.state === "complete";
        if (gone) expect(record.tasks.every(isDead)).toBe(true);
        if (record.state === "failed") expect(record.tasks.some(({ failed }) => failed)).toBe(true);
        if (record.state === "running") expect([mains.some(({ state }) => state === "pending" && pod.status?.containerStatuses?.some((each) => each.state?.running !== undefined && each.name === "web")), record.readySince! <= NOW]).toEqual([false, true]);
        expect(record.state === "spent").toBe(!gone && record.state !== "stopping" && record.tasks.some((task) => task.givenUp && !(task.hook === "poststop" && mains.every(isDead))));
        expect(record.readyFrom === undefined || (record.state === "pending" && record.readyFrom > NOW)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
