import { describe, expect, it } from "vitest";
import type { ContainerStatus, Pod } from "../../../../src/api/pod.ts";
import type { FetchMessage, PastDownload } from "../../../../src/contract/launcher-document.ts";
import { allocationRecord, problemOf } from "../../../../src/mapping/pod-status.ts";
import { taskEvents } from "../../../../src/mapping/task-events.ts";
import { at, groupPod, MAIN, ms, RULES, running, terminated } from "../pod-fixtures.ts";

const NOW = ms(100);
const NO = 'failed to download artifact "x": bad response code: 404';
const GIVEN_UP = 213;

/** A try from `start` to `end`, in seconds. */
const tried = (start: number, end: number, next: Partial<PastDownload> = {}): PastDownload => ({ startedMs: ms(start), finishedMs: ms(end), message: NO, ...next });
const words = (fields: Partial<FetchMessage>): string => JSON.stringify({ version: 1, reason: "exited", exitCode: 1, message: NO, attempt: 1, restarts: 1, ...fields });
const endedWith = (code: number, fields: Partial<FetchMessage>, start = 3, end = 9) => ({ terminated: { ...terminated(code, end, words(fields)).terminated, startedAt: at(start) } });
const spent = (failures: readonly PastDownload[]) => endedWith(GIVEN_UP, { reason: "attempts-spent", restarts: failures.length - 1, failures });

const podWith = (fetch: Partial<ContainerStatus>, { restart = {}, ...fields }: { readonly restart?: object; readonly phase?: string; readonly web?: Partial<ContainerStatus> } = {}): Pod =>
  groupPod({ tasks: [MAIN], statuses: { "nb-fetch-0": fetch, web: fields.web ?? { state: { waiting: { reason: "PodInitializing" } } } }, rules: { ...RULES, restart: { ...RULES.restart, ...restart } }, ...(fields.phase === undefined ? {} : { phase: fields.phase }) });

function eventsOf(pod: Pod): readonly unknown[] {
  const record = allocationRecord(pod, NOW);
  return taskEvents({ pod, record, task: record.tasks[0]! }).slice(2).map(({ Type, Time, DisplayMessage }) => [Type, (Math.round(Time / 1e6) - ms(0)) / 1000, DisplayMessage]);
}

const DOWNLOADING = (second: number) => ["Downloading Artifacts", second, "Client is downloading artifacts"];
const FAILED = (second: number) => ["Failed Artifact Download", second, NO];

describe("artifacts that cannot be had", () => {
  const once = [tried(3, 5, { restartInMs: 2000 })];
  const twice = [...once, tried(7, 9)];
  it.each<[string, Partial<ContainerStatus>, object]>([
    ["are tried again", { state: endedWith(1, { failures: once }) }, { state: "pending", tasks: [{ state: "pending", failed: false, restarts: 1 }] }],
    ["may be had in the end", { state: endedWith(0, { reason: "completed", exitCode: 0, message: "", failures: once }) }, { state: "pending", tasks: [{ state: "pending", failed: false, restarts: 1 }] }],
    ["end the allocation when the attempts are spent", { state: spent(twice) }, { state: "spent", tasks: [{ state: "dead", failed: true, restarts: 1, givenUp: true }] }],
    ["end it although kubelet started the container again", { state: running(20), lastState: spent(twice) }, { state: "spent", tasks: [{ state: "dead", failed: true, restarts: 1 }] }],
    ["end it although that container was killed since", { state: terminated(137, 30), lastState: spent(twice) }, { state: "spent", tasks: [{ state: "dead", failed: true }] }],
    ["end nothing by the exit code alone", { state: terminated(GIVEN_UP, 9, "no words of ours") }, { state: "pending", tasks: [{ state: "pending", failed: false, restarts: 0 }] }],
    ["end nothing by the words alone", { state: endedWith(1, { reason: "attempts-spent", failures: twice }) }, { state: "pending", tasks: [{ state: "pending" }] }],
    ["end nothing by nonsense", { state: terminated(GIVEN_UP, 9, '{"version":1,"reason":"attempts-spent","message":5}') }, { state: "pending" }],
  ])("%s", (_name, fetch, expected) => expect(allocationRecord(podWith(fetch), NOW)).toMatchObject(expected));

  it("are what the allocation failed of, and when", () => {
    const pod = podWith({ state: terminated(137, 30), lastState: spent(twice) }, { phase: "Failed" });
    const record = allocationRecord(pod, NOW);
    expect(record).toMatchObject({ state: "failed", endedAt: ms(9), tasks: [{ state: "dead", failed: true }] });
    expect(problemOf(pod, record)).toBe(NO);
  });

  it.each<[string, Pod, readonly unknown[]]>([
    ["the first try", podWith({ state: running(3) }), [DOWNLOADING(3)]],
    ["a failure, and a delay that is waited out", podWith({ state: endedWith(1, { failures: [tried(3, 5, { restartInMs: 2500 })] }) }), [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 2.5s"]]],
    ["a container that is up but waits", podWith({ state: running(6), lastState: endedWith(1, { failures: [tried(3, 5, { restartInMs: 200_000 })] }) }), [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 3m20s"]]],
    ["the second try, which began after the delay", podWith({ state: running(6), lastState: endedWith(1, { failures: once }) }), [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 2s"], DOWNLOADING(7)]],
    [
      "attempts that are spent", podWith({ state: running(12), lastState: spent(twice) }, { restart: { attempts: 1, intervalMs: 300_000 } }),
      [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 2s"], DOWNLOADING(7), FAILED(9), ["Not Restarting", 9, 'Exceeded allowed attempts 1 in interval 5m0s and mode is "fail"']],
    ],
    ["a policy without restarts", podWith({ state: spent([tried(3, 5)]) }, { restart: { attempts: 0 } }), [DOWNLOADING(3), FAILED(5), ["Not Restarting", 5, "Policy allows no restarts"]]],
    [
      "mode delay", podWith({ state: endedWith(1, { failures: [tried(3, 5, { restartInMs: 11_000, beyond: true })] }) }, { restart: { mode: "delay" } }),
      [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Exceeded allowed attempts, applying a delay - Task restarting in 11s"]],
    ],
    ["a message that had no room for the tries", podWith({ state: endedWith(1, {}, 3, 9) }), [DOWNLOADING(3), FAILED(9)]],
    ["a container that was ended from outside", podWith({ state: endedWith(1, { reason: "stopped", failures: once }) }), [DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 2s"]]],
  ])("are told of in Nomad's events: %s", (_name, pod, expected) => expect(eventsOf(pod)).toEqual(expected));

  it("leave no trace in a task that has run since but its events", () => {
    const pod = podWith({ state: endedWith(0, { reason: "completed", exitCode: 0, message: "", failures: once }, 6, 8) }, { web: { state: running(10) } });
    expect(eventsOf(pod)).toEqual([DOWNLOADING(3), FAILED(5), ["Restarting", 5, "Task restarting in 2s"], DOWNLOADING(7), ["Started", 10, "Task started by client"]]);
  });
});
