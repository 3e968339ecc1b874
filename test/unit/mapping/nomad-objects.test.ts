import { describe, expect, it } from "vitest";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { Node, Pod } from "../../../src/api/pod.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { placeOfPod } from "../../../src/mapping/object-names.ts";
import { allocationStub, clientStatus, nomadAllocation } from "../../../src/mapping/nomad-allocation.ts";
import { indexOf, nomadJob, nomadJobStub } from "../../../src/mapping/nomad-job.ts";
import { nomadNode } from "../../../src/mapping/nomad-node.ts";
import { type AllocationRecord, allocationRecord } from "../../../src/mapping/pod-status.ts";
import { taskOf } from "./mapping-fixtures.ts";
import { at, lastWords, ms, podOf, running, terminated } from "./pod-fixtures.ts";

const NAMES = { region: "eu", datacenter: "fra1" };
const NOW = ms(100);
const TASK = taskOf({ count: 3 }, { resourceVersion: "900", creationTimestamp: at(0), generation: 4 });
const jobOf = (task: ExecTask = TASK) => nomadJob(task, NAMES, true)!;
const stubOf = (pod: Pod, nodeId?: string) => allocationStub({ pod, task: TASK, nodeId, now: NOW });
const stateOf = (pod: Pod) => stubOf(pod).TaskStates["web"]!;
const eventsOf = (pod: Pod) => stateOf(pod).Events.map(({ Type, Time, DisplayMessage }) => [Type, Time / 1e9 - ms(0) / 1000, DisplayMessage]);

describe("a task as a Nomad job", () => {
  it("has its name thrice, its version from 0, and every time and duration in nanoseconds", () => {
    const job = jobOf(taskOf({ count: 3, killTimeout: "1m30s", restart: { attempts: 1, interval: "1h", delay: "250ms", mode: "delay" } }, TASK.metadata));
    expect(job).toMatchObject({ ID: "web", Name: "web", Namespace: "team", Region: "eu", Datacenters: ["fra1"], Type: "service", Version: 3, Status: "running", Stable: true, SubmitTime: ms(0) * 1e6 });
    expect([job.CreateIndex, job.ModifyIndex, job.JobModifyIndex]).toEqual([900, 900, 900]);
    const [group] = job.TaskGroups;
    expect(group).toMatchObject({ Name: "web", Count: 3, RestartPolicy: { Attempts: 1, Interval: 3.6e12, Delay: 2.5e8, Mode: "delay" } });
    expect(group?.Tasks).toMatchObject([{ Name: "web", Driver: "exec", User: "", KillTimeout: 9e10, KillSignal: "SIGINT" }]);
  });

  it.each<[Partial<ExecTask["spec"]>, object]>([
    [{}, { command: "sleep", args: [] }],
    [{ args: ["1"], capAdd: ["chown"], capDrop: ["all"] }, { command: "sleep", args: ["1"], cap_add: ["chown"], cap_drop: ["all"] }],
    [{ pidMode: "host", ipcMode: "private", workDir: "/tmp" }, { command: "sleep", args: [], pid_mode: "host", ipc_mode: "private", work_dir: "/tmp" }],
  ])("shows %j under the driver's own keys", (spec, config) => expect(jobOf(taskOf(spec)).TaskGroups[0]?.Tasks[0]?.Config).toEqual(config));

  it("shows resources with 0 for what is not set", () => {
    expect(jobOf(taskOf({ resources: { cpu: 250, memory: 64 } })).TaskGroups[0]?.Tasks[0]?.Resources).toEqual({ CPU: 250, Cores: 0, MemoryMB: 64, MemoryMaxMB: 0, DiskMB: 300 });
    expect(jobOf(taskOf({ resources: { cores: 2, memory: 64, memoryMax: 128 } })).TaskGroups[0]?.Tasks[0]?.Resources).toMatchObject({ Cores: 2, MemoryMaxMB: 128 });
  });

  it("is pending while nothing runs, and nothing at all when the stored spec no longer passes", () => {
    expect(nomadJob(TASK, NAMES, false)).toMatchObject({ Status: "pending", Stable: false });
    expect(nomadJob({ ...TASK, spec: { command: "" } }, NAMES, true)).toBeUndefined();
  });

  it("counts its allocations by what Nomad calls them", () => {
    const states: AllocationRecord["state"][] = ["running", "running", "pending", "failed", "spent", "complete", "stopping"];
    const summary = (count: number, present = states) => nomadJobStub({ ...jobOf(), TaskGroups: [{ ...jobOf().TaskGroups[0]!, Count: count }] }, present.map((state) => ({ state, task: { restarts: 0 } }))).JobSummary.Summary;
    expect(summary(5)).toEqual({ web: { Queued: 2, Complete: 2, Failed: 2, Running: 2, Starting: 1, Lost: 0, Unknown: 0 } });
    expect(summary(1)["web"]?.Queued).toBe(0);
    expect(summary(2, [])["web"]).toMatchObject({ Queued: 2, Running: 0 });
  });

  it.each([[undefined, 1], ["0", 1], ["1", 1], ["123456", 123_456], ["abc", 1]])("has for resource version %j the index %i", (resourceVersion, index) => {
    expect(indexOf({ metadata: resourceVersion === undefined ? {} : { resourceVersion } })).toBe(index);
  });
});

