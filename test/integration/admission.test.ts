/** @module The gate as the API server keeps it: what a person with an administrator's kubeconfig, and what our own identities, cannot do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import type { PodExecError } from "../../src/api/pod-exec.ts";
import { createKubeClient } from "../../src/kubernetes/client.ts";
import { type ClusterAccess, tokenAccess } from "../../src/kubernetes/credentials.ts";
import { createPodExecOpener } from "../../src/kubernetes/pod-exec.ts";
import { createTokenMinter } from "../../src/kubernetes/token-minter.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { eventually, must, sleepingPod } from "./kubernetes/real-cluster.ts";
import { BREAK_GLASS, kubectl, kubectlOk } from "./support/kubectl.ts";
import { exec, openExec } from "./support/nomad.ts";
import { enterWorld, isLive, podsOf, readyPod, uidOf, unique, type World } from "./support/world.ts";

const TASK = "guarded";
let world: World;
/** A task's pod, and one that is not ours. */
let ours: Pod;
let other: string;
beforeAll(async () => {
  world = await enterWorld("admission");
  ours = await readyPod(world, TASK, {});
  // It shows the node's programs, so break-glass must have it made; whose it is afterwards is what counts here.
  other = (await sleepingPod({ ...world, client: world.breakGlass, quiet: SILENT }, "neighbour")).metadata.name;
});
afterAll(async () => await world.leave());

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const here = (...args: string[]): readonly string[] => ["-n", world.namespace, ...args];

type Try = { readonly name: string; readonly args: (pod: string) => readonly string[]; readonly input?: (pod: string) => unknown; readonly says?: RegExp };

const HOLDS_THE_GATE = /holds the identities of the gate/;
const MANAGED = /is managed by nomad-bridge/;
const rawPod = (pod: string, rest: string) => `/api/v1/namespaces/${world.namespace}/pods/${pod}/${rest}`;
const patch = (pod: string, body: object, ...more: string[]) => here("patch", "pod", pod, "--type=merge", "-p", JSON.stringify(body), ...more);
const plainPod = (metadata: object) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: world.namespace, ...metadata },
  spec: { containers: [{ name: "main", image: "example.org/none:1" }] },
});

const EPHEMERAL = { spec: { ephemeralContainers: [{ name: "spy", image: "example.org/none:1", targetContainerName: TASK }] } };

const ENTERING: readonly Try[] = [
  { name: "exec", args: (pod) => here("exec", pod, "--", "/bin/true") },
  { name: "exec with a terminal", args: (pod) => here("exec", "-it", pod, "--", "/bin/sh") },
  { name: "exec of the launcher, as we do it", args: (pod) => here("exec", "-i", pod, "--", "/nomad-bridge/launcher", "exec", "--session", "mine") },
  { name: "exec as our bridge, impersonated", args: (pod) => here("exec", "-i", pod, "--as=system:serviceaccount:nomad-bridge:bridge", "--", "/nomad-bridge/launcher", "exec", "--session", "mine") },
  { name: "exec as our controller, impersonated", args: (pod) => here("exec", pod, "--as=system:serviceaccount:nomad-bridge:controller", "--as-group=system:masters", "--", "/bin/true") },
  { name: "a plain GET of exec", args: (pod) => ["get", "--raw", rawPod(pod, "exec?command=id&stdout=true")] },
  { name: "attach", args: (pod) => here("attach", pod) },
  { name: "port-forward", args: (pod) => here("port-forward", pod, ":80") },
  { name: "cp", args: (pod) => here("cp", "/etc/hostname", `${pod}:/tmp/x`) },
  { name: "proxy", args: (pod) => ["get", "--raw", rawPod(pod, "proxy/")] },
  { name: "proxy with a port", args: (pod) => ["get", "--raw", rawPod(`${pod}:8080`, "proxy/")] },
  { name: "proxy with a scheme and a port", args: (pod) => ["get", "--raw", rawPod(`http:${pod}:8080`, "proxy/")] },
  { name: "debug", args: (pod) => here("debug", pod, "--image=example.org/none:1") },
  { name: "an ephemeral container", args: (pod) => patch(pod, EPHEMERAL, "--subresource=ephemeralcontainers") },
];

