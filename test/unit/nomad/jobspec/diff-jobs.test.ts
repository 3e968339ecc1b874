/** @module What is between two jobs, in the form of Nomad's plan. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { diffJobs } from "../../../../src/nomad/jobspec/diff/diff-jobs.ts";
import type { FieldDiff, JobDiff, ObjectDiff, TaskDiff, TaskGroupDiff } from "../../../../src/nomad/jobspec/diff/diff-types.ts";
import { arbitraryStruct } from "./arbitrary-job.ts";

type Json = Readonly<Record<string, unknown>>;

const specOf = (json: Json) => {
  const decoded = decodeJob(json);
  if (!decoded.ok) throw new Error(decoded.error);
  return canonicalise(decoded.value).spec;
};

const job = (task: Json = {}, group: Json = {}, rest: Json = {}) =>
  specOf({ ID: "j", ...rest, TaskGroups: [{ Name: "g", ...group, Tasks: [{ Name: "t", Driver: "exec", Config: { command: "a", args: ["x", "y"] }, ...task }] }] });

const edited = (Name: string, Old: string, New: string, Annotations: readonly string[] | null = null): FieldDiff => ({ Type: Old === "" ? "Added" : New === "" ? "Deleted" : "Edited", Name, Old, New, Annotations });

const kept = (Name: string, value: string): FieldDiff => ({ Type: "None", Name, Old: value, New: value, Annotations: null });

const groupOf = (diff: JobDiff): TaskGroupDiff | undefined => diff.TaskGroups?.[0];
const taskOf = (diff: JobDiff): TaskDiff | undefined => groupOf(diff)?.Tasks?.[0];

describe("diffJobs", () => {
  it("shows groups and tasks of a job that did not change, and no field", () => {
    expect(diffJobs(job(), job())).toEqual({
      Type: "None",
      ID: "j",
      Fields: null,
      Objects: null,
      TaskGroups: [{ Type: "None", Name: "g", Fields: null, Objects: null, Updates: null, Tasks: [{ Type: "None", Name: "t", Fields: null, Objects: null, Annotations: null }] }],
    });
  });

  it("sees no change where only the order is another in which a map was written", () => {
    const artifacts = (GetterOptions: Json) => job({ Artifacts: [{ GetterSource: "https://example.org/a", GetterOptions }] });
    expect(diffJobs(artifacts({ archive: "false", region: "eu" }), artifacts({ region: "eu", archive: "false" })).Type).toBe("None");
  });

  it.each([
    ["a new job", undefined, job(), "Added", "forces create"],
    ["a job that goes", job(), undefined, "Deleted", "forces destroy"],
  ] as const)("shows %s whole", (_, old, next, ...[type, annotation]) => {
    const diff = diffJobs(old, next);
    expect([diff.Type, groupOf(diff)?.Type, taskOf(diff)?.Type]).toEqual([type, type, type]);
    expect(taskOf(diff)?.Annotations).toEqual([annotation]);
    expect(groupOf(diff)?.Fields?.find(({ Name }) => Name === "Count")?.Annotations).toEqual([annotation]);
    expect(taskOf(diff)?.Objects?.map(({ Name }) => Name)).toEqual(["Config", "Resources", "LogConfig", "Identity"]);
    expect(diff.Fields).toContainEqual(type === "Added" ? edited("Priority", "", "50") : edited("Priority", "50", ""));
  });

  it("shows what became of each field of a task", () => {
    const diff = diffJobs(job({ Env: { A: "1", B: "2" } }), job({ Env: { A: "3", C: "4" }, User: "root", Config: { command: "a", args: ["x", "z", "w"] } }));
    expect([diff.Type, groupOf(diff)?.Type]).toEqual(["Edited", "Edited"]);
    expect(taskOf(diff)).toEqual({
      Type: "Edited",
      Name: "t",
      Annotations: ["forces create/destroy update"],
      Fields: [edited("Env[A]", "1", "3"), edited("Env[B]", "2", ""), edited("Env[C]", "", "4"), edited("User", "", "root")],
      Objects: [{ Type: "Edited", Name: "Config", Objects: null, Fields: [kept("args[0]", "x"), edited("args[1]", "y", "z"), edited("args[2]", "", "w"), kept("command", "a")] }],
    });
  });

  it.each([
    [{ KillTimeout: 9 }, "forces in-place update"],
    [{ Services: [{ Name: "s" }] }, "forces in-place update"],
    [{ Constraints: [{ Operand: "is_set", LTarget: "a" }] }, "forces in-place update"],
    [{ KillTimeout: 9, User: "u" }, "forces create/destroy update"],
    [{ Resources: { CPU: 200 } }, "forces create/destroy update"],
  ])("says what a change to %j does to allocations", (task, annotation) => {
    expect(taskOf(diffJobs(job(), job(task)))?.Annotations).toEqual([annotation]);
  });

  it("says what a count does", () => {
    const scaled = (from: number, to: number) => groupOf(diffJobs(job({}, { Count: from }), job({}, { Count: to })))?.Fields;
    expect(scaled(1, 3)).toEqual([edited("Count", "1", "3", ["forces create"])]);
    expect(scaled(3, 1)).toEqual([edited("Count", "3", "1", ["forces destroy"])]);
    expect(scaled(0, 1)).toEqual([edited("Count", "0", "1", ["forces create"])]);
  });

  it("knows services and ports by their names, and constraints by what they say", () => {
    const before = { Services: [{ Name: "a", PortLabel: "80", Tags: ["x", "y"] }], Constraints: [{ LTarget: "a", RTarget: "1", Operand: "=" }], Networks: [] };
    const after = { Services: [{ Name: "a", PortLabel: "81", Tags: ["y", "z"] }], Constraints: [{ LTarget: "a", RTarget: "2", Operand: "=" }], Networks: [{ ReservedPorts: [{ Label: "p", Value: 80 }] }] };
    const objects = groupOf(diffJobs(job({}, before), job({}, after)))?.Objects ?? [];
    expect(objects.map(({ Type, Name }) => `${Type} ${Name}`)).toEqual(["Added Constraint", "Deleted Constraint", "Added Network", "Edited Service"]);
    expect(objects[3]?.Fields?.filter(({ Type }) => Type !== "None")).toEqual([edited("PortLabel", "80", "81")]);
    expect(objects[3]?.Objects).toEqual([{ Type: "Edited", Name: "Tags", Objects: null, Fields: [edited("Tags", "", "z"), edited("Tags", "x", ""), kept("Tags", "y")] }]);
    expect(objects[2]?.Objects?.[0]).toMatchObject({ Name: "Static Port", Type: "Added" });
  });

  it("shows tasks that come and go in a group that stays", () => {
    const diff = diffJobs(job(), specOf({ ID: "j", TaskGroups: [{ Name: "g", Tasks: [{ Name: "u", Driver: "exec" }] }] }));
    expect(groupOf(diff)?.Tasks?.map(({ Name, Type, Annotations }) => [Name, Type, Annotations])).toEqual([
      ["t", "Deleted", ["forces create/destroy update"]],
      ["u", "Added", ["forces create/destroy update"]],
    ]);
  });

  it("shows groups by name whatever their order, and the job's own fields and lists", () => {
    const groups = ["a", "b"].map((Name) => ({ Name, Tasks: [{ Name: "t" }] }));
    const diff = diffJobs(specOf({ ID: "j", TaskGroups: groups, Datacenters: ["x"], Meta: { k: "1" } }), specOf({ ID: "j", TaskGroups: groups.toReversed(), Datacenters: ["y"], Priority: 60 }));
    expect(diff.TaskGroups?.map(({ Name, Type }) => [Name, Type])).toEqual([["a", "None"], ["b", "None"]]);
    expect(diff.Fields).toEqual([edited("Meta[k]", "1", ""), edited("Priority", "50", "60")]);
    expect(diff.Objects?.map(({ Name }) => Name)).toEqual(["Datacenters"]);
  });

  it("shows no payload", () => {
    const diff = diffJobs(job(), job({}, {}, { Payload: "c2VjcmV0" }));
    expect(diff.Type).toBe("None");
  });

  it("is none between a job and itself, and mirrors where the two change sides", () => {
    fc.assert(
      fc.property(arbitraryStruct("Job", 4), arbitraryStruct("Job", 4), (left, right) => {
        const [old, next] = [specOf(left), specOf(right)];
        expect(diffJobs(old, old).Type).toBe("None");
        expect(changes(diffJobs(next, old))).toEqual(changes(diffJobs(old, next)).map(mirrored).sort());
      }),
      { numRuns: 100 },
    );
  });
});

/** Each field of a diff as one line: where, before, after. */
function changes(diff: JobDiff): readonly string[] {
  const ofObject = (path: string, { Fields, Objects }: Pick<ObjectDiff, "Fields" | "Objects">): readonly string[] => [
    ...(Fields ?? []).map(({ Name, Old, New }) => JSON.stringify([`${path}/${Name}`, Old, New])),
    ...(Objects ?? []).flatMap((object) => ofObject(`${path}/${object.Name}`, object)),
  ];
  const groups = (diff.TaskGroups ?? []).flatMap((group) => [...ofObject(group.Name, group), ...(group.Tasks ?? []).flatMap((task) => ofObject(`${group.Name}/${task.Name}`, task))]);
  return [...ofObject("", diff), ...groups].sort();
}

function mirrored(line: string): string {
  const [path, old, next] = JSON.parse(line) as [string, string, string];
  return JSON.stringify([path, next, old]);
}
