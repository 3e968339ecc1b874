import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { services } from "../../../../src/mapping/job/service-objects.ts";
import { jobGroups, refusalOf } from "../../../../src/mapping/job/job-groups.ts";
import { acceptGroup, podForTask } from "../../../../src/mapping/pod-for-task.ts";
import { configOf, sha256 } from "../mapping-fixtures.ts";
import { acceptedGroups, jobOf, type LooseJob, type LooseTask, objectOf } from "./job-fixtures.ts";

const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;
const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PLACE = { index: 0, serial: 1, reschedules: 0 };
const config = configOf({ allowHostNetwork: true, allowDocker: true, allowRawExec: true, allowRoot: true });

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("web", "a/b", "${NOMAD_JOB_NAME}", "Ünïcode", "-", "http", "../x", "alloc"));
const task = fc.record<LooseTask>(
  {
    Name: text,
    Driver: fc.constantFrom("exec", "exec", "docker", "raw_exec", "java"),
    User: text,
    Config: fc.dictionary(fc.constantFrom("command", "args", "image", "volumes", "pid_mode", "x"), fc.oneof(text, fc.array(text, { maxLength: 2 }), fc.integer(), fc.constant(null)), { maxKeys: 4 }),
    Env: fc.dictionary(text, text, { maxKeys: 2 }),
    KillSignal: fc.constantFrom("", "SIGTERM", "SIGFOO"),
    Lifecycle: fc.constantFrom(null, null, { Hook: "prestart", Sidecar: true }),
  },
  { requiredKeys: ["Name"] },
);
const group = fc.record({
  Name: text,
  Tasks: fc.array(task, { maxLength: 3 }),
  Networks: fc.array(fc.record({ Mode: fc.constantFrom("bridge", "host", "none", "cni/x"), Hostname: text, DynamicPorts: fc.array(fc.record({ Label: text, To: fc.integer({ min: -2, max: 70_000 }) }), { maxLength: 3 }) }), { maxLength: 1 }),
  Services: fc.array(fc.record({ Name: text, PortLabel: fc.constantFrom("", "http", "8080", "nope"), Checks: fc.array(fc.record({ Type: fc.constantFrom("http", "tcp", "script") }), { maxLength: 2 }) }), { maxLength: 2 }),
  Constraints: fc.array(fc.record({ LTarget: text, Operand: fc.constantFrom("=", "regexp", "version", "distinct_hosts", "x"), RTarget: text }), { maxLength: 2 }),
});
const job = fc.record({ ID: text, Type: fc.constantFrom("service" as const, "batch" as const, "system" as const), TaskGroups: fc.array(group, { minLength: 1, maxLength: 2 }) });

describe("any job", () => {
  it("is refused as a whole, or has pods and Services that Kubernetes can take, the same each time", () => {
    fc.assert(
      fc.property(job, (loose) => {
        const spec = jobOf(loose);
        const mapped = jobGroups(objectOf(spec), spec, config);
        expect(JSON.stringify(jobGroups(objectOf(spec), spec, config))).toBe(JSON.stringify(mapped));
        const refusal = refusalOf(mapped);
        expect(mapped.groups.filter(({ group: each }) => each.ok)).toHaveLength(refusal === undefined ? spec.TaskGroups.length : 0);
        if (refusal !== undefined) expect(refusal.message).toMatch(/^[A-Z][\w[\]. -]*(: |$)/);
        for (const { group: source } of mapped.groups) {
          const accepted = source.ok ? acceptGroup(source.value, config, sha256) : source;
          if (!accepted.ok) continue;
          const pod = podForTask(accepted.value, PLACE, { launcher: "l", fetch: "f" });
          if (!pod.ok) continue;
          const made = [pod.value, ...services([accepted.value], sha256)];
          expect(made.every(({ metadata }) => NAME.test(metadata.name) && Object.values(metadata.labels ?? {}).every((value) => LABEL_VALUE.test(value)))).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("the spec hash of a job's group", () => {
  const hashOf = (loose: LooseJob) => acceptedGroups(jobOf(loose), config)[0]?.specHash;

  it.each<[string, LooseJob]>([
    ["count", { TaskGroups: [{ Count: 5 }] }], ["priority", { Priority: 60 }], ["another group", { TaskGroups: [{}, { Name: "b" }] }],
    ["a service without a check", { TaskGroups: [{ Services: [{ Name: "web" }] }] }], ["its place among the groups", { TaskGroups: [{}] }],
  ])("does not change with %s", (_what, loose) => expect(hashOf(loose)).toBe(hashOf({})));

  it.each<[string, LooseJob]>([
    ["a port", { TaskGroups: [{ Networks: [{ Mode: "bridge", DynamicPorts: [{ Label: "a" }] }] }] }], ["a constraint", { Constraints: [{ LTarget: "${meta.a}", Operand: "is_set", RTarget: "" }] }],
    ["meta of the job", { Meta: { a: "b" } }], ["an image", { TaskGroups: [{ Tasks: [{ Driver: "docker", Config: { image: "a", command: "sleep" } }] }] }], ["the type", { Type: "batch" }],
    ["a check", { TaskGroups: [{ Services: [{ Name: "web", PortLabel: "8080", Checks: [{ Type: "tcp" }] }] }] }],
  ])("changes with %s", (_what, loose) => expect(hashOf(loose)).not.toBe(hashOf({})));
});