const CHANGING: readonly Try[] = [
  { name: "removing the label", args: (pod) => here("label", "pod", pod, "nomad-bridge.dev/managed-"), says: /must keep the label/ },
  { name: "another label of ours", args: (pod) => here("label", "pod", pod, "nomad-bridge.dev/exec-task=x", "--overwrite") },
  { name: "one more label of ours", args: (pod) => here("label", "pod", pod, "nomad-bridge.dev/more=1") },
  { name: "another annotation of ours", args: (pod) => here("annotate", "pod", pod, "nomad-bridge.dev/spec-hash=x", "--overwrite") },
  { name: "removing an annotation of ours", args: (pod) => here("annotate", "pod", pod, "nomad-bridge.dev/launcher-") },
  { name: "a mark of what users have done", args: (pod) => here("annotate", "pod", pod, "nomad-bridge.dev/task-marks={}") },
  { name: "another launcher document", args: (pod) => here("annotate", "pod", pod, "nomad-bridge.dev/launcher={}", "--overwrite") },
  { name: "another image", args: (pod) => here("set", "image", `pod/${pod}`, `${TASK}=example.org/none:1`) },
  { name: "another owner", args: (pod) => patch(pod, { metadata: { ownerReferences: null } }) },
  { name: "a deadline", args: (pod) => patch(pod, { spec: { activeDeadlineSeconds: 1 } }) },
  { name: "more memory", args: (pod) => patch(pod, { spec: { containers: [{ name: TASK, resources: { limits: { memory: "65Mi" }, requests: { cpu: "50m", memory: "64Mi", "ephemeral-storage": "300M" } } }] } }, "--subresource=resize") },
  { name: "removing the label by way of the status", args: (pod) => patch(pod, { metadata: { labels: null } }, "--subresource=status"), says: /must keep the label|managed/ },
  { name: "another annotation by way of the status", args: (pod) => patch(pod, { metadata: { annotations: { "nomad-bridge.dev/spec-hash": "x" } } }, "--subresource=status") },
];

const MAKING: readonly Try[] = [
  { name: "with our prefix", args: () => ["create", "-f", "-"], input: () => plainPod({ name: "nb-mine" }), says: /begins with "nb-"/ },
  { name: "with our prefix and label", args: () => ["create", "-f", "-"], input: () => plainPod({ name: "nb-mine", labels: { "nomad-bridge.dev/managed": "true" } }), says: /are for pods that nomad-bridge makes/ },
  { name: "with a generated name of our prefix", args: () => ["create", "-f", "-"], input: () => plainPod({ generateName: "nb-" }), says: /begins with "nb-"/ },
  { name: "with our label", args: () => ["create", "-f", "-"], input: () => plainPod({ name: "mine", labels: { "nomad-bridge.dev/managed": "true" } }), says: /which is for pods that nomad-bridge makes/ },
];

/** What would be as good as a token of ours: each in our own namespace. */
const OWN = { namespace: "nomad-bridge", name: "mine" };
/** As Pod Security wants it in that namespace, so that nothing but our policy is in its way. */
const RESTRICTED = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } };
const FOR_THE_BRIDGE = { serviceAccountName: "bridge", containers: [{ name: "main", image: "example.org/none:1", securityContext: RESTRICTED }] };
const AS_GOOD_AS_A_TOKEN: readonly { readonly name: string; readonly object: object }[] = [
  { name: "a pod under the bridge's account", object: { apiVersion: "v1", kind: "Pod", metadata: OWN, spec: FOR_THE_BRIDGE } },
  {
    name: "a deployment under the bridge's account",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: OWN,
      spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: FOR_THE_BRIDGE } },
    },
  },
  {
    name: "a token in a Secret",
    object: { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/service-account-token", metadata: { ...OWN, annotations: { "kubernetes.io/service-account.name": "bridge" } } },
  },
];

/** Pods that would see a task from the node's side. */
const NEIGHBOURS: readonly { readonly name: string; readonly spec: object }[] = [
  { name: "the node's processes", spec: { hostPID: true } },
  { name: "the node's IPC objects", spec: { hostIPC: true } },
  { name: "the node's network, with the traffic of its pods", spec: { hostNetwork: true } },
  { name: "the node's files", spec: { volumes: [{ name: "node", hostPath: { path: "/" } }] } },
  { name: "every right on the node", spec: { containers: [{ name: "main", image: "example.org/none:1", securityContext: { privileged: true } }] } },
];

