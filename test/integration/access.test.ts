/** @module Who may enter and see what, by Nomad's ACLs, on the running bridge: identities, capabilities, namespaces, and what an answer gives away. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./kubernetes/real-cluster.ts";
import { auditOf } from "./support/machine.ts";
import { asked, exec, nomad, nomadJson, tokenWith, type ExecTarget, type Token } from "./support/nomad.ts";
import { enterWorld, readyPod, uidOf, unique, type World } from "./support/world.ts";

let world: World;
let foreign: World;
let alloc: string;
let foreignAlloc: string;
beforeAll(async () => {
  [world, foreign] = await Promise.all([enterWorld("access"), enterWorld("foreign")]);
  const pods = await Promise.all([readyPod(world, "web", {}), readyPod(foreign, "web", {})]);
  [alloc, foreignAlloc] = [uidOf(pods[0]), uidOf(pods[1])];
});
afterAll(async () => {
  await Promise.all([world.leave(), foreign.leave()]);
});

const TRUE = ["/bin/true"];
const DENIED = { closeCode: 1011, reason: "Permission denied", stdout: "", stderr: "" };

/** Runs with a token that lives only for that. */
async function withToken<T>(rules: string, use: (token: Token) => Promise<T>): Promise<T> {
  const token = await tokenWith(rules);
  try {
    return await use(token);
  } finally {
    await token.remove();
  }
}

const inNamespace = (name: string, capabilities: readonly string[]) => `namespace "${name}" { capabilities = ${JSON.stringify(capabilities)} }`;

