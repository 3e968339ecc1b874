import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../../../src/api/pod.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { allocationRecord } from "../../../src/mapping/pod-status.ts";
import { at, lastWords, ms, podOf, running, terminated } from "./pod-fixtures.ts";

const NOW = ms(100);
const GIVEN_UP = 213;
const WEB = { task: "web", container: "web", hook: "", sidecar: false } as const;
const STOPPED = { annotations: { [ANNOTATION.stopped]: "alloc is being migrated" } };
const only = (pod: Pod) => allocationRecord(pod, NOW).tasks[0]!;
const spentWords = lastWords({ reason: "attempts-spent" });

describe("the state of an allocation", () => {
  it.each<[string, Pod, object]>([
    ["a pod without a status", { ...podOf(), status: {} }, { state: "pending" }],
    ["one whose container is being made", podOf({ phase: "Pending", container: { state: { waiting: { reason: "ContainerCreating" } } } }), { state: "pending" }],
    ["one that runs but is not ready", podOf({ container: { state: running(1) } }), { state: "pending" }],
    ["one that is ready", podOf({ readyAt: 2, container: { state: running(1) } }), { state: "running", readySince: ms(2) + 999 }],
    ["one that has become ready in this very second", podOf({ readyAt: 100, container: { state: running(1) } }), { state: "running", readySince: NOW }],
    ["one that is ready by a clock that is ahead", podOf({ readyAt: 103, container: { state: running(1) } }), { state: "pending", readyFrom: ms(103) }],
    ["one that waits out its restart delay", podOf({ readyAt: 50, container: { restartCount: 1, state: running(50), lastState: terminated(1, 49, lastWords({ restartInMs: 60_000 })) } }), { state: "pending", readyFrom: ms(109) }],
    ["one whose delay is over", podOf({ readyAt: 50, container: { restartCount: 1, state: running(50), lastState: terminated(1, 49, lastWords({ restartInMs: 51_000 })) } }), { state: "running", readySince: ms(100) }],
    ["one that was ready only after its delay", podOf({ readyAt: 80, container: { state: running(50), lastState: terminated(1, 49, lastWords({ restartInMs: 5_000 })) } }), { state: "running", readySince: ms(80) + 999 }],
    ["one whose launcher gave up", podOf({ container: { state: terminated(GIVEN_UP, 9, spentWords) } }), { state: "spent" }],
    ["one that kubelet started again although its launcher gave up", podOf({ readyAt: 20, container: { state: running(20), lastState: terminated(GIVEN_UP, 9, spentWords) } }), { state: "spent" }],
    ["one whose launcher gave up and was killed since", podOf({ container: { restartCount: 1, state: terminated(137, 30), lastState: terminated(GIVEN_UP, 9, spentWords) } }), { state: "spent" }],
    ["one that can never start", podOf({ container: { state: terminated(GIVEN_UP, 9, lastWords({ reason: "start-failed" })) } }), { state: "spent" }],
    ["a task with the launcher's code as its own", podOf({ container: { state: terminated(GIVEN_UP, 9, lastWords({ exitCode: GIVEN_UP })) } }), { state: "pending" }],
    ["that code without words of ours", podOf({ container: { state: terminated(GIVEN_UP, 9, "attempts-spent") } }), { state: "pending" }],
    ["one that failed", podOf({ phase: "Failed", container: { lastState: terminated(GIVEN_UP, 9, spentWords) } }), { state: "failed", endedAt: ms(9) }],
    ["one that failed before it had a container", podOf({ phase: "Failed" }), { state: "failed", endedAt: ms(0) }],
    ["one that succeeded", podOf({ phase: "Succeeded", container: { state: terminated(0, 30) } }), { state: "complete", endedAt: ms(30) }],
    ["one that is being deleted", podOf({ readyAt: 2, container: { state: running(1) }, metadata: { deletionTimestamp: at(99) } }), { state: "stopping" }],
    ["one that failed and is being deleted", podOf({ phase: "Failed", metadata: { deletionTimestamp: at(99) } }), { state: "stopping" }],
    ["one that is being stopped", podOf({ readyAt: 2, container: { state: running(1) }, metadata: STOPPED }), { state: "stopping" }],
    ["one that is at its deadline while its container is still being ended", podOf({ phase: "Failed", container: { state: running(1) }, metadata: STOPPED }), { state: "stopping" }],
    ["one that was stopped", podOf({ phase: "Failed", container: { state: terminated(0, 30) }, metadata: STOPPED }), { state: "complete", endedAt: ms(30) }],
    ["one that was stopped before it had a container", podOf({ phase: "Failed", metadata: STOPPED }), { state: "complete", endedAt: ms(0) }],
  ])("of %s", (_name, pod, expected) => {
    const { tasks: _tasks, setup: _setup, ...record } = allocationRecord(pod, NOW);
    expect(record).toEqual(expected);
  });
});