const NAMED = (kind: string, name: string, spec: object) => ({ apiVersion: "nomad-bridge.dev/v1alpha1", kind, metadata: { name }, spec });
const HASH = "0".repeat(64);
const RIGHTS: readonly Try[] = [
  { name: "writing BridgeConfig", args: () => ["patch", "bridgeconfig", "default", "--type=merge", "-p", '{"spec":{"region":"elsewhere"}}'] },
  { name: "deleting BridgeConfig", args: () => ["delete", "bridgeconfig", "default"] },
  { name: "deleting all BridgeConfigs", args: () => ["delete", "bridgeconfigs", "--all"] },
  { name: "writing an ACL policy", args: () => ["create", "-f", "-"], input: () => NAMED("ACLPolicy", "mine", { name: "mine", rules: 'namespace "*" { policy = "write" }' }) },
  {
    name: "writing an ACL token",
    args: () => ["create", "-f", "-"],
    input: () => NAMED("ACLToken", "mine", { accessorId: "mine", secretHash: HASH, type: "management", createTime: "2026-01-01T00:00:00Z" }),
  },
  { name: "deleting the ACL tokens", args: () => ["delete", "acltokens", "--all"] },
];

describe("an administrator with kubectl, at a task's pod,", () => {
  it.each(ENTERING)("is refused $name", async ({ args }) => {
    const { code, stderr } = await kubectl(args(ours.metadata.name));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(MANAGED) as string });
  });

  it.each(CHANGING)("is refused $name", async ({ args, says = MANAGED }) => {
    const before = await must(world.client.get<Pod>({ resource: RESOURCES.pods, namespace: world.namespace, name: ours.metadata.name }));
    const { code, stderr } = await kubectl(args(ours.metadata.name));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) as string });
    const after = await must(world.client.get<Pod>({ resource: RESOURCES.pods, namespace: world.namespace, name: ours.metadata.name }));
    expect([after.metadata.labels, after.metadata.annotations, after.spec]).toEqual([before.metadata.labels, before.metadata.annotations, before.spec]);
  });

  it.each(MAKING)("is refused a pod of one's own $name", async ({ args, input, says }) => {
    const { code, stderr } = await kubectl(args(""), input?.(""));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says ?? MANAGED) as string });
  });

  it.each(NEIGHBOURS)("is refused a neighbour for it that has $name", async ({ spec }) => {
    const pod = plainPod({ name: "beside" });
    const { code, stderr } = await kubectl(["create", "-f", "-"], { ...pod, spec: { ...pod.spec, ...spec } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(MANAGED) as string });
  });

  it("may note on it what is not ours, as networks and meshes do", async () => {
    await kubectlOk(here("label", "pod", ours.metadata.name, "mesh.example/revision=1"));
    await kubectlOk(here("annotate", "pod", ours.metadata.name, "mesh.example/status=injected"));
  });

  it("may look at it, read its log and delete it", async () => {
    const pod = await readyPod(world, "looked-at", {});
    await kubectlOk(here("describe", "pod", pod.metadata.name));
    await kubectlOk(here("logs", pod.metadata.name));
    await kubectlOk(here("delete", "pod", pod.metadata.name, "--wait=false"));
    await eventually(async () => (await podsOf(world, "looked-at")).find((each) => isLive(each) && uidOf(each) !== uidOf(pod)));
  });

  it("gets in as break-glass", async () => {
    expect(await kubectlOk(here("exec", ours.metadata.name, ...BREAK_GLASS, "--", "/bin/sh", "-c", "echo inside"))).toBe("inside\n");
    expect((await kubectl(here("exec", ours.metadata.name, "--as=tester", "--as-group=nomad-bridge:break-glass", "--", "/bin/true"))).stderr).toBe("");
  });
});

describe("an administrator with kubectl, at what decides who may do what,", () => {
  it.each(RIGHTS)("is refused $name", async ({ args, input }) => {
    const { code, stderr } = await kubectl(args(""), input?.(""));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/decide who may do what/) as string });
  });

  it.each(AS_GOOD_AS_A_TOKEN)("is refused $name", async ({ object }) => {
    const { code, stderr } = await kubectl(["create", "-f", "-"], object);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(HOLDS_THE_GATE) as string });
  });

  it.each(["bridge", "controller"])("is refused a token of our %s, and that of a stranger is none of our business", async (account) => {
    const { code, stdout, stderr } = await kubectl(["create", "token", account, "-n", "nomad-bridge"]);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(HOLDS_THE_GATE) as string });
    expect(await kubectlOk(["create", "token", "default", "-n", world.namespace])).toMatch(/^ey/);
  });
});