describe("an exec", () => {
  it.each([
    { name: "alloc-exec", rules: () => inNamespace(world.namespace, ["alloc-exec"]), allowed: true },
    { name: "policy write", rules: () => `namespace "${world.namespace}" { policy = "write" }`, allowed: true },
    { name: "a glob that covers the namespace", rules: () => `namespace "access-*" { capabilities = ["alloc-exec"] }`, allowed: true },
    { name: "a glob that is beaten by a closer deny", rules: () => `namespace "access-*" { capabilities = ["alloc-exec"] } ${inNamespace(world.namespace, ["deny"])}`, allowed: false },
    { name: "alloc-exec beside deny", rules: () => inNamespace(world.namespace, ["alloc-exec", "deny"]), allowed: false },
    { name: "alloc-node-exec alone", rules: () => inNamespace(world.namespace, ["alloc-node-exec"]), allowed: false },
    { name: "policy read", rules: () => `namespace "${world.namespace}" { policy = "read" }`, allowed: false },
    { name: "everything but alloc-exec", rules: () => inNamespace(world.namespace, ["read-job", "list-jobs", "submit-job", "read-logs", "read-fs", "alloc-lifecycle"]), allowed: false },
    { name: "alloc-exec in another namespace", rules: () => inNamespace(foreign.namespace, ["alloc-exec"]), allowed: false },
    { name: "alloc-exec in a namespace whose name is the beginning of this one's", rules: () => inNamespace(world.namespace.slice(0, -1), ["alloc-exec"]), allowed: false },
    { name: "alloc-exec in the namespace in capitals", rules: () => inNamespace(world.namespace.toUpperCase(), ["alloc-exec"]), allowed: false },
    { name: "rights over nodes only", rules: () => 'node { policy = "write" }', allowed: false },
  ])("with $name is allowed: $allowed", async ({ rules, allowed }) => {
    await withToken(rules(), async ({ secret }) => {
      const said = await exec({ allocId: alloc, task: "web", command: ["/bin/sh", "-c", "echo inside"], token: secret });
      expect(said).toMatchObject(allowed ? { exitCode: 0, stdout: "inside\n" } : DENIED);
    });
  });

  it("needs every policy of the token to leave it be: a deny in one beats an allow in another", async () => {
    const [allow, deny] = [await tokenWith(inNamespace(world.namespace, ["alloc-exec"])), await tokenWith(inNamespace(world.namespace, ["deny"]))];
    const policiesOf = async ({ secret }: Token) => (await nomadJson<{ readonly Policies: readonly string[] }>("/v1/acl/token/self", { token: secret })).Policies;
    const Policies = [...(await policiesOf(allow)), ...(await policiesOf(deny))];
    const made = JSON.parse((await asked("/v1/acl/token", { method: "PUT", body: { Name: unique("both"), Type: "client", Policies } })).body) as { readonly AccessorID: string; readonly SecretID: string };
    expect(await exec({ allocId: alloc, task: "web", command: TRUE, token: made.SecretID })).toMatchObject(DENIED);
    await asked(`/v1/acl/token/${made.AccessorID}`, { method: "DELETE" });
    await Promise.all([allow.remove(), deny.remove()]);
  });

  it("with a token that has expired is refused, and so is one whose policy is gone", async () => {
    const rules = inNamespace(world.namespace, ["alloc-exec"]);
    const token = await tokenWith(rules);
    const [policy = ""] = (await nomadJson<{ readonly Policies: readonly string[] }>("/v1/acl/token/self", { token: token.secret })).Policies;
    const ExpirationTTL = "1m0s";
    const made = JSON.parse((await asked("/v1/acl/token", { method: "PUT", body: { Name: policy, Type: "client", Policies: [policy], ExpirationTTL } })).body) as { readonly AccessorID: string; readonly SecretID: string };
    expect(await exec({ allocId: alloc, task: "web", command: TRUE, token: made.SecretID })).toMatchObject({ exitCode: 0 });
    await asked(`/v1/acl/policy/${policy}`, { method: "DELETE" });
    await eventually(async () => ((await exec({ allocId: alloc, task: "web", command: TRUE, token: made.SecretID })).reason === "Permission denied" ? true : undefined));
    await asked(`/v1/acl/token/${made.AccessorID}`, { method: "DELETE" });
    await nomad(`/v1/acl/token/${token.accessor}`, { method: "DELETE" });
  });

  it("without a token is refused", async () => {
    expect(await exec({ allocId: alloc, task: "web", command: TRUE, token: "" })).toMatchObject(DENIED);
  });

  it.each([
    { name: "that nobody made", token: "11111111-2222-4333-8444-555555555555" },
    { name: "that is no UUID", token: "let-me-in" },
    { name: "of 7000 characters", token: "a".repeat(7000) },
  ])("with a token $name is refused, and tells nothing of what there is", async ({ token }) => {
    const there = await exec({ allocId: alloc, task: "web", command: TRUE, token });
    const absent = await exec({ allocId: "00000000-0000-4000-8000-000000000000", task: "web", command: TRUE, token });
    expect(there).toMatchObject({ closeCode: 1011, reason: expect.stringMatching(/^(Permission denied|ACL token not found)$/) as string, stdout: "" });
    expect(absent).toEqual(there);
  });

  it("cannot learn the tasks of an allocation that it may not enter", async () => {
    await withToken(inNamespace(foreign.namespace, ["alloc-exec"]), async ({ secret }) => {
      const target: ExecTarget = { allocId: alloc, task: "web", command: TRUE, token: secret };
      const answers = await Promise.all([target, { ...target, task: "none" }, { ...target, task: "" }, { ...target, command: [] }].map(async (each) => await exec(each)));
      for (const answer of answers) expect(answer).toMatchObject(DENIED);
    });
  });

  it("is not opened by who one says one is", async () => {
    await withToken(inNamespace(foreign.namespace, ["alloc-exec"]), async ({ secret }) => {
      for (const name of [`namespace=${foreign.namespace}`, `namespace=*`]) {
        const { status, body } = await nomad(`/v1/allocation/${alloc}?${name}`, { token: secret });
        // Nomad's own answer: what one may not see is not there.
        expect([status, body]).toEqual([500, `Unknown allocation "${alloc}"`]);
      }
    });
  });
});

