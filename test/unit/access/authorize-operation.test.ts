import { describe, expect, expectTypeOf, it } from "vitest";
import type { Grant } from "../../../src/access/authorize-exec.ts";
import { type AllocationFacts, isGenuine } from "../../../src/access/authorize-exec.ts";
import { authorizeOperation, isGenuineOperation, mayOperate, OPERATION_RIGHTS, type OperationGrant, type OperationRequest } from "../../../src/access/authorize-operation.ts";
import { createAuthenticator } from "../../../src/access/authenticate.ts";
import { execGate } from "../../../src/access/exec-gate.ts";
import { operationGate } from "../../../src/access/operation-gate.ts";
import type { PodExec, PodExecTarget } from "../../../src/api/pod-exec.ts";
import { encodeFrame, type Operation } from "../../../src/contract/frames.ts";
import { ok } from "../../../src/lib/result.ts";
import { identityWith, NOW, secretOf, storeOf, tokenOf } from "./access-fixtures.ts";

const ALLOC = "11111111-2222-3333-4444-555555555555";
const facts: AllocationFacts = {
  allocId: ALLOC, namespace: "team", podName: "nb-web-0", clientStatus: "running", nodeLevel: true, remoteExecDisabled: true,
  tasks: new Map([["web", { container: "web-1", state: "running" }], ["done", { container: "done-1", state: "dead" }]]),
};
const OPERATIONS: readonly Operation[] = [
  { operation: "fs-list", path: "/", tasks: ["web"] },
  { operation: "fs-stat", path: "a" },
  { operation: "fs-read", path: "a", offset: 0, limit: 0 },
  { operation: "fs-stream", path: "a", offset: 0, origin: "start", follow: true },
  { operation: "logs", task: "web", stream: "stdout", offset: 0, origin: "start", follow: false },
  { operation: "stats" }, { operation: "restart" }, { operation: "skip-shutdown-delay" }, { operation: "signal", signal: "SIGHUP" },
];
const STAT: Operation = { operation: "fs-stat", path: "a" };
const request = (fields: Partial<OperationRequest> = {}): OperationRequest => ({ allocId: ALLOC, allocation: facts, operation: STAT, task: "web", sessionId: "s-1", ...fields });
const having = (...capabilities: readonly string[]) => `namespace "team" { capabilities = ${JSON.stringify(capabilities)} }`;

function granted(fields: Partial<OperationRequest> = {}): OperationGrant {
  const grant = authorizeOperation(identityWith("management"), request(fields), NOW);
  if (!grant.ok) throw new Error(grant.error.message);
  return grant.value;
}

describe("authorizeOperation", () => {
  it.each(OPERATIONS)("grants $operation for each right that is enough, and for no other", (operation) => {
    const enough = OPERATION_RIGHTS[operation.operation];
    for (const capability of ["read-fs", "read-logs", "read-job", "alloc-lifecycle", "alloc-exec", "list-jobs", "submit-job", "deregister-job", "purge-job"] as const) {
      const outcome = authorizeOperation(identityWith(having(capability)), request({ operation }), NOW);
      expect(outcome.ok, capability).toBe(enough.includes(capability));
      if (!outcome.ok) expect(outcome.error.message).toBe("Permission denied");
    }
  });

  it("names the one operation that it allows, as it was when it was allowed", () => {
    const operation = { operation: "fs-list" as const, path: "/", tasks: ["web"] };
    const grant = granted({ operation });
    operation.path = "/secrets";
    operation.tasks.push("other");
    expect(grant).toMatchObject({ operation: { operation: "fs-list", path: "/", tasks: ["web"] }, container: "web-1", namespace: "team", expiresAt: NOW + 30_000 });
    expect(() => Object.assign(grant.operation, { path: "/secrets" })).toThrow(TypeError);
    expect(() => (grant.operation as unknown as { readonly tasks: string[] }).tasks.push("other")).toThrow(TypeError);
  });

  it.each([
    ["no allocation ID, before rights", having("list-jobs"), request({ allocId: "" }), { message: "must provide a valid alloc id", code: 400 }],
    ["an unknown allocation", having("read-fs"), request({ allocation: undefined }), { message: `Unknown allocation "${ALLOC}"`, code: 404 }],
    ["facts of another allocation", having("read-fs"), request({ allocation: { ...facts, allocId: "other" } }), { message: `Unknown allocation "${ALLOC}"`, code: 404 }],
    ["the right in another namespace", 'namespace "other" { capabilities = ["read-fs"] }', request(), { message: "Permission denied" }],
    ["a denied namespace", `${having("read-fs")}\nnamespace "team" { policy = "deny" }`, request(), { message: "Permission denied" }],
    ["a stranger, whatever the task", having("list-jobs"), request({ task: "none" }), { message: "Permission denied" }],
    ["a task that is over", having("read-fs"), request({ task: "done" }), { message: "Task not running", code: 500 }],
    ["a task that is none", having("read-fs"), request({ task: "none" }), { message: "Task not running", code: 500 }],
  ])("refuses %s", (_name, rules, asked, error) => {
    const outcome = authorizeOperation(identityWith(rules), asked, NOW);
    if (outcome.ok) throw new Error("granted");
    const { kind: _kind, ...rest } = outcome.error;
    expect(rest).toEqual(error);
  });

  it("lasts no longer than the token", () => {
    const store = storeOf([tokenOf(1, { type: "management", expirationTime: NOW + 5 })]);
    const identity = createAuthenticator({ store, aclEnabled: true })(secretOf(1), NOW);
    if (!identity.ok) throw new Error(identity.error.message);
    expect(authorizeOperation(identity.value, request(), NOW)).toMatchObject({ ok: true, value: { expiresAt: NOW + 5 } });
    expect(authorizeOperation(identity.value, request(), NOW + 5)).toMatchObject({ ok: false, error: { message: "Permission denied" } });
  });

  it("can be asked again while a stream is open", () => {
    expect(mayOperate(identityWith(having("read-logs")), "team", "logs")).toBe(true);
    expect(mayOperate(identityWith(having("read-logs")), "other", "logs")).toBe(false);
  });
});

