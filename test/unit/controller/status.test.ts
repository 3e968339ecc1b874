import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AllocationView } from "../../../src/controller/plan/types.ts";
import { acceptedStatus, refusedStatus, type StatusIntent } from "../../../src/controller/status.ts";
import { acceptedOf, taskOf } from "../mapping/mapping-fixtures.ts";

type State = AllocationView["state"] | "ready";

const view = (state: State, index: number): AllocationView => ({
  name: `g-${index}-1`, uid: `uid-${index}`, index, serial: 1, specHash: "v1", reschedules: 0, createdAt: 0, restarts: 0,
  ...(state === "ready" ? { state: "running" as const, readySince: 1 } : { state }),
});
const statusOf = (count: number, states: readonly State[], progress: Parameters<typeof acceptedStatus>[2] = { updating: false }) =>
  acceptedStatus(acceptedOf(taskOf({ count }, { generation: 7 })), states.map(view), progress);
const conditionOf = (status: StatusIntent, type: string) => {
  const found = status.conditions.find((each) => each.type === type);
  return found === undefined ? "absent" : `${found.status} ${found.reason}`;
};

describe("the status of an accepted task", () => {
  it.each<[number, readonly State[], string, readonly [ready: string, progressing: string]]>([
    [2, ["ready", "ready"], "2/2", ["True AllReady", "False Settled"]],
    [0, [], "0/0", ["True AllReady", "False Settled"]],
    [2, [], "0/2", ["False AllocationsPending", "True Placing"]],
    [2, ["ready", "pending"], "1/2", ["False AllocationsPending", "True Placing"]],
    [2, ["ready", "failed"], "1/2", ["False AllocationsFailed", "True Placing"]],
    [2, ["failed", "pending"], "0/2", ["False AllocationsPending", "True Placing"]],
    [1, ["spent"], "0/1", ["False AllocationsFailed", "True Placing"]],
    [1, ["ready", "failed", "failed"], "1/1", ["True AllReady", "False Settled"]],
  ])("that wants %i and has %j is %s, and has the conditions %j", (count, states, summary, conditions) => {
    const status = statusOf(count, states);
    expect([status.summary, conditionOf(status, "Ready"), conditionOf(status, "Progressing")]).toEqual([summary, ...conditions]);
    expect(conditionOf(status, "Accepted")).toBe("True Accepted");
  });

  it("counts what lives and what failed, and speaks of the generation it saw", () => {
    const status = statusOf(5, ["ready", "pending", "failed", "spent", "stopping", "complete"]);
    expect(status).toMatchObject({ observedGeneration: 7, desired: 5, ready: 1, running: 2, failed: 2, allocations: ["uid-0", "uid-1"] });
    expect(status.selector).toMatch(/^nomad-bridge\.dev\/exec-task=nb-web-[0-9a-f]{8}$/);
  });

  it("names what is left out of the task's root, ten paths at most", () => {
    const findings = (paths: readonly string[]) => acceptedStatus(acceptedOf(taskOf(), undefined, new Set(paths)), [], { updating: false }).findings.filter(({ path }) => path === "chroot");
    expect(findings(["/none"])).toEqual(acceptedOf().findings.filter(({ path }) => path === "chroot"));
    expect(findings(["/lib64", "/usr"])[0]).toEqual({ level: "equivalent", path: "chroot", message: 'left out of the task\'s root, because a node of profile "default" has no such directory or file: /lib64, /usr' });
    expect(findings(acceptedOf().chroot.entries.map(({ host }) => host))[0]?.message).toMatch(/and 1 more$/);
  });

  it.each([[0, "1 of 1 allocations are ready"], [1, "1 of 1 allocations are ready, 1 restart of their tasks"], [7, "1 of 1 allocations are ready, 7 restarts of their tasks"]])("tells of %i restarts in place", (restarts, message) => {
    const gone = { ...view("failed", 0), restarts: 100 };
    const status = acceptedStatus(acceptedOf(taskOf({ count: 1 })), [{ ...view("ready", 0), restarts }, gone], { updating: false });
    expect(status.conditions.find(({ type }) => type === "Ready")?.message).toBe(message);
  });

  it("says that an update is under way, even when all are ready", () => {
    expect(conditionOf(statusOf(1, ["ready"], { updating: true }), "Progressing")).toBe("True RollingUpdate");
  });

  it("shows a write that was refused, in no more words than a condition takes", () => {
    const status = statusOf(1, [], { updating: false, problem: { reason: "Forbidden", message: "ü".repeat(50_000) } });
    expect(conditionOf(status, "Accepted")).toBe("False Forbidden");
    expect(Math.max(...status.conditions.map(({ message }) => message.length))).toBeLessThan(32_768);
  });

  it("lists ten allocations at the most, by index", () => {
    const backwards = Array.from({ length: 30 }, (_, i) => view("pending", 29 - i));
    expect(acceptedStatus(acceptedOf(), backwards, { updating: false }).allocations).toEqual(Array.from({ length: 10 }, (_, i) => `uid-${i}`));
  });

  it("has each condition once, and stays within what the schema takes", () => {
    const states = fc.array(fc.constantFrom<State>("ready", "pending", "spent", "failed", "complete", "stopping"), { maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(1000), states, fc.boolean(), (count, present, updating) => {
        const status = statusOf(count, present, { updating });
        expect(status.conditions.map(({ type }) => type)).toEqual(["Accepted", "Ready", "Progressing"]);
        expect(status.summary).toBe(`${status.ready}/${count}`);
        expect(status.running + status.failed).toBeLessThanOrEqual(present.length);
        expect(status.findings.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe("the status of a refused task", () => {
  it("says why, three times over, and still counts what runs", () => {
    const status = refusedStatus(taskOf({ count: 2 }, { generation: 3 }), { reason: "UserRefused", message: "no root" }, [view("ready", 0)]);
    expect(status).toMatchObject({ observedGeneration: 3, summary: "1/2", running: 1, findings: [] });
    expect(status.conditions[0]).toEqual({ type: "Accepted", status: "False", reason: "UserRefused", message: "no root" });
    expect([conditionOf(status, "Ready"), conditionOf(status, "Progressing")]).toEqual(["False AllocationsPending", "False UserRefused"]);
  });

  it.each<[readonly State[], string]>([
    [[], "nothing is changed while the task is not accepted"],
    [["failed"], "nothing is changed while the task is not accepted"],
    [["ready"], "nothing is changed while the task is not accepted; 1 allocation runs on with the rights of before; delete the pods to end that"],
    [["ready", "pending"], "nothing is changed while the task is not accepted; 2 allocations run on with the rights of before; delete the pods to end that"],
  ])("says of %j what goes on under rights that are no longer given", (states, message) => {
    const status = refusedStatus(taskOf(), { reason: "x", message: "y" }, states.map(view));
    expect(status.conditions.find(({ type }) => type === "Progressing")?.message).toBe(message);
  });

  it("wants one where the spec names no count", () => {
    expect(refusedStatus(taskOf(), { reason: "x", message: "y" }, []).desired).toBe(1);
  });
});
