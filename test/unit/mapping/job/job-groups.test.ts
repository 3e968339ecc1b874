import { describe, expect, it } from "vitest";
import { jobGroups, refusalOf } from "../../../../src/mapping/job/job-groups.ts";
import { podForTask } from "../../../../src/mapping/pod-for-task.ts";
import { configOf } from "../mapping-fixtures.ts";
import { acceptedGroups, jobOf, type LooseGroup, type LooseTask, objectOf, refusedText } from "./job-fixtures.ts";

const IMAGE = { launcher: "registry.example/launcher:1", fetch: "registry.example/fetch:1" };
const mappedOf = (job = jobOf()) => jobGroups(objectOf(job), job, configOf());
const taskJob = (task: LooseTask) => jobOf({ TaskGroups: [{ Tasks: [task] }] });
const groupJob = (group: LooseGroup) => jobOf({ TaskGroups: [group] });

function specOf(job = jobOf()) {
  const [group] = mappedOf(job).groups;
  if (group?.group.ok !== true) throw new Error(group?.group.ok === false ? group.group.error.message : "no group");
  return group.group.value.spec;
}

describe("a job of one exec task", () => {
  it("has its group, whose owner is the object", () => {
    const { groups } = mappedOf(jobOf({ ID: "shop/web", Name: "Shop", ParentID: "shop", TaskGroups: [{ Name: "front", Count: 3, Tasks: [{ Name: "server" }] }] }));
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({
      name: "front",
      count: 3,
      group: {
        ok: true,
        value: {
          owner: { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", name: "web-1234", uid: "job-uid" },
          namespace: "team", jobId: "shop/web", jobName: "Shop", jobType: "service", parentId: "shop", group: "front", task: "server", jobVersion: 2,
        },
      },
    });
  });

  it.each<[string, LooseTask, object]>([
    ["config", { Config: { command: "/bin/sh", args: ["-c", 5, true], work_dir: "/tmp", cap_add: ["net_raw"], cap_drop: ["all"], pid_mode: "host", ipc_mode: "private" } },
      { command: "/bin/sh", args: ["-c", "5", "true"], workDir: "/tmp", capAdd: ["net_raw"], capDrop: ["all"], pidMode: "host", ipcMode: "private" }],
    ["raw_exec", { Driver: "raw_exec", Config: { command: "/bin/date" } }, { driver: "raw_exec", command: "/bin/date" }],
    ["env and user", { Env: { A: "${NOMAD_TASK_NAME}" }, User: "app" }, { env: { A: "${NOMAD_TASK_NAME}" }, user: "app" }],
    ["cores", { Resources: { CPU: 0, Cores: 2, MemoryMB: 64, MemoryMaxMB: 128, SecretsMB: 4 } }, { resources: { cores: 2, memory: 64, memoryMax: 128, secrets: 4 } }],
    ["cpu", { Resources: { CPU: 250 } }, { resources: { cpu: 250, memory: 300 } }],
    ["restart", { RestartPolicy: { Attempts: 0, Interval: 60e9, Delay: 1.5e9, Mode: "delay", RenderTemplates: true } }, { restart: { attempts: 0, interval: "1m0s", delay: "1.5s", mode: "delay", renderTemplates: true } }],
    ["the end", { KillSignal: "sigterm", KillTimeout: 20e9, ShutdownDelay: 1500, Leader: true }, { killSignal: "SIGTERM", killTimeout: "20s", shutdownDelay: "1.5us", leader: true }],
    ["logs", { LogConfig: { MaxFiles: 2, MaxFileSizeMB: 3, Disabled: true } }, { logs: { maxFiles: 2, maxFileSize: 3, disabled: true } }],
    ["an artifact", { Artifacts: [{ GetterSource: "https://a.example/x.tgz", GetterOptions: { checksum: "md5:0" }, GetterMode: "dir", RelativeDest: "local/x", Chown: true }] },
      { artifacts: [{ source: "https://a.example/x.tgz", options: { checksum: "md5:0" }, mode: "dir", destination: "local/x", headers: {}, insecure: false, chown: true }] }],
    ["a template", { Templates: [{ EmbeddedTmpl: "{{ 1 }}", DestPath: "local/a", ChangeMode: "signal", ChangeSignal: "SIGHUP", Uid: 0, Gid: 7, Envvars: true, Splay: 0 }] },
      { templates: [{ data: "{{ 1 }}", destination: "local/a", changeMode: "signal", changeSignal: "SIGHUP", uid: 0, gid: 7, env: true, splay: "0s" }] }],
  ])("says %s in an ExecTask's words", (_what, task, spec) => expect(specOf(taskJob(task))).toMatchObject(spec));

  it("merges meta, the task's first, and the delays before the kill signal", () => {
    const job = jobOf({ Meta: { a: "job", b: "job", c: "job" }, TaskGroups: [{ Meta: { b: "group", c: "group" }, ShutdownDelay: 2e9, Tasks: [{ Meta: { c: "task" }, ShutdownDelay: 1e9 }] }] });
    expect(specOf(job)).toMatchObject({ meta: { a: "job", b: "group", c: "task" }, shutdownDelay: "3s" });
  });

  it("gives a dispatched job's task its payload, and every optional key", () => {
    const job = jobOf({ Type: "batch", Dispatched: true, ParameterizedJob: { Payload: "optional", MetaRequired: [], MetaOptional: ["x", "y"] }, Meta: { x: "1" }, TaskGroups: [{ Tasks: [{ DispatchPayload: { File: "in.json" } }] }] });
    const [group] = jobGroups(objectOf(job, { payloadSecret: "web-payload" }), job, configOf()).groups;
    expect(group?.group).toMatchObject({ ok: true, value: { spec: { meta: { x: "1", y: "" }, dispatchPayload: { file: "in.json", secretName: "web-payload" } } } });
    expect(specOf(job)).not.toHaveProperty("dispatchPayload");
  });
});

describe("a group of several tasks", () => {
  const group: LooseGroup = {
    Tasks: [
      { Name: "init", Lifecycle: { Hook: "prestart", Sidecar: false } },
      { Name: "web", Config: { command: "web" } },
      { Name: "log", Lifecycle: { Hook: "poststart", Sidecar: true } },
    ],
  };

  it("begins with its first main task, and keeps the others' order", () => {
    const mapped = mappedOf(groupJob(group)).groups[0]?.group;
    expect(mapped).toMatchObject({ ok: true, value: { task: "web", spec: { command: "web", tasks: [{ name: "init", lifecycle: { hook: "prestart" } }, { name: "log", lifecycle: { sidecar: true } }] } } });
  });

  it("says which of the job's tasks a value is wrong in, whatever their order", () => {
    expect(refusedText(groupJob({ Tasks: [{ ...group.Tasks?.[0], Resources: { MemoryMB: 1 } }, { Name: "web" }] }))).toMatch(/^TaskGroups\[0\]: Tasks\[0\]\.resources\.memory: /);
    expect(refusedText(groupJob({ Tasks: [{ ...group.Tasks?.[0] }, { Name: "web", Resources: { MemoryMB: 1 } }] }))).toMatch(/^TaskGroups\[0\]: Tasks\[1\]\.resources\.memory: /);
  });
});

describe("a batch job", () => {
  it("has pods that end, and main tasks that are not started again after a success", () => {
    const [accepted] = acceptedGroups(jobOf({ Type: "batch" }));
    const pod = accepted && podForTask(accepted, { index: 0, serial: 1, reschedules: 0 }, IMAGE);
    expect(pod).toMatchObject({ ok: true, value: { spec: { restartPolicy: "OnFailure" } } });
    expect(JSON.stringify(pod)).toContain('\\"restartOnSuccess\\":false');
  });
});

describe("a job that cannot be mapped", () => {
  it.each<[string, ReturnType<typeof jobOf>, string | RegExp]>([
    ["a driver", taskJob({ Driver: "java" }), 'TaskGroups[0].Tasks[0].Driver: missing drivers: no node here has the driver "java"; use exec, or docker or raw_exec where a profile allows it'],
    ["a key of the driver", taskJob({ Config: { command: "x", volumes: [] } }), /^TaskGroups\[0\]\.Tasks\[0\]\.Config\.volumes: failed to parse config: Invalid label; No argument or block type is named "volumes"/],
    ["no command", taskJob({ Config: {} }), /^TaskGroups\[0\]\.Tasks\[0\]\.Config\.command: .*The argument "command" is required/],
    ["args that are no list", taskJob({ Config: { command: "x", args: "y" } }), /^TaskGroups\[0\]\.Tasks\[0\]\.Config\.args: .*list of string required/],
    ["a signal", taskJob({ KillSignal: "SIGFOO" }), /^TaskGroups\[0\]\.Tasks\[0\]\.KillSignal: invalid signal "SIGFOO"/],
    ["no main task", groupJob({ Tasks: [{ Lifecycle: { Hook: "prestart", Sidecar: false } }] }), "TaskGroups[0].Tasks: Task group web must have at least one main task"],
    ["no task", groupJob({ Tasks: [] }), "TaskGroups[0].Tasks: Task group web must have at least one main task"],
    ["two drivers", groupJob({ Tasks: [{ Name: "a" }, { Name: "b", Driver: "raw_exec" }] }), /^TaskGroups\[0\]\.Tasks: the tasks of a group share one pod, which has one driver/],
    ["a group twice", jobOf({ TaskGroups: [{}, {}] }), 'TaskGroups[1].Name: there are two groups named "web"; give each a name of its own'],
    ["a volume per allocation", groupJob({ Volumes: { data: { Type: "csi", Source: "data", PerAlloc: true } } }), /^TaskGroups\[0\]\.Volumes\.data\.PerAlloc: /],
    ["too many allocations", groupJob({ Count: 1001 }), /^TaskGroups\[0\]\.Count: 1001 allocations/],
  ])("is refused with the path: %s", (_what, job, text) => expect(refusedText(job)).toEqual(typeof text === "string" ? text : expect.stringMatching(text)));

  it("is refused as a whole", () => {
    const mapped = mappedOf(jobOf({ TaskGroups: [{ Name: "good" }, { Name: "bad", Tasks: [{ Driver: "qemu" }] }] }));
    expect(mapped.groups.map(({ name, group }) => [name, group.ok])).toEqual([["good", false], ["bad", false]]);
    expect(refusalOf(mapped)?.reason).toBe("MissingDrivers");
  });
});

describe("a job that is too large", () => {
  const manyGroups = (count: number) => jobOf({ TaskGroups: Array.from({ length: count }, (_none, i) => ({ Name: `g${i}` })) });
  const periodic = (crons: number) => jobOf({ Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Specs: Array.from({ length: crons }, () => "0 0 31 2 *") } });

  it.each([
    ["groups", manyGroups(251), "TaskGroups: 251 groups are more than the 250 that one job may have; write several jobs"],
    ["times to be launched at", periodic(101), "Periodic.Specs: 101 expressions are more than the 100 that one job may have; write several jobs"],
  ])("by its %s is refused whole, before any of it is mapped", (_what, job, message) => {
    const mapped = mappedOf(job);
    expect(refusalOf(mapped)).toEqual({ reason: "JobRefused", message });
    expect(mapped.groups.map(({ name }) => name)).toEqual(job.TaskGroups.map(({ Name }) => Name));
    expect(mapped.groups.every(({ group }) => !group.ok)).toBe(true);
  });

  it("is mapped up to the bounds", () => {
    expect(refusalOf(mappedOf(manyGroups(250)))).toBeUndefined();
    expect(refusalOf(mappedOf(periodic(100)))).toBeUndefined();
  });

  it("knows the names of its other groups only where it keeps apart from them", () => {
    const groups = [{ Name: "a" }, { Name: "b" }];
    const siblings = (job: ReturnType<typeof jobOf>) => acceptedGroups(job).map((group) => group.siblings.length);
    expect(siblings(jobOf({ TaskGroups: groups }))).toEqual([1, 1]);
    expect(siblings(jobOf({ TaskGroups: groups, Constraints: [{ LTarget: "", RTarget: "", Operand: "distinct_hosts" }] }))).toEqual([2, 2]);
  });
});