function world(fields: { readonly podUid?: string | undefined; readonly now?: number } = {}) {
  const opened: PodExecTarget[] = [];
  const written: Buffer[] = [];
  const pod: PodExec = { write: (parts) => void written.push(Buffer.concat(parts)), bufferedBytes: () => 0, pause: () => undefined, resume: () => undefined, close: () => undefined };
  const deps = {
    openPodExec: async (target: PodExecTarget) => {
      opened.push(target);
      return ok(pod);
    },
    podUid: () => ("podUid" in fields ? fields.podUid : ALLOC),
    now: () => fields.now ?? NOW,
  };
  return { deps, opened, written };
}

const handlers = { onStdout: () => undefined, onStderr: () => undefined, onEnd: () => undefined };
const { signal } = new AbortController();

describe("operationGate", () => {
  it("opens the launcher's exec and writes the operation of the grant, once", async () => {
    const { deps, opened, written } = world();
    const stream = await operationGate(deps)(granted(), handlers, signal);
    if (!stream.ok) throw new Error(stream.error.message);
    stream.value.begin();
    stream.value.begin();
    stream.value.ping();
    expect(opened).toEqual([{ namespace: "team", pod: "nb-web-0", container: "web-1", command: ["/nomad-bridge/launcher", "exec", "--session", "s-1"] }]);
    expect(written).toEqual([encodeFrame({ kind: "operate", message: STAT }), encodeFrame({ kind: "ping" })]);
    expect(Object.keys(stream.value)).not.toContain("write");
  });

  const notOurs = "the permission for this operation was not given by us";
  it.each<[string, Parameters<typeof world>[0], (grant: OperationGrant) => OperationGrant, string]>([
    ["a grant that has expired", { now: NOW + 30_000 }, (grant) => grant, "the permission for this operation has expired; ask again"],
    ["a clock that is no number", { now: Number.NaN }, (grant) => grant, "the permission for this operation has expired; ask again"],
    ["another pod of that name", { podUid: "other" }, (grant) => grant, `allocation ${ALLOC} is gone`],
    ["a pod that is gone", { podUid: undefined }, (grant) => grant, `allocation ${ALLOC} is gone`],
    ["a grant with another operation", {}, (grant) => ({ ...grant, operation: { operation: "restart" } }), notOurs],
    ["a copy", {}, (grant) => structuredClone(grant), notOurs],
  ])("never reaches the pod for %s", async (_name, fields, alter, message) => {
    const { deps, opened } = world(fields);
    expect(await operationGate(deps)(alter(granted()), handlers, signal)).toEqual({ ok: false, error: { kind: "grant-void", message } });
    expect(opened).toEqual([]);
  });

  it("opens once for each grant", async () => {
    const { deps, opened } = world();
    const gate = operationGate(deps);
    const grant = granted();
    await gate(grant, handlers, signal);
    expect(await gate(grant, handlers, signal)).toEqual({ ok: false, error: { kind: "grant-void", message: "the grant was used already" } });
    expect(opened).toHaveLength(1);
  });
});

describe("the two kinds of grant", () => {
  it("are never taken for each other when the program runs", async () => {
    const { deps, opened } = world();
    const grant = granted() as unknown as Grant;
    expect([isGenuine(grant), isGenuineOperation(grant as unknown as OperationGrant)]).toEqual([false, true]);
    expect(await execGate(deps)(grant, handlers, signal)).toMatchObject({ ok: false, error: { kind: "grant-void" } });
    expect(opened).toEqual([]);
  });

  it("are never taken for each other when it is compiled", () => {
    expectTypeOf<OperationGrant>().not.toExtend<Grant>();
    expectTypeOf<Grant>().not.toExtend<OperationGrant>();
    // @ts-expect-error: only authorizeOperation makes one
    const made: OperationGrant = { operation: STAT, allocId: ALLOC, namespace: "team", podName: "p", container: "c", accessorId: "a", tokenName: "t", expiresAt: NOW, sessionId: "s" };
    expect(isGenuineOperation(made)).toBe(false);
  });
});
