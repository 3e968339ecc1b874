import { describe, expect, it } from "vitest";
import type { ContainerStatus, Pod } from "../../../src/api/pod.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { allocationRecord } from "../../../src/mapping/pod-status.ts";
import { taskEvents } from "../../../src/mapping/task-events.ts";
import { LEADER_TASK_DEAD, MAIN_TASKS_DEAD } from "../../../src/nomad/texts.ts";
import { at, groupPod, lastWords, MAIN, ms, podOf, PROXY, RULES, running, terminated } from "./pod-fixtures.ts";

const NOW = ms(500);
/** An end at 20 s of a run that began at 3 s. */
const ended = (exitCode: number, message?: string, reason?: string) => ({ terminated: { ...terminated(exitCode, 20, message, reason).terminated, startedAt: at(3) } });
const podWith = (statuses: Readonly<Record<string, Partial<ContainerStatus>>>, fields: { rules?: object; phase?: string; metadata?: Partial<Pod["metadata"]> } = {}) =>
  groupPod({ tasks: [MAIN, PROXY], statuses, ...fields });

function eventsOf(pod: Pod, name = "web") {
  const record = allocationRecord(pod, NOW);
  const task = record.tasks.find((each) => each.task === name)!;
  return taskEvents({ pod, record, task });
}
/** Without what every task has. */
const told = (pod: Pod, name?: string) => eventsOf(pod, name).slice(2).map(({ Type, Time, DisplayMessage }) => [Type, Time / 1e9 - ms(0) / 1000, DisplayMessage]);