describe("a pod as a Nomad allocation", () => {
  const ready = podOf({ readyAt: 2, container: { state: running(1) }, metadata: { annotations: { [ANNOTATION.jobVersion]: "3" } }, spec: { nodeName: "node-1" } });

  it("has the pod's UID for its ID, and its place in its name", () => {
    expect(stubOf(podOf({ metadata: { name: "nb-web-12345678-4-17", uid: "6a5c" } }))).toMatchObject({ ID: "6a5c", Name: "web.web[4]", JobID: "web", TaskGroup: "web", Namespace: "team" });
    expect(stubOf(ready, "node-uid")).toMatchObject({
      NodeID: "node-uid", NodeName: "node-1", JobVersion: 3, ClientStatus: "running", ClientDescription: "Tasks are running", DesiredStatus: "run",
      CreateIndex: 77, CreateTime: ms(0) * 1e6, ModifyTime: ms(2) * 1e6,
    });
    expect(stubOf(podOf())).toMatchObject({ NodeID: "", NodeName: "", JobVersion: 0 });
  });

  it.each([["nb-web-12345678-0-1", 0], ["nb-12345678-12-3", 12], ["nb-a-5-12345678-7-100", 7], ["other", 0]])("named %s has the index %i", (name, index) => expect(placeOfPod(name).index).toBe(index));

  it.each<[AllocationRecord["state"], number | undefined, string]>([
    ["pending", undefined, "pending"], ["running", 1, "running"], ["stopping", 1, "running"], ["stopping", undefined, "complete"], ["complete", undefined, "complete"], ["failed", undefined, "failed"], ["spent", 1, "failed"],
  ])("that is %s (started %s) has the client status %s", (state, startedAt, status) => {
    expect(clientStatus({ state, task: { restarts: 0, ...(startedAt === undefined ? {} : { startedAt }) } })).toBe(status);
  });

  it("is wanted no more while it is being stopped", () => {
    expect(stubOf(podOf({ container: { state: running(1) }, metadata: { deletionTimestamp: at(9) } }))).toMatchObject({ DesiredStatus: "stop", ClientStatus: "running", TaskStates: { web: { State: "running" } } });
  });

  it("is whole with its job and resources, each under the task's name", () => {
    const whole = nomadAllocation({ pod: ready, task: TASK, nodeId: "n", now: NOW }, jobOf());
    expect(whole).toMatchObject({ Job: { ID: "web", Version: 3 }, Resources: { CPU: 100 }, TaskResources: { web: { MemoryMB: 300 } }, AllocatedResources: { Tasks: { web: { Cpu: { CpuShares: 100 }, Memory: { MemoryMB: 300, MemoryMaxMB: 0 } } } }, AllocModifyIndex: 77 });
    expect(whole).not.toHaveProperty("JobType");
  });
});

