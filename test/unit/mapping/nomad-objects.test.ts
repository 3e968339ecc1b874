import { describe, expect, it } from "vitest";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { Node, Pod } from "../../../src/api/pod.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { placeOfPod } from "../../../src/mapping/object-names.ts";
import { allocationStub, clientStatus, nomadAllocation } from "../../../src/mapping/nomad-allocation.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import { jobSummary } from "../../../src/mapping/job-summary.ts";
import { indexOf, nomadJob } from "../../../src/mapping/nomad-job.ts";
import { nomadNode } from "../../../src/mapping/nomad-node.ts";
import { type AllocationRecord, allocationRecord, type TaskRecord } from "../../../src/mapping/pod-status.ts";
import { configOf, sha256, taskOf } from "./mapping-fixtures.ts";
import { ANNOUNCE, at, groupPod, lastWords, MAIN, ms, podOf, PROXY, running, terminated } from "./pod-fixtures.ts";

const NAMES = { region: "eu", datacenter: "fra1" };
const NOW = ms(100);
const TASK = taskOf({ count: 3 }, { resourceVersion: "900", creationTimestamp: at(0), generation: 4 });
const jobOf = (task: ExecTask = TASK) => nomadJob(task, NAMES, true)!;
const stubOf = (pod: Pod, nodeId?: string) => allocationStub({ pod, job: jobOf(), record: jobRecord(TASK), sha256, nodeId, now: NOW });
const stateOf = (pod: Pod) => stubOf(pod).TaskStates["web"]!;
const eventsOf = (pod: Pod) => stateOf(pod).Events.map(({ Type, Time, DisplayMessage }) => [Type, (Math.round(Time / 1e6) - ms(0)) / 1000, DisplayMessage]);

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
    expect(jobOf(taskOf({ resources: { cpu: 250, memory: 64 } })).TaskGroups[0]?.Tasks[0]?.Resources).toEqual({ CPU: 250, Cores: 0, MemoryMB: 64, MemoryMaxMB: 0, DiskMB: 300, Networks: [], Devices: [], NUMA: null, SecretsMB: 1, IOPS: 0 });
    expect(jobOf(taskOf({ resources: { cores: 2, memory: 64, memoryMax: 128 } })).TaskGroups[0]?.Tasks[0]?.Resources).toMatchObject({ Cores: 2, MemoryMaxMB: 128 });
  });

  it("has every task of its group, each with all that Nomad's JSON has for it", () => {
    const spec: Partial<ExecTask["spec"]> = {
      driver: "raw_exec", leader: true, shutdownDelay: "2s", artifactSource: "http://x/y", checksum: "md5:00", ephemeralDisk: { size: 500 }, logs: { maxFiles: 3, maxFileSize: 2, disabled: true },
      artifacts: [{ source: "https://x/a.tgz", options: { checksum: "sha256:0" }, headers: { A: "b" }, insecure: true }],
      templates: [{ data: "{{ x }}", destination: "local/x", changeMode: "signal", changeSignal: "SIGHUP", uid: 5, env: true }, { source: "local/t", destination: "local/y" }],
      volumes: [{ name: "data", type: "host", source: "shared", readOnly: true }], volumeMounts: [{ volume: "data", destination: "/data", propagationMode: "host-to-task" }],
      dispatchPayload: { file: "in.json", secretName: "s" },
      tasks: [{ name: "proxy", command: "envoy", lifecycle: { hook: "prestart", sidecar: true }, resources: { cpu: 50 }, restart: { attempts: 9 } }],
    };
    const [group] = jobOf(taskOf(spec, TASK.metadata)).TaskGroups;
    expect(group).toMatchObject({ EphemeralDisk: { SizeMB: 500 }, Volumes: { data: { Name: "data", Type: "host", Source: "shared", ReadOnly: true } } });
    const [main, proxy] = group?.Tasks ?? [];
    expect(main).toMatchObject({
      Name: "web", Driver: "raw_exec", Lifecycle: null, Leader: true, ShutdownDelay: 2e9, Config: { command: "sleep", artifact_source: "http://x/y", checksum: "md5:00" },
      LogConfig: { MaxFiles: 3, MaxFileSizeMB: 2, Disabled: true }, DispatchPayload: { File: "in.json" }, Resources: { DiskMB: 500 },
      VolumeMounts: [{ Volume: "data", Destination: "/data", ReadOnly: false, PropagationMode: "host-to-task" }],
      Artifacts: [{ GetterSource: "https://x/a.tgz", GetterOptions: { checksum: "sha256:0" }, GetterHeaders: { A: "b" }, GetterMode: "any", GetterInsecure: true, RelativeDest: "local/", Chown: false }],
    });
    expect(main?.Templates).toEqual([
      { SourcePath: "", DestPath: "local/x", EmbeddedTmpl: "{{ x }}", ChangeMode: "signal", ChangeSignal: "SIGHUP", Splay: 5e9, Perms: "0644", Uid: 5, Gid: null, LeftDelim: "{{", RightDelim: "}}", Envvars: true, Once: false, ErrMissingKey: false, ChangeScript: null, VaultGrace: 0, Wait: null },
      { SourcePath: "local/t", DestPath: "local/y", EmbeddedTmpl: "", ChangeMode: "restart", ChangeSignal: "", Splay: 5e9, Perms: "0644", Uid: null, Gid: null, LeftDelim: "{{", RightDelim: "}}", Envvars: false, Once: false, ErrMissingKey: false, ChangeScript: null, VaultGrace: 0, Wait: null },
    ]);
    expect(proxy).toMatchObject({ Name: "proxy", Driver: "raw_exec", Lifecycle: { Hook: "prestart", Sidecar: true }, DispatchPayload: null, Config: { command: "envoy", args: [] }, Resources: { CPU: 50 }, RestartPolicy: { Attempts: 9, Mode: "fail", RenderTemplates: false } });
  });

  it("is pending while nothing runs, and nothing at all when the stored spec no longer passes", () => {
    expect(nomadJob(TASK, NAMES, false)).toMatchObject({ Status: "pending", Stable: false });
    expect(nomadJob({ ...TASK, spec: { command: "" } }, NAMES, true)).toBeUndefined();
  });

  it("counts its allocations by what Nomad calls them", () => {
    const up = podOf({ readyAt: 1, container: { state: running(1) } });
    const states = [up, up, podOf(), podOf({ phase: "Failed" }), podOf({ phase: "Failed" }), podOf({ phase: "Succeeded" }), podOf({ metadata: { deletionTimestamp: at(9) } })];
    const summary = (count: number, present = states) => jobSummary({ job: { ...jobOf(), TaskGroups: [{ ...jobOf().TaskGroups[0]!, Count: count }] }, record: jobRecord(TASK), pods: present, now: NOW }).Summary;
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
      CreateIndex: 77, CreateTime: ms(0) * 1e6, ModifyTime: (ms(2) + 999) * 1e6,
    });
    expect(stubOf(podOf())).toMatchObject({ NodeID: "", NodeName: "", JobVersion: 0 });
  });

  it.each([["nb-web-12345678-0-1", 0], ["nb-12345678-12-3", 12], ["nb-a-5-12345678-7-100", 7], ["other", 0]])("named %s has the index %i", (name, index) => expect(placeOfPod(name).index).toBe(index));

  const recordOf = (state: TaskRecord["state"]): TaskRecord => ({ task: "web", container: "web", hook: "", sidecar: false, state, failed: false, restarts: 0, givenUp: false });
  it.each<[AllocationRecord["state"], TaskRecord["state"], string]>([
    ["pending", "pending", "pending"], ["pending", "running", "running"], ["running", "running", "running"], ["stopping", "running", "running"], ["stopping", "dead", "complete"], ["complete", "dead", "complete"], ["failed", "dead", "failed"], ["spent", "running", "failed"],
  ])("that is %s and has a task that is %s has the client status %s", (state, task, status) => {
    expect(clientStatus({ state, tasks: [recordOf("pending"), recordOf(task)] })).toBe(status);
  });

  it.each([["pending", false], ["running", false], ["pending", true]] as const)("whose tasks are all dead, while its pod is still %s, and one failed: %s, is running, as its job is", (state, failed) => {
    expect(clientStatus({ state, tasks: [recordOf("dead"), { ...recordOf("dead"), failed }] })).toBe("running");
  });

  it("is wanted no more while it is being stopped", () => {
    expect(stubOf(podOf({ container: { state: running(1) }, metadata: { deletionTimestamp: at(9) } }))).toMatchObject({ DesiredStatus: "stop", ClientStatus: "running", TaskStates: { web: { State: "running" } } });
  });

  it("has the resources of each of its pod's tasks, and their sum", () => {
    const task = taskOf({ resources: { cpu: 100, memory: 300 }, tasks: [{ name: "proxy", command: "envoy", resources: { cpu: 50, memory: 64 } }] });
    const whole = nomadAllocation({ pod: groupPod({ tasks: [MAIN, PROXY, ANNOUNCE], statuses: {} }), job: jobOf(task), record: jobRecord(task), sha256, nodeId: "n", now: NOW });
    expect(Object.keys(whole.TaskStates)).toEqual(["web", "proxy", "announce"]);
    expect(whole).toMatchObject({ Resources: { CPU: 150, MemoryMB: 364, DiskMB: 300 }, AllocatedResources: { Tasks: { proxy: { Cpu: { CpuShares: 50 }, Memory: { MemoryMB: 64 } } } } });
    expect(Object.keys(whole.TaskResources)).toEqual(["web", "proxy"]);
  });

  it("is whole with its job and resources, each under the task's name", () => {
    const whole = nomadAllocation({ pod: ready, job: jobOf(), record: jobRecord(TASK), sha256, nodeId: "n", now: NOW });
    expect(whole).toMatchObject({ Job: { ID: "web", Version: 3 }, Resources: { CPU: 100 }, TaskResources: { web: { MemoryMB: 300 } }, AllocatedResources: { Tasks: { web: { Cpu: { CpuShares: 100 }, Memory: { MemoryMB: 300, MemoryMaxMB: 0 } } } }, AllocModifyIndex: 77 });
    expect(whole).not.toHaveProperty("JobType");
  });

  it("leaves out, or has null for, what Nomad leaves out or has null for", () => {
    const pod = podOf({ container: { state: running(3) } });
    const whole = nomadAllocation({ pod, job: jobOf(), record: jobRecord(TASK), sha256, nodeId: "n", now: NOW });
    for (const name of ["DesiredDescription", "FollowupEvalID", "NextAllocation", "PreviousAllocation", "DeploymentID", "RescheduleTracker"]) expect(whole).not.toHaveProperty(name);
    expect(whole).toMatchObject({
      Resources: { Networks: null, Devices: null, MemoryMaxMB: 300 }, SharedResources: { CPU: 0, DiskMB: 300, Networks: null },
      AllocatedResources: { Shared: { Networks: null, Ports: null }, TaskLifecycles: { web: null } },
      Metrics: { NodesEvaluated: 1, NodesInPool: 1, NodesFiltered: 0, AllocationTime: 0 },
    });
    expect(stubOf(pod)).toMatchObject({ DesiredDescription: "", FollowupEvalID: "", NextAllocation: "", RescheduleTracker: null, PreemptedByAllocation: "", DesiredTransition: { Migrate: null } });
  });

  it("that failed and was replaced is wanted no more, and names what took its place, which says what it replaces", () => {
    const [group, previous] = [{ [ANNOTATION.group]: "web" }, "the-one-before"];
    const failed = podOf({ phase: "Failed", metadata: { uid: previous, annotations: group } });
    const next = podOf({ metadata: { annotations: { ...group, [ANNOTATION.previousAllocation]: previous, [ANNOTATION.rescheduleTimes]: `${ms(1)},${ms(9)}` } } });
    const source = { job: jobOf(), record: jobRecord(TASK), sha256, nodeId: "n", now: NOW };
    expect(allocationStub({ ...source, pod: failed, next: "pod-uid" })).toMatchObject({ DesiredStatus: "stop", ClientStatus: "failed", NextAllocation: "pod-uid" });
    expect(nomadAllocation({ ...source, pod: next })).toMatchObject({
      PreviousAllocation: previous, RescheduleTracker: { LastReschedule: "ok", Events: [{ PrevAllocID: "" }, { PrevAllocID: previous, PrevNodeID: "n", RescheduleTime: ms(9) * 1_000_000 }] },
    });
  });
});