describe("the record of a task", () => {
  it.each<[string, Pod, object]>([
    ["nothing yet", podOf(), { restarts: 0 }],
    ["why it waits", podOf({ container: { state: { waiting: { reason: "ErrImagePull", message: "no such image" } } } }), { restarts: 0, waiting: "ErrImagePull: no such image" }],
    ["waiting without words", podOf({ container: { state: { waiting: { reason: "PodInitializing" } } } }), { restarts: 0, waiting: "PodInitializing" }],
    ["a run after an end", podOf({ container: { restartCount: 3, state: running(50), lastState: terminated(2, 40) } }), { restarts: 3, startedAt: ms(50), lastEnd: { exitCode: 2, finishedAt: ms(40), oomKilled: false } }],
    ["an end by memory", podOf({ container: { state: terminated(137, 40, undefined, "OOMKilled") } }), { restarts: 0, lastEnd: { exitCode: 137, finishedAt: ms(40), oomKilled: true } }],
    ["the task's own code, which the launcher knows", podOf({ container: { state: terminated(GIVEN_UP, 9, spentWords) } }), { restarts: 0, lastEnd: { exitCode: 1, finishedAt: ms(9), oomKilled: false, message: JSON.parse(spentWords) } }],
    ["an end at no readable time", podOf({ container: { state: { terminated: { exitCode: 1, finishedAt: "soon" } } } }), { restarts: 0, lastEnd: { exitCode: 1, oomKilled: false } }],
  ])("has %s", (_name, pod, expected) => expect(only(pod)).toMatchObject(expected));

  const oneRun = { runs: [{ startedMs: ms(1), finishedMs: ms(9), exitCode: 1 }] };
  const gaveUp = lastWords({ reason: "attempts-spent", ...oneRun });
  const completed = lastWords({ reason: "completed", exitCode: 0, runs: [{ ...oneRun.runs[0]!, exitCode: 0 }] });
  const groupIsOver = { reason: "stopped", exitCode: 0, message: "Main tasks in the group died" } as const;
  const cameUpAt10 = (code: number, said: string | undefined, end = 12) => ({ terminated: { ...terminated(code, end, said).terminated, startedAt: at(10) } });

  it.each<[string, Parameters<typeof podOf>[0], object]>([
    ["gave up, held the place, and said so once more", { container: { restartCount: 1, state: cameUpAt10(GIVEN_UP, gaveUp), lastState: terminated(GIVEN_UP, 9, gaveUp) } }, { restarts: 0, lastEnd: { startedAt: ms(1), finishedAt: ms(9), before: [] } }],
    ["gave up and said so once more, when only the last is known of", { container: { restartCount: 1, state: cameUpAt10(GIVEN_UP, gaveUp) } }, { restarts: 0, lastEnd: { startedAt: ms(1), finishedAt: ms(9), before: [] } }],
    ["had completed, held the place and was killed", { container: { restartCount: 1, state: cameUpAt10(137, undefined), lastState: terminated(0, 9, completed) } }, { restarts: 0, lastEnd: { exitCode: 0, finishedAt: ms(9), before: [] } }],
    ["waited between two runs when its group was over", { container: { restartCount: 1, state: cameUpAt10(0, lastWords({ ...groupIsOver, ...oneRun })), lastState: terminated(1, 9, lastWords({ restartInMs: 60_000, ...oneRun })) } }, { restarts: 1, lastEnd: { finishedAt: ms(12), before: oneRun.runs } }],
  ])("has the end of the task where its launcher %s", (_name, pod, expected) => expect(only(podOf(pod))).toMatchObject(expected));

  it("has no start while it does not run, and no end before the first", () => {
    expect(only(podOf())).toEqual({ ...WEB, state: "pending", failed: false, restarts: 0, givenUp: false });
  });

  it.each([
    "", "{}", "[]", "null", "5", '"text"', "{", lastWords({ version: 2 as 1 }), lastWords({ exitCode: 1.5 }), lastWords({ restartInMs: -1 }), lastWords({ message: 5 as never }),
    lastWords({ reason: 1 as never }), lastWords({ restartInMs: "1" as never }),
  ])("takes no word of %j, which no launcher of ours left", (message) => {
    expect(only(podOf({ container: { state: terminated(1, 9, message) } })).lastEnd).toEqual({ exitCode: 1, finishedAt: ms(9), oomKilled: false, before: [] });
  });

  it.each<[string, number, boolean]>([
    [lastWords({ reason: "completed", exitCode: 0 }), 0, true],
    [lastWords({ reason: "completed", exitCode: 0 }), 2, false],
    [lastWords({ reason: "completed", exitCode: 137 }), 137, false],
    [lastWords({ exitCode: 9 }), 9, true],
    [lastWords({ exitCode: 0 }), 137, false],
    [lastWords({ exitCode: 0 }), 1, true],
    [lastWords({ exitCode: GIVEN_UP }), 1, true],
    [lastWords({ reason: "stopped", exitCode: 143 }), 143, true],
    [lastWords({ reason: "stopped", exitCode: 137, message: "Leader Task Dead" }), 0, true],
    [lastWords({ reason: "stopped", exitCode: 137, message: "Leader Task Dead" }), 137, false],
    [lastWords({ reason: "attempts-spent", exitCode: 3 }), GIVEN_UP, true],
    [lastWords({ reason: "attempts-spent", exitCode: 3 }), 3, false],
  ])("of %s at exit code %i says whether a launcher would have left it: %s", (message, code, believed) => {
    const record = only(podOf({ container: { state: terminated(code, 9, message) } }));
    expect(record.lastEnd?.message !== undefined).toBe(believed);
    if (!believed) expect(record).toMatchObject({ state: "pending", lastEnd: { exitCode: code } });
  });

  it("has an answer for whatever stands in the termination message", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 1, GIVEN_UP), (message, code) => {
        const record = allocationRecord(podOf({ container: { state: terminated(code, 9, message) } }), NOW);
        expect(["pending", "spent"]).toContain(record.state);
      }),
    );
  });
});