describe("the state of an allocation's task", () => {
  const started = (exitCode: number, from: number, to: number, message?: string) => ({ terminated: { ...terminated(exitCode, to, message).terminated, startedAt: at(from) } });

  it.each<[string, Pod, object]>([
    ["waits", podOf(), { State: "pending", Failed: false, Restarts: 0, StartedAt: "0001-01-01T00:00:00Z", FinishedAt: "0001-01-01T00:00:00Z", LastRestart: "0001-01-01T00:00:00Z" }],
    ["runs", podOf({ readyAt: 1, container: { state: running(1) } }), { State: "running", Failed: false, StartedAt: new Date(ms(1)).toISOString() }],
    ["runs again", podOf({ readyAt: 30, container: { restartCount: 2, state: running(30), lastState: started(1, 1, 20) } }), { State: "running", Restarts: 2, LastRestart: new Date(ms(30)).toISOString(), FinishedAt: "0001-01-01T00:00:00Z" }],
    ["failed", podOf({ phase: "Failed", container: { state: started(3, 1, 20) } }), { State: "dead", Failed: true, StartedAt: new Date(ms(1)).toISOString(), FinishedAt: new Date(ms(20)).toISOString() }],
    ["completed", podOf({ phase: "Succeeded", container: { state: started(0, 1, 20) } }), { State: "dead", Failed: false }],
  ])("that %s", (_name, pod, expected) => expect(stateOf(pod)).toMatchObject(expected));

  it.each<[string, Pod, readonly unknown[]]>([
    ["was only received", podOf(), [["Received", 0, "Task received by client"]]],
    ["runs", podOf({ container: { state: running(3) } }), [["Received", 0, "Task received by client"], ["Started", 3, "Task started by client"]]],
    [
      "restarts after a delay", podOf({ container: { restartCount: 1, state: running(21), lastState: started(4, 3, 20, lastWords({ exitCode: 4, restartInMs: 15_000 })) } }),
      [["Received", 0, "Task received by client"], ["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 4"], ["Restarting", 20, "Task restarting in 15s"], ["Started", 35, "Task started by client"]],
    ],
    [
      "could not be started", podOf({ phase: "Failed", container: { state: started(213, 3, 4, lastWords({ reason: "start-failed", message: "no such file" })) } }),
      [["Received", 0, "Task received by client"], ["Driver Failure", 4, "no such file"]],
    ],
  ])("that %s tells so, oldest first", (_name, pod, expected) => expect(eventsOf(pod)).toEqual(expected));

  it("tells the exit code and an end by memory in the event's details", () => {
    expect(stateOf(podOf({ container: { state: terminated(137, 9, undefined, "OOMKilled") } })).Events.at(-1)?.Details).toEqual({ exit_code: "137", oom_killed: "true" });
    expect(allocationRecord(podOf(), NOW).task.lastEnd).toBeUndefined();
  });
});

describe("a node as a Nomad node", () => {
  const node = (status: Node["status"] = {}, fields: Partial<Node> = {}): Node => ({ apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "node-uid", resourceVersion: "5", labels: { zone: "a" } }, status, ...fields });
  const asNomad = (each: Node) => nomadNode(each, NAMES, 2000);

  it("has the node's UID, labels as metadata, and the exec driver", () => {
    const capacity = { cpu: "4", memory: "16Gi" };
    expect(asNomad(node({ capacity, conditions: [{ type: "Ready", status: "True" }], nodeInfo: { architecture: "amd64", osImage: "Debian 13", operatingSystem: "linux", kernelVersion: "6.12" } }))).toMatchObject({
      ID: "node-uid", Name: "n1", Datacenter: "fra1", Status: "ready", SchedulingEligibility: "eligible", Meta: { zone: "a" }, HTTPAddr: "", ModifyIndex: 5,
      Drivers: { exec: { Detected: true, Healthy: true } }, Resources: { CPU: 8000, MemoryMB: 16_384 }, NodeResources: { Cpu: { CpuShares: 8000, TotalCpuCores: 4 }, Memory: { MemoryMB: 16_384 } },
      Attributes: { "cpu.arch": "amd64", "cpu.numcores": "4", "os.name": "Debian 13", "kernel.version": "6.12", "unique.hostname": "n1" },
    });
  });

  it.each([
    ["True", "ready"], ["False", "down"], ["Unknown", "down"],
  ])("whose Ready condition is %s is %s", (status, expected) => expect(asNomad(node({ conditions: [{ type: "DiskPressure", status: "True" }, { type: "Ready", status }] })).Status).toBe(expected));

  it("without conditions is down, and cordoned is ineligible", () => {
    expect(asNomad(node()).Status).toBe("down");
    expect(asNomad(node({}, { spec: { unschedulable: true } })).SchedulingEligibility).toBe("ineligible");
  });

  it.each<[string, string, number, number, number]>([
    ["2", "1Gi", 4000, 2, 1024], ["3920m", "24678144Ki", 7840, 3, 24_099], ["0.5", "500M", 1000, 0, 476], ["16", "1.5Gi", 32_000, 16, 1536],
    ["1k", "1Ti", 2_000_000, 1000, 1_048_576], ["x", "1Zi", 0, 0, 0], ["", "", 0, 0, 0],
  ])("of cpu %j and memory %j has %i MHz, %i whole cores and %i MiB", (...[cpu, memory, mhz, cores, mib]) => {
    expect(asNomad(node({ capacity: { cpu, memory } })).NodeResources).toMatchObject({ Cpu: { CpuShares: mhz, TotalCpuCores: cores }, Memory: { MemoryMB: mib } });
  });
});
