import { describe, expect, it } from "vitest";
import { type AllocationFacts, authorizeExec, type ExecRequest, GRANT_LIFETIME_MS, isGenuine, type TaskFacts } from "../../../src/access/authorize-exec.ts";
import { createAuthenticator, type Identity } from "../../../src/access/authenticate.ts";
import { identityWith, NOW, secretOf, storeOf, tokenOf } from "./access-fixtures.ts";

const ALLOC = "11111111-2222-3333-4444-555555555555";
const EXEC = 'namespace "team" { capabilities = ["alloc-exec"] }';
const NODE_EXEC = 'namespace "team" { capabilities = ["alloc-exec", "alloc-node-exec"] }';

const tasks = new Map<string, TaskFacts>([
  ["web", { container: "web-1", state: "running" }],
  ["late", { container: "late-1", state: "not-started" }],
  ["done", { container: "done-1", state: "dead" }],
]);

const allocation: AllocationFacts = {
  allocId: ALLOC, namespace: "team", podName: "nb-web-0", clientStatus: "running", tasks, nodeLevel: false, remoteExecDisabled: false,
};

const request = (fields: Partial<ExecRequest> = {}, facts: Partial<AllocationFacts> = {}): ExecRequest => ({
  allocId: ALLOC, allocation: { ...allocation, ...facts }, task: "web", command: ["/bin/sh"], sessionId: "s-1", ...fields,
});