describe("a reader", () => {
  it("sees the jobs and allocations of the namespaces it may read, and no others", async () => {
    await withToken(inNamespace(world.namespace, ["read-job", "list-jobs"]), async ({ secret }) => {
      const jobs = await nomadJson<readonly { readonly ID: string; readonly Namespace: string }[]>("/v1/jobs?namespace=*", { token: secret });
      expect(jobs.map(({ ID, Namespace }) => [ID, Namespace])).toEqual([["web", world.namespace]]);
      const allocations = await nomadJson<readonly { readonly ID: string }[]>("/v1/allocations?namespace=*", { token: secret });
      expect(allocations.map(({ ID }) => ID)).toEqual([alloc]);
      expect(await nomad(`/v1/job/web?namespace=${foreign.namespace}`, { token: secret })).toEqual({ status: 403, body: "Permission denied" });
      expect(await nomad(`/v1/job/none?namespace=${foreign.namespace}`, { token: secret })).toEqual({ status: 403, body: "Permission denied" });
      expect(await nomad(`/v1/allocation/${foreignAlloc}`, { token: secret })).toEqual({ status: 500, body: `Unknown allocation "${foreignAlloc}"` });
    });
  });

  it.each(["/v1/acl/tokens", "/v1/acl/policies", "/v1/nodes", "/v1/agent/self"])("is refused %s without a right to it", async (path) => {
    await withToken(inNamespace(world.namespace, ["read-job"]), async ({ secret }) => {
      const { status, body } = await nomad(path, { token: secret });
      // A policy list is filtered and not refused: whose token it is may be seen by its owner.
      if (path === "/v1/acl/policies") expect(JSON.parse(body)).toHaveLength(1);
      else expect([status, body]).toEqual([403, "Permission denied"]);
    });
  });

  it.each([
    { method: "PUT", path: "/v1/acl/token", body: { Name: "mine", Type: "management" } },
    { method: "PUT", path: "/v1/acl/policy/mine", body: { Name: "mine", Rules: 'operator { policy = "write" }' } },
    { method: "PUT", path: "/v1/acl/bootstrap", body: {} },
    { method: "PUT", path: "/v1/acl/token/11111111-2222-4333-8444-555555555555", body: { AccessorID: "11111111-2222-4333-8444-555555555555", Type: "management" } },
    { method: "DELETE", path: "/v1/acl/policy/anything", body: undefined },
  ])("is refused $method $path", async ({ method, path, body }) => {
    await withToken(`namespace "*" { policy = "write" }`, async ({ secret }) => {
      const before = await nomadJson<readonly unknown[]>("/v1/acl/tokens");
      const answer = await nomad(path, { method, token: secret, ...(body === undefined ? {} : { body }) });
      expect(answer.status).toSatisfy((status: number) => status === 403 || status === 400);
      expect(await nomadJson<readonly unknown[]>("/v1/acl/tokens")).toHaveLength(before.length);
    });
  });
});

describe("a token", () => {
  it("is known to the cluster by its hash alone", async () => {
    const token = await tokenWith(inNamespace(world.namespace, ["alloc-exec"]));
    const objects = await world.client.raw({ method: "GET", path: "/apis/nomad-bridge.dev/v1alpha1/acltokens" });
    const text = JSON.stringify(objects);
    expect(text).toContain(token.accessor);
    expect(text).not.toContain(token.secret);
    expect((await asked("/v1/acl/tokens", {})).body).not.toContain(token.secret);
    expect((await asked(`/v1/acl/token/${token.accessor}`, {})).body).not.toContain(token.secret);
    await token.remove();
    expect(auditOf(alloc).some((line) => line["accessor"] === token.accessor)).toBe(false);
  });

  it("is not taken from the address of a request", async () => {
    await withToken(inNamespace(world.namespace, ["read-job", "list-jobs"]), async ({ secret }) => {
      for (const name of ["token", "X-Nomad-Token", "secret"]) {
        expect(await nomad(`/v1/job/web?namespace=${world.namespace}&${name}=${secret}`, { token: "" })).toMatchObject({ status: 403 });
      }
    });
  });
});