const DOWNLOADS = JSON.stringify({
  version: 1, reason: "attempts-spent", exitCode: 1, message: "no", attempt: 1, restarts: 1,
  failures: [{ startedMs: ms(3), finishedMs: ms(5), message: "no", restartInMs: 1000 }, { startedMs: ms(6), finishedMs: ms(9), message: "no" }],
});

describe("the state of an allocation's task", () => {
  const started = (exitCode: number, from: number, to: number, message?: string) => ({ terminated: { ...terminated(exitCode, to, message).terminated, startedAt: at(from) } });

  it.each<[string, Pod, object]>([
    ["waits", podOf(), { State: "pending", Failed: false, Restarts: 0, StartedAt: null, FinishedAt: null, LastRestart: null, Paused: "" }],
    ["runs", podOf({ readyAt: 1, container: { state: running(1) } }), { State: "running", Failed: false, StartedAt: new Date(ms(1)).toISOString() }],
    ["runs again", podOf({ readyAt: 30, container: { restartCount: 2, state: running(30), lastState: started(1, 1, 20) } }), { State: "running", Restarts: 2, LastRestart: new Date(ms(30)).toISOString(), FinishedAt: null }],
    [
      "was given up, and whose launcher only holds its place", podOf({ container: { restartCount: 1, state: running(30), lastState: started(213, 1, 20, lastWords({ reason: "attempts-spent", exitCode: 7, attempt: 0 })) } }),
      { State: "dead", Failed: true, Restarts: 0, LastRestart: null, StartedAt: new Date(ms(1)).toISOString(), FinishedAt: new Date(ms(20)).toISOString() },
    ],
    [
      "was given up, and whose container did not come up again", podOf({ phase: "Failed", container: { restartCount: 2, state: terminated(137, 0, "gone", "ContainerStatusUnknown"), lastState: started(213, 1, 20, lastWords({ reason: "attempts-spent", exitCode: 7 })) } }),
      { State: "dead", Failed: true, Restarts: 2 },
    ],
    ["could not be started", podOf({ phase: "Failed", container: { state: started(213, 3, 4, lastWords({ reason: "start-failed", message: "no" })) } }), { State: "dead", StartedAt: null, FinishedAt: new Date(ms(4)).toISOString() }],
    ["waits out its delay", podOf({ container: { state: started(1, 1, 20, lastWords({ restartInMs: 15_000 })) } }), { State: "pending", StartedAt: new Date(ms(1)).toISOString(), FinishedAt: null }],
    ["failed", podOf({ phase: "Failed", container: { state: started(3, 1, 20) } }), { State: "dead", Failed: true, StartedAt: new Date(ms(1)).toISOString(), FinishedAt: new Date(ms(20)).toISOString() }],
    ["completed", podOf({ phase: "Succeeded", container: { state: started(0, 1, 20) } }), { State: "dead", Failed: false }],
    [
      "never got its artifacts",
      groupPod({ tasks: [MAIN], statuses: { "nb-fetch-0": { state: started(213, 6, 9, DOWNLOADS) }, web: { state: { waiting: { reason: "PodInitializing" } } } }, phase: "Failed" }),
      { State: "dead", Failed: true, Restarts: 1, LastRestart: new Date(ms(5)).toISOString(), StartedAt: null, FinishedAt: new Date(ms(9)).toISOString() },
    ],
  ])("that %s", (_name, pod, expected) => expect(stateOf(pod)).toMatchObject(expected));

  it.each<[string, Pod, readonly unknown[]]>([
    ["was only received", podOf(), [["Received", 0, "Task received by client"]]],
    ["runs", podOf({ container: { state: running(3) } }), [["Received", 0, "Task received by client"], ["Task Setup", 0, "Building Task Directory"], ["Started", 3, "Task started by client"]]],
    [
      "restarts after a delay", podOf({ container: { restartCount: 1, state: running(21), lastState: started(4, 3, 20, lastWords({ exitCode: 4, restartInMs: 15_000 })) } }),
      [["Received", 0, "Task received by client"], ["Task Setup", 0, "Building Task Directory"], ["Started", 3, "Task started by client"], ["Terminated", 20, "Exit Code: 4"], ["Restarting", 20, "Task restarting in 15s"], ["Started", 35, "Task started by client"]],
    ],
    [
      "could not be started", podOf({ phase: "Failed", container: { state: started(213, 3, 4, lastWords({ reason: "start-failed", message: "no such file" })) } }),
      [["Received", 0, "Task received by client"], ["Task Setup", 0, "Building Task Directory"], ["Driver Failure", 4, "no such file"], ["Not Restarting", 4, "Error was unrecoverable"]],
    ],
  ])("that %s tells so, oldest first", (_name, pod, expected) => expect(eventsOf(pod)).toEqual(expected));

  it("tells the exit code and an end by memory in the event's details", () => {
    expect(stateOf(podOf({ container: { state: terminated(137, 9, undefined, "OOMKilled") } })).Events.at(-1)?.Details).toEqual({ exit_code: "137", oom_killed: "true", signal: "9" });
    expect(allocationRecord(podOf(), NOW).tasks[0]?.lastEnd).toBeUndefined();
  });
});