describe("a pod that is not ours, also in a managed namespace,", () => {
  it("is entered, changed and removed as ever", async () => {
    expect(await kubectlOk(here("exec", other, "--", "/bin/sh", "-c", "echo inside"))).toBe("inside\n");
    await kubectlOk(here("label", "pod", other, "more=1"));
    await kubectlOk(here("annotate", "pod", other, "more=1"));
    const proxied = await kubectl(["get", "--raw", rawPod(`${other}:1`, "proxy/")]);
    expect(proxied.stderr).not.toMatch(/nomad-bridge/);
  });

  it("can be made by anyone, in a namespace that is not managed too", async () => {
    const namespace = unique("plain");
    await kubectlOk(["create", "namespace", namespace]);
    try {
      const pod = await sleepingPod({ ...world, namespace, quiet: SILENT }, "plain");
      expect(await kubectlOk(["-n", namespace, "exec", pod.metadata.name, "--", "/bin/sh", "-c", "echo inside"])).toBe("inside\n");
      expect((await kubectl(["-n", namespace, "debug", pod.metadata.name, "--image=example.org/none:1"])).stderr).not.toMatch(/nomad-bridge/);
    } finally {
      await kubectlOk(["delete", "namespace", namespace, "--wait=false"]);
    }
  });
});

/** As our own identity, with a token that is really its own: only break-glass can have one made. */
const identity = (name: "bridge" | "controller"): ClusterAccess => tokenAccess(world.access, createTokenMinter(world.breakGlass, { namespace: "nomad-bridge", name }));

async function execAs(access: ClusterAccess, pod: string, command: readonly string[], container = TASK): Promise<{ readonly stdout: string; readonly error?: PodExecError | undefined }> {
  let stdout = "";
  const { promise, resolve } = Promise.withResolvers<PodExecError | undefined>();
  const handlers = { onStdout: (chunk: Buffer) => void (stdout += chunk.toString("latin1")), onStderr: () => undefined, onEnd: (end: { readonly error?: PodExecError }) => resolve(end.error) };
  const opened = await createPodExecOpener(access)({ namespace: world.namespace, pod, container, command }, handlers, new AbortController().signal);
  if (!opened.ok) return { stdout, error: opened.error };
  // The launcher waits for frames, and ends when there is nobody to send them.
  opened.value.write([Buffer.from("not a frame of ours, and long enough to be refused as one")]);
  return { error: await promise, stdout };
}