describe("the events of a task", () => {
  it("begin with what comes before its first start, as far as the pod proves it", () => {
    const names = (pod: Pod) => eventsOf(pod).map(({ Type }) => Type);
    expect(names(podWith({}))).toEqual(["Received"]);
    expect(names(podWith({ web: { state: running(3) } }))).toEqual(["Received", "Task Setup", "Started"]);
    expect(names(podWith({ "nb-fetch-0": { state: running(2) } }))).toEqual(["Received", "Task Setup", "Downloading Artifacts"]);
    expect(names(podWith({ "nb-fetch-1": { state: running(2) } }))).toEqual(["Received"]);
    expect(eventsOf(podWith({ web: { state: running(3) } }))[1]?.DisplayMessage).toBe("Building Task Directory");
  });

  it("tell of an image that cannot be pulled, in the kubelet's words", () => {
    const waiting = (reason: string, message: string) => eventsOf(podWith({ web: { state: { waiting: { reason, message } } } })).slice(1).map(({ Type, DisplayMessage }) => [Type, DisplayMessage]);
    expect(waiting("ErrImagePull", 'failed to resolve reference "x:1": not found')).toEqual([["Driver", "Downloading image"], ["Driver Failure", 'Failed to pull the image: failed to resolve reference "x:1": not found']]);
    expect(waiting("ImagePullBackOff", 'Back-off pulling image "x:1"')).toEqual([["Driver", "Downloading image"], ["Driver Failure", 'Failed to pull the image: Back-off pulling image "x:1"']]);
    expect(waiting("ContainerCreating", "")).toEqual([]);
  });

  it.each<[string, Pod, readonly unknown[]]>([
    [
      "whose artifact cannot be had", podWith({ "nb-fetch-0": { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { ...terminated(1, 9, 'failed to download artifact "x": 404').terminated, startedAt: at(2) } } } }),
      [["Downloading Artifacts", 2, "Client is downloading artifacts"], ["Failed Artifact Download", 9, 'failed to download artifact "x": 404']],
    ],
    [
      "that was killed for its memory, its launcher with it", podWith({ web: { state: ended(137, undefined, "OOMKilled") } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 137, Signal: 9"]],
    ],
    [
      "that a signal ended", podWith({ web: { state: ended(143, lastWords({ exitCode: 143, signal: "SIGTERM", restartInMs: 15_300 })) } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 143, Signal: 15"], ["Restarting", 20, "Task restarting in 15.3s"]],
    ],
    [
      "that waits for longer than its policy's delay", podWith({ web: { state: ended(1, lastWords({ attempt: 3, restartInMs: 1_500_000 })) } }, { rules: { ...RULES, restart: { ...RULES.restart, mode: "delay" } } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 1"], ["Restarting", 20, "Exceeded allowed attempts, applying a delay - Task restarting in 25m0s"]],
    ],
    [
      "whose attempts are spent", podWith({ web: { restartCount: 3, state: running(21), lastState: { terminated: { ...ended(213, lastWords({ reason: "attempts-spent", exitCode: 7 })).terminated } } } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 7"], ["Not Restarting", 20, 'Exceeded allowed attempts 2 in interval 30m0s and mode is "fail"']],
    ],
    [
      "that may not be restarted at all", podWith({ web: { state: ended(213, lastWords({ reason: "attempts-spent" })) } }, { rules: { ...RULES, restart: { ...RULES.restart, attempts: 0 } } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 1"], ["Not Restarting", 20, "Policy allows no restarts"]],
    ],
    [
      "that cannot be started", podWith({ web: { state: ended(213, lastWords({ reason: "start-failed", message: "no such user" })) } }),
      [["Driver Failure", 20, "no such user"], ["Not Restarting", 20, "Error was unrecoverable"]],
    ],
    [
      "that leaves words", podWith({ web: { state: ended(1, lastWords({ message: "Template failed: x" })) } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, 'Exit Code: 1, Exit Message: "Template failed: x"']],
    ],
    [
      "that was told to stop and has", podWith({ web: { state: ended(130, lastWords({ reason: "stopped", exitCode: 130, signal: "SIGINT" })) } }, { metadata: { deletionTimestamp: at(45), deletionGracePeriodSeconds: 30 } }),
      [["Started", 3, "Task started by client"], ["Killing", 15, "Sent interrupt. Waiting 5s before force killing"], ["Terminated", 20, "Exit Code: 130, Signal: 2"], ["Killed", 20, "Task successfully killed"]],
    ],
    [
      "that was told to stop and still runs", podWith({ web: { state: running(3) } }, { metadata: { deletionTimestamp: at(45), deletionGracePeriodSeconds: 30 } }),
      [["Started", 3, "Task started by client"], ["Killing", 15, "Sent interrupt. Waiting 5s before force killing"]],
    ],
    [
      "whose leader is dead", podWith({ web: { state: ended(0, lastWords({ reason: "stopped", exitCode: 0, message: LEADER_TASK_DEAD })) } }),
      [["Started", 3, "Task started by client"], ["Leader Task Dead", 20, "Leader Task in Group dead"], ["Killing", 20, "Sent interrupt. Waiting 5s before force killing"], ["Terminated", 20, "Exit Code: 0"], ["Killed", 20, "Task successfully killed"]],
    ],
  ])("%s are Nomad's", (_name, pod, expected) => expect(told(pod)).toEqual(expected));

  it("of a sidecar tell that the main tasks are dead, and those of a task that its sibling failed", () => {
    const spent = { state: ended(213, lastWords({ reason: "attempts-spent" })) };
    const stopped = { state: { terminated: { ...terminated(0, 25, lastWords({ reason: "stopped", exitCode: 0, message: MAIN_TASKS_DEAD })).terminated, startedAt: at(3) } } };
    expect(told(podWith({ web: spent, proxy: stopped }), "proxy").map(([type]) => type)).toEqual(["Started", "Sibling Task Failed", "Main Tasks Dead", "Killing", "Terminated", "Killed"]);
    const failed = podWith({ proxy: spent, web: { state: running(3) } });
    expect(told(failed)).toContainEqual(["Sibling Task Failed", 20, 'Task\'s sibling "proxy" failed']);
    const overBefore = podWith({ proxy: spent, web: { state: terminated(0, 9, lastWords({ reason: "completed", exitCode: 0 })) } });
    expect(told(overBefore).map(([type]) => type)).toEqual(["Terminated"]);
    expect(told(failed, "proxy").map(([type]) => type)).not.toContain("Sibling Task Failed");
    expect(told(podWith({ proxy: { state: running(3) }, web: { state: running(3) } }))).toEqual([["Started", 3, "Task started by client"]]);
  });

  it("say nothing of a policy that cannot be read", () => {
    const pod = podOf({ container: { state: ended(213, lastWords({ reason: "attempts-spent", exitCode: 7 })) } });
    expect(told(pod)).toEqual([["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 7"]]);
  });

  it("carry their values for programs too", () => {
    const details = (pod: Pod) => Object.fromEntries(eventsOf(pod).map(({ Type, Details }) => [Type, Details]));
    expect(details(podWith({ web: { state: ended(143, lastWords({ exitCode: 143, signal: "SIGTERM", oomKilled: true, restartInMs: 15_000 })) } }))).toMatchObject({
      Terminated: { exit_code: "143", signal: "15", oom_killed: "true" },
      Restarting: { restart_reason: "Restart within policy", start_delay: "15000000000" },
    });
  });

  it("tell what users have done to it in place, and not to others", () => {
    const marks = {
      marks: [
        { task: "web", kind: "signal", at: ms(30), signal: "SIGHUP" },
        { task: "proxy", kind: "restart", at: ms(35), done: ms(36), whom: "task" },
        { task: "web", kind: "restart", at: ms(40), done: ms(42), whom: "running" },
      ],
      restarts: { web: 1, proxy: 1 },
    };
    const pod = podWith({ web: { state: running(3) } }, { metadata: { annotations: { [ANNOTATION.taskMarks]: JSON.stringify(marks) } } });
    expect(told(pod)).toEqual([
      ["Started", 3, "Task started by client"],
      ["Signaling", 30, "Task being sent signal SIGHUP"],
      ["Restart Signaled", 40, "User requested running tasks to restart"],
      ["Restarting", 42, "Task restarting in 0s"],
      ["Started", 42, "Task started by client"],
    ]);
  });
});
