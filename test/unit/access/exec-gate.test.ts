import { describe, expect, expectTypeOf, it } from "vitest";
import type { Identity } from "../../../src/access/authenticate.ts";
import { authorizeExec, type Grant } from "../../../src/access/authorize-exec.ts";
import { execGate, type ExecGateDeps } from "../../../src/access/exec-gate.ts";
import type { OpenPodExec, PodExec, PodExecHandlers, PodExecTarget } from "../../../src/api/pod-exec.ts";
import { MANAGEMENT_ACL } from "../../../src/nomad/acl/acl.ts";
import { identityWith, NOW } from "./access-fixtures.ts";

const ALLOC = "11111111-2222-3333-4444-555555555555";
const nothing = (): void => undefined;
const handlers: PodExecHandlers = { onStdout: nothing, onStderr: nothing, onEnd: nothing };
const opened: PodExec = { write: nothing, bufferedBytes: () => 0, pause: nothing, resume: nothing, close: nothing };

function grantOf(): Grant {
  const allocation = {
    allocId: ALLOC, namespace: "team", podName: "nb-web-0", clientStatus: "running" as const, nodeLevel: false, remoteExecDisabled: false,
    tasks: new Map([["web", { container: "web-1", state: "running" as const }]]),
  };
  const result = authorizeExec(identityWith("management"), { allocId: ALLOC, allocation, task: "web", command: ["--session"], sessionId: "s-1" }, NOW);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

type World = { readonly reached: PodExecTarget[]; readonly deps: ExecGateDeps };

function world(fields: Partial<ExecGateDeps> = {}): World {
  const reached: PodExecTarget[] = [];
  const openPodExec: OpenPodExec = (target) => {
    reached.push(target);
    return Promise.resolve({ ok: true, value: opened });
  };
  return { reached, deps: { openPodExec, podUid: (namespace, pod) => (namespace === "team" && pod === "nb-web-0" ? ALLOC : undefined), now: () => NOW, ...fields } };
}

const signal = new AbortController().signal;

describe("execGate", () => {
  it("reaches the granted container with the launcher's command alone", async () => {
    const { deps, reached } = world();
    expect(await execGate(deps)(grantOf(), handlers, signal)).toEqual({ ok: true, value: opened });
    expect(reached).toEqual([{ namespace: "team", pod: "nb-web-0", container: "web-1", command: ["/nomad-bridge/launcher", "exec", "--session", "s-1"] }]);
  });

  const expired = "the permission for this session has expired; start it again";
  const notOurs = "the permission for this session was not given by us";
  const gone = `allocation ${ALLOC} is gone`;

  it.each<[string, Partial<ExecGateDeps>, (grant: Grant) => Grant, string]>([
    ["a grant that has expired", { now: () => NOW + 30_000 }, (grant) => grant, expired],
    ["a clock that is no number", { now: () => Number.NaN }, (grant) => grant, expired],
    ["a pod of the same name that is another", { podUid: () => "99999999-2222-3333-4444-555555555555" }, (grant) => grant, gone],
    ["a pod that is gone", { podUid: () => undefined }, (grant) => grant, gone],
    ["a grant altered in a copy", {}, (grant) => ({ ...grant, container: "other" }), notOurs],
    ["a copy of a grant", {}, (grant) => structuredClone(grant), notOurs],
    ["a grant that a cast made", {}, ({ allocId, namespace, podName }) => ({ allocId, namespace, podName, container: "x", expiresAt: NOW + 1, sessionId: "s" }) as Grant, notOurs],
  ])("never reaches the pod for %s", async (_name, fields, alter, message) => {
    const { deps, reached } = world(fields);
    expect(await execGate(deps)(alter(grantOf()), handlers, signal)).toEqual({ ok: false, error: { kind: "grant-void", message } });
    expect(reached).toEqual([]);
  });

  it("opens once for each grant", async () => {
    const { deps, reached } = world();
    const gate = execGate(deps);
    const grant = grantOf();
    await gate(grant, handlers, signal);
    expect(await gate(grant, handlers, signal)).toEqual({ ok: false, error: { kind: "grant-void", message: "the grant was used already" } });
    expect(reached).toHaveLength(1);
  });

  it("hands on why the pod was not reached", async () => {
    const { deps } = world({ openPodExec: () => Promise.resolve({ ok: false, error: { kind: "refused", message: "no" } }) });
    expect(await execGate(deps)(grantOf(), handlers, signal)).toEqual({ ok: false, error: { kind: "refused", message: "no" } });
  });

  it("lets no grant be changed", () => {
    expect(() => Object.assign(grantOf(), { podName: "other" })).toThrow(TypeError);
  });
});

describe("the types", () => {
  const fields = {
    allocId: ALLOC, namespace: "team", podName: "p", container: "c", accessorId: "a", tokenName: "t", expiresAt: NOW, sessionId: "s",
  };

  it("take no made-up object for a grant", () => {
    // @ts-expect-error: only authorizeExec makes a Grant
    const made: Grant = fields;
    expectTypeOf(fields).not.toExtend<Grant>();
    expect(made).toBe(fields);
  });

  it("take no made-up object for an identity", () => {
    const person = { kind: "token" as const, accessorId: "a", tokenName: "t", policies: [], acl: MANAGEMENT_ACL };
    // @ts-expect-error: only an Authenticate makes an Identity
    const made: Identity = person;
    expectTypeOf(person).not.toExtend<Identity>();
    expect(made).toBe(person);
  });
});