describe("our own identities", () => {
  const LAUNCHER = ["/nomad-bridge/launcher", "exec", "--session", "00000000-0000-4000-8000-000000000000"];

  it("let the bridge open what a session needs", async () => {
    const { stdout } = await execAs(identity("bridge"), ours.metadata.name, LAUNCHER);
    expect(stdout).toContain(uidOf(ours));
  });

  it.each([
    { name: "a shell", command: ["/bin/sh", "-c", "echo inside"] },
    { name: "the launcher with more words", command: [...LAUNCHER, "--more"] },
    { name: "the launcher's other subcommands", command: ["/nomad-bridge/launcher", "control", "restart", "x"] },
  ])("let the bridge run nothing else: $name", async ({ command }) => {
    expect(await execAs(identity("bridge"), ours.metadata.name, command)).toMatchObject({ stdout: "", error: { kind: "refused", code: 403, message: expect.stringMatching(MANAGED) as string } });
  });

  it("let the bridge into no other pod", async () => {
    const said = await execAs(identity("bridge"), other, LAUNCHER, "main");
    expect(said).toMatchObject({ stdout: "", error: { kind: "refused", code: 403, message: expect.stringMatching(/enters? only pods that it manages/) as string } });
  });

  it("let the controller into no pod at all", async () => {
    expect(await execAs(identity("controller"), ours.metadata.name, LAUNCHER)).toMatchObject({ stdout: "", error: { kind: "refused", code: 403 } });
  });

  const patchAs = async (name: string, body: object) => {
    const client = createKubeClient(identity("bridge"));
    const said = await client.raw({ method: "PATCH", path: `/api/v1/namespaces/${world.namespace}/pods/${name}`, body, contentType: "application/merge-patch+json" });
    await client.close();
    return said;
  };

  it("let the bridge note on a pod of ours what users have done to its tasks", async () => {
    expect(await patchAs(ours.metadata.name, { metadata: { annotations: { "nomad-bridge.dev/task-marks": '{"marks":[],"restarts":{}}' } } })).toMatchObject({ ok: true });
  });

  it.each<{ readonly name: string; readonly pod: () => string; readonly body: object }>([
    { name: "another annotation of ours", pod: () => ours.metadata.name, body: { metadata: { annotations: { "nomad-bridge.dev/launcher": "{}" } } } },
    { name: "an annotation of somebody else", pod: () => ours.metadata.name, body: { metadata: { annotations: { "example.org/x": "1" } } } },
    { name: "a label", pod: () => ours.metadata.name, body: { metadata: { labels: { x: "1" } } } },
    { name: "a finalizer", pod: () => ours.metadata.name, body: { metadata: { finalizers: ["example.org/x"] } } },
    { name: "an owner", pod: () => ours.metadata.name, body: { metadata: { ownerReferences: [] } } },
    { name: "its spec", pod: () => ours.metadata.name, body: { spec: { activeDeadlineSeconds: 1 } } },
    { name: "a note on a pod that is not ours", pod: () => other, body: { metadata: { annotations: { "nomad-bridge.dev/task-marks": "{}" } } } },
  ])("let the bridge change nothing else of a pod: $name", async ({ pod, body }) => {
    expect(await patchAs(pod(), body)).toMatchObject({ ok: false, error: { kind: "status" } });
  });

  const core = (resource: string, namespace: string) => ({ path: `/api/v1/namespaces/${namespace}/${resource}`, resource });
  it.each([
    { who: "bridge", ...core("secrets", "default") },
    { who: "bridge", ...core("configmaps", "default") },
    { who: "bridge", ...core("secrets", "nomad-bridge") },
    { who: "controller", ...core("secrets", "default") },
    { who: "controller", ...core("secrets", "nomad-bridge") },
    { who: "controller", path: "/apis/nomad-bridge.dev/v1alpha1/acltokens", resource: "acltokens" },
  ] as const)("do not let the $who read $path", async ({ who, path, resource }) => {
    const client = createKubeClient(identity(who));
    expect(await client.raw({ method: "GET", path })).toMatchObject({ ok: false, error: { code: 403, message: expect.stringContaining(`cannot list resource "${resource}"`) as string } });
    await client.close();
  });

  it.each<{ readonly who: "bridge" | "controller"; readonly method: "DELETE" | "POST"; readonly path: () => string; readonly body: object }>([
    { who: "bridge", method: "DELETE", path: () => `/api/v1/namespaces/${world.namespace}/pods/${ours.metadata.name}`, body: {} },
    { who: "bridge", method: "POST", path: () => `/api/v1/namespaces/${world.namespace}/pods`, body: {} },
    { who: "bridge", method: "DELETE", path: () => "/apis/nomad-bridge.dev/v1alpha1/bridgeconfigs/default", body: {} },
    { who: "bridge", method: "POST", path: () => "/api/v1/namespaces/nomad-bridge/serviceaccounts/controller/token", body: {} },
    { who: "controller", method: "POST", path: () => "/api/v1/namespaces/nomad-bridge/serviceaccounts/bridge/token", body: {} },
    { who: "controller", method: "POST", path: () => "/api/v1/namespaces/kube-system/pods", body: {} },
    { who: "controller", method: "DELETE", path: () => `/apis/nomad-bridge.dev/v1alpha1/namespaces/${world.namespace}/exectasks/${TASK}`, body: {} },
  ])("do not let the $who $method what is not theirs", async ({ who, method, path, body }) => {
    const client = createKubeClient(identity(who));
    expect(await client.raw({ method, path: path(), body })).toMatchObject({ ok: false, error: { code: 403 } });
    await client.close();
  });
});

describe("a namespace that is no longer managed", () => {
  it("has no allocation for the bridge, ends its sessions, and keeps the gate shut", async ({ onTestFinished }) => {
    const left = await enterWorld("given-up");
    onTestFinished(async () => await left.leave());
    const pod = await readyPod(left, TASK, {});
    const target = { allocId: uidOf(pod), task: TASK, command: ["/bin/sh", "-c", "echo up; cat"] };
    const session = await openExec(target);
    await session.says("up");
    await kubectlOk(["label", "namespace", left.namespace, "nomad-bridge.dev/managed-"]);
    const unknown = await eventually(async () => {
      const said = await exec(target);
      return said.exitCode === undefined ? said : undefined;
    });
    expect(unknown).toMatchObject({ closeCode: 1008, reason: `Unknown allocation "${uidOf(pod)}"` });
    const refused = await kubectl(["-n", left.namespace, "exec", pod.metadata.name, "--", "/bin/true"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(MANAGED) as string });
    expect(await session.ended).toMatchObject({ closeCode: 1011, reason: expect.stringMatching(/Permission denied|namespace/) as string });
  }, 30_000);
});