describe("authorizeExec", () => {
  it("grants one exec in the container of the task", () => {
    const result = authorizeExec(identityWith(EXEC), request(), NOW);
    expect(result).toEqual({
      ok: true,
      value: {
        allocId: ALLOC, namespace: "team", podName: "nb-web-0", container: "web-1", accessorId: "accessor-1", tokenName: "token 1",
        expiresAt: NOW + GRANT_LIFETIME_MS, sessionId: "s-1",
      },
    });
    expect(result.ok && isGenuine(result.value)).toBe(true);
  });

  const denied = { message: "Permission denied" };
  const other = 'namespace "other" { capabilities = ["alloc-exec"] }';
  const onlyNode = 'namespace "team" { capabilities = ["alloc-node-exec", "read-job"] }';

  it.each([
    ["an empty allocation ID, before rights", other, request({ allocId: "" }), { message: "missing AllocID", code: 400 }],
    ["a malformed allocation ID, before rights", other, request({ allocId: "abc" }), { message: "alloc lookup failed: index error: UUID must be 36 characters" }],
    ["an unknown allocation", EXEC, request({ allocation: undefined }), { message: `Unknown allocation "${ALLOC}"`, code: 404 }],
    ["facts of another allocation", EXEC, request({}, { allocId: ALLOC.replace("1", "9") }), { message: `Unknown allocation "${ALLOC}"`, code: 404 }],
    ["no alloc-exec", 'namespace "team" { policy = "read" }', request(), denied],
    ["alloc-exec in another namespace", other, request(), denied],
    ["alloc-node-exec without alloc-exec", onlyNode, request({}, { nodeLevel: true }), denied],
    ["a denied namespace", `${EXEC}\nnamespace "team" { policy = "deny" }`, request(), denied],
    ["a stranger, whatever the task", other, request({ task: "none" }, { clientStatus: "complete" }), denied],
    ["an allocation that is complete, by its task", EXEC, request({ task: "done" }, { clientStatus: "complete" }), { message: 'task "done" is not running.', code: 404 }],
    ["an allocation that failed, by its task", EXEC, request({ task: "done" }, { clientStatus: "failed" }), { message: 'task "done" is not running.', code: 404 }],
    ["an allocation that is lost", EXEC, request({}, { clientStatus: "lost" }), { message: `exec not possible, client status of allocation ${ALLOC} is lost`, code: 400 }],
    ["remote exec switched off, before the task is looked at", EXEC, request({ task: "" }, { remoteExecDisabled: true }), denied],
    ["remote exec switched off, for management too", "management", request({}, { remoteExecDisabled: true }), denied],
    ["no task", EXEC, request({ task: "", command: [] }), { message: "must provide task name", code: 400 }],
    ["no command", EXEC, request({ task: "none", command: [] }), { message: "command is not present", code: 400 }],
    ["an unknown task", EXEC, request({ task: "none" }, { nodeLevel: true }), { message: "task not found", code: 500 }],
    ["a node-level pod without alloc-node-exec", EXEC, request({}, { nodeLevel: true }), denied],
    ["a node-level pod for the write policy", 'namespace "team" { policy = "write" }', request({}, { nodeLevel: true }), denied],
    ["a node-level pod, before the state of its task", EXEC, request({ task: "late" }, { nodeLevel: true }), denied],
    ["a task that never started", EXEC, request({ task: "late" }), { message: 'task "late" not started yet.', code: 404 }],
    ["a task that is over", EXEC, request({ task: "done" }), { message: 'task "done" is not running.', code: 404 }],
  ])("refuses %s", (_name, rules, asked, error) => {
    const result = authorizeExec(identityWith(rules), asked, NOW);
    if (result.ok) throw new Error("granted");
    const { kind: _kind, ...rest } = result.error;
    expect(rest).toEqual(error);
  });

  const action = { jobId: "web", namespace: "team", name: "clean", job: "own", found: true } as const;
  it.each([
    ["a stranger, whatever the job", other, request({ action: { ...action, job: "unknown" } }), denied],
    ["a lost allocation, before the job", EXEC, request({ action: { ...action, job: "unknown" } }, { clientStatus: "lost" }), { message: `exec not possible, client status of allocation ${ALLOC} is lost`, code: 400 }],
    ["an action of an unknown job", EXEC, request({ action: { ...action, job: "unknown" } }), { message: "job web not found in namespace team", code: 404 }],
    ["an action of another's allocation", EXEC, request({ action: { ...action, job: "other" } }), { message: `job web does not have allocation ${ALLOC}`, code: 400 }],
    ["an action where exec is switched off, before the task", EXEC, request({ action, task: "none" }, { remoteExecDisabled: true }), denied],
    ["an action of no task", EXEC, request({ action, task: "" }), { message: "must provide task name", code: 400 }],
    ["an action of an unknown task", EXEC, request({ action, task: "none" }), { message: `task none not found in allocation ${ALLOC}`, code: 400 }],
    ["an unknown action", EXEC, request({ action: { ...action, found: false }, command: [] }), { message: "action clean not found in task web", code: 400 }],
    ["an action in a node-level pod without alloc-node-exec", EXEC, request({ action }, { nodeLevel: true }), denied],
  ])("refuses %s", (_name, rules, asked, error) => {
    const result = authorizeExec(identityWith(rules), asked, NOW);
    if (result.ok) throw new Error("granted");
    const { kind: _kind, ...rest } = result.error;
    expect(rest).toEqual(error);
  });

  it("grants an action as it grants a command", () => {
    expect(authorizeExec(identityWith(EXEC), request({ action }), NOW)).toMatchObject({ ok: true, value: { container: "web-1" } });
  });

  it.each([
    ["alloc-node-exec in a node-level pod", NODE_EXEC, { nodeLevel: true }],
    ["management in a node-level pod", "management", { nodeLevel: true }],
    ["a pod that is still pending", EXEC, { clientStatus: "pending" as const }],
    ["a pod whose node is not heard of", EXEC, { clientStatus: "unknown" as const }],
  ])("allows %s", (_name, rules, facts) => {
    expect(authorizeExec(identityWith(rules), request({}, facts), NOW).ok).toBe(true);
  });

  function identityUntil(expirationTime: number): Identity {
    const store = storeOf([tokenOf(1, { type: "management", expirationTime })]);
    const identity = createAuthenticator({ store, aclEnabled: true })(secretOf(1), NOW);
    if (!identity.ok) throw new Error(identity.error.message);
    return identity.value;
  }

  it("never lets a grant outlive its token", () => {
    expect(authorizeExec(identityUntil(NOW + 5), request(), NOW)).toMatchObject({ ok: true, value: { expiresAt: NOW + 5 } });
  });

  it("refuses a token that has expired since it was authenticated", () => {
    expect(authorizeExec(identityUntil(NOW + 5), request(), NOW + 5)).toMatchObject({ ok: false, error: denied });
  });
});