describe("a node as a Nomad node", () => {
  const node = (status: Node["status"] = {}, fields: Partial<Node> = {}): Node => ({ apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "node-uid", resourceVersion: "5", labels: { zone: "a" } }, status, ...fields });
  const asNomad = (each: Node) => nomadNode({ node: each, config: { ...NAMES, profiles: configOf({ mhzPerCore: 2000 }).profiles } });

  it("has the node's UID, labels as metadata, and the exec driver", () => {
    const capacity = { cpu: "4", memory: "16Gi" };
    expect(asNomad(node({ capacity, conditions: [{ type: "Ready", status: "True" }], nodeInfo: { architecture: "amd64", osImage: "Debian 13", operatingSystem: "linux", kernelVersion: "6.12" } }))).toMatchObject({
      ID: "node-uid", Name: "n1", Datacenter: "fra1", Status: "ready", SchedulingEligibility: "eligible", Meta: { zone: "a" }, HTTPAddr: "", ModifyIndex: 5,
      Drivers: { exec: { Detected: true, Healthy: true } }, Resources: { CPU: 8000, MemoryMB: 16_384 }, NodeResources: { Cpu: { CpuShares: 8000, TotalCpuCores: 4 }, Memory: { MemoryMB: 16_384 } },
      Attributes: { "cpu.arch": "amd64", "cpu.numcores": "4", "os.name": "debian", "os.version": "13", "cpu.totalcompute": "8000", "kernel.version": "6.12", "unique.hostname": "n1" },
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
