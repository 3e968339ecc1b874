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
const told = (pod: Pod, name?: string) => eventsOf(pod, name).slice(2).map(({ Type, Time, DisplayMessage }) => [Type, (Math.round(Time / 1e6) - ms(0)) / 1000, DisplayMessage]);

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

  it("are the newest ten, and say the same in the members that older clients read", () => {
    const runs = [1, 2, 3, 4].map((n) => ({ startedMs: ms(n * 10), finishedMs: ms(n * 10 + 5), exitCode: n, restartInMs: 1500 }));
    const events = eventsOf(podWith({ web: { restartCount: 4, state: running(46), lastState: { terminated: { ...terminated(4, 45, lastWords({ exitCode: 4, restartInMs: 1500, runs })).terminated, startedAt: at(40) } } } }));
    expect(events.map(({ Type }) => Type)).toEqual(["Started", "Terminated", "Restarting", "Started", "Terminated", "Restarting", "Started", "Terminated", "Restarting", "Started"]);
    expect(events[1]).toMatchObject({ Details: { exit_code: "2", oom_killed: "false", signal: "0" }, ExitCode: 2, Signal: 0, FailsTask: false, Message: "" });
    expect(events[2]).toMatchObject({ StartDelay: 1_500_000_000, RestartReason: "Restart within policy", KillTimeout: 0 });
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
      "that has run before, each run with its own times",
      podWith({ web: { restartCount: 2, state: ended(3, lastWords({ exitCode: 3, restartInMs: 2000, runs: [{ startedMs: ms(1), finishedMs: ms(2), exitCode: 137, signal: "SIGKILL", oomKilled: true, restartInMs: 1000 }, { startedMs: ms(4), finishedMs: ms(19), exitCode: 3, restartInMs: 2000 }] })) } }),
      [
        ["Started", 1, "Task started by client"], ["Terminated", 2, "Exit Code: 137, Signal: 9"], ["Restarting", 2, "Task restarting in 1s"],
        ["Started", 4, "Task started by client"], ["Terminated", 19, "Exit Code: 3"], ["Restarting", 19, "Task restarting in 2s"],
      ],
    ],
    [
      "that was told to end while it ran", podWith({ web: { state: ended(130, lastWords({ reason: "stopped", exitCode: 130, signal: "SIGINT", runs: [{ startedMs: ms(3), finishedMs: ms(19), exitCode: 130, signal: "SIGINT", askedMs: ms(17) }] })) } }),
      [["Started", 3, "Task started by client"], ["Killing", 17, "Sent interrupt. Waiting 5s before force killing"], ["Terminated", 19, "Exit Code: 130, Signal: 2"], ["Killed", 19, "Task successfully killed"]],
    ],
    [
      "that was told to end between two runs", podWith({ web: { state: ended(143, lastWords({ reason: "stopped", exitCode: 143, signal: "SIGTERM", runs: [{ startedMs: ms(1), finishedMs: ms(2), exitCode: 1, restartInMs: 60_000 }] })) } }),
      [["Started", 1, "Task started by client"], ["Terminated", 2, "Exit Code: 1"], ["Restarting", 2, "Task restarting in 1m0s"], ["Killing", 20, "Sent interrupt. Waiting 5s before force killing"]],
    ],
    [
      "whose runs are nonsense that a task has written", podWith({ web: { state: ended(1, JSON.stringify({ version: 1, reason: "exited", exitCode: 1, message: "", attempt: 1, runs: [{ startedMs: 1e99 }] })) } }),
      [["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 1"]],
    ],
    [
      "whose template cannot be rendered", podWith({ web: { state: ended(213, lastWords({ reason: "start-failed", message: "Template failed: (dynamic): parse: no" })) } }),
      [["Killing", 20, "Template failed: (dynamic): parse: no"]],
    ],
    [
      "whose config names an unknown variable", podWith({ web: { state: ended(213, lastWords({ reason: "start-failed", message: 'failed to parse config: Unknown variable; There is no variable named "x".' })) } }),
      [["Failed Validation", 20, '2 errors occurred:\n\t* failed to parse config: \n\t* Unknown variable: There is no variable named "x".\n\n'], ["Not Restarting", 20, "Error was unrecoverable"]],
    ],
    [
      "whose command is not there, and that may not be restarted", podWith({ web: { state: ended(213, lastWords({ reason: "start-failed", message: "file x not found under path" })) } }, { rules: { ...RULES, restart: { ...RULES.restart, attempts: 0 } } }),
      [["Driver Failure", 20, "failed to launch command with executor: rpc error: code = Unknown desc = file x not found under path"], ["Not Restarting", 20, "Policy allows no restarts"]],
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
      "whose shutdown delay was left out", podWith({ web: { state: ended(130, lastWords({ reason: "stopped", exitCode: 130, runs: [{ startedMs: ms(3), finishedMs: ms(19), exitCode: 130, askedMs: ms(18), delaySkipped: true }] })) } }, { rules: { ...RULES, shutdownDelayMs: 30_000 } }),
      [
        ["Started", 3, "Task started by client"], ["Killing", 18, "Sent interrupt. Waiting 5s before force killing"], ["Skipping shutdown delay", 18, "Skipping shutdown_delay of 30s before killing the task."],
        ["Terminated", 19, "Exit Code: 130"], ["Killed", 19, "Task successfully killed"],
      ],
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

  it("tell how the run before a restart ended, between what is known of the restart, where its launcher has said it", () => {
    const restartOf = (at: number, finished: number, end: object) => ({ task: "web", kind: "restart", at: ms(at), done: ms(at + 4), whom: "all", ended: { finishedMs: ms(finished), ...end } });
    const marks = { marks: [restartOf(30, 32, { exitCode: 137, signal: "SIGKILL" }), restartOf(40, 10, { exitCode: 0 }), restartOf(50, 99, { exitCode: 3 })], restarts: { web: 3 } };
    const pod = podWith({ web: { state: running(3) } }, { metadata: { annotations: { [ANNOTATION.taskMarks]: JSON.stringify(marks) } } });
    expect(told(pod).filter(([type]) => type === "Terminated")).toEqual([["Terminated", 40, "Exit Code: 0"], ["Terminated", 54, "Exit Code: 3"]]);
    expect(told(pod).map(([type]) => type).slice(-5)).toEqual(["Started", "Restart Signaled", "Terminated", "Restarting", "Started"]);
  });

  it("name a signal that was sent where Nomad does", () => {
    const marks = { marks: [{ task: "web", kind: "signal", at: ms(30), signal: "SIGHUP" }], restarts: {} };
    const pod = podWith({ web: { state: running(3) } }, { metadata: { annotations: { [ANNOTATION.taskMarks]: JSON.stringify(marks) } } });
    expect(eventsOf(pod).at(-1)).toMatchObject({ Type: "Signaling", Details: { signal: "SIGHUP" }, Signal: 0, TaskSignal: "" });
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
      ["Signaling", 30, "Task being sent a signal"],
      ["Restart Signaled", 40, "User requested running tasks to restart"],
      ["Restarting", 42, "Task restarting in 0s"],
      ["Started", 42, "Task started by client"],
    ]);
  });
});

describe("the events of a task", () => {
  it("have each a time of their own, in order, also within one second of Kubernetes'", () => {
    const times = eventsOf(podWith({ web: { state: ended(3, lastWords({ reason: "attempts-spent", exitCode: 3 })) } })).map(({ Time }) => Time);
    expect(times.length).toBeGreaterThan(3);
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
  });
});
