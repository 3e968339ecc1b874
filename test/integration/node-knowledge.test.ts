/** @module What tasks may know of their nodes: the records that the controller keeps, and who may write them. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { KubeObject } from "../../src/api/meta.ts";
import type { Node, Pod } from "../../src/api/pod.ts";
import { NODE_RECORDS_NAME, type NodeRecord } from "../../src/contract/node-record.ts";
import type { ConfigMap } from "../../src/controller/config-map.ts";
import { createKubeClient } from "../../src/kubernetes/client.ts";
import { tokenAccess } from "../../src/kubernetes/credentials.ts";
import { createTokenMinter } from "../../src/kubernetes/token-minter.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { probePod } from "../../src/mapping/probe.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { BREAK_GLASS, kubectl, kubectlOk } from "./support/kubectl.ts";
import { inTask, nomadJson } from "./support/nomad.ts";
import { enterWorld, grantProfiles, readyPod, uidOf, unique, type World } from "./support/world.ts";

/** Names a value of its node, so that its pod mounts the records. */
const CURIOUS = { env: { KERNEL: "${attr.kernel.name}", RACK: "${meta.rack}", NODE: "${node.unique.name}" } };

let world: World;
let node: Node;
beforeAll(async () => {
  world = await enterWorld("nodes");
  await readyPod(world, "curious", CURIOUS);
  [node] = (await must(world.client.list<Node>({ resource: RESOURCES.nodes }))).items as [Node];
});
afterAll(async () => {
  await kubectlOk(["annotate", "node", node.metadata.name, "meta.nomad-bridge.dev/rack-"]);
  await world.leave();
});

const ref = (namespace = world.namespace) => ({ resource: RESOURCES.configMaps, namespace, name: NODE_RECORDS_NAME });
const records = async (): Promise<ConfigMap | undefined> => {
  const read = await world.client.get<ConfigMap>(ref());
  return read.ok ? read.value : undefined;
};
const recordNow = async (): Promise<NodeRecord | undefined> => {
  const text = (await records())?.data?.[node.metadata.name];
  return text === undefined ? undefined : (JSON.parse(text) as NodeRecord);
};

describe("the node records of a namespace", () => {
  it("say of each node what nomad node status says", async () => {
    const record = await eventually(recordNow);
    const shown = await nomadJson<{ readonly Attributes: object; readonly Meta: object }>(`/v1/node/${node.metadata.uid ?? ""}`);
    expect(record).toMatchObject({ id: node.metadata.uid, name: node.metadata.name, region: "global", datacenter: "dc1", pool: "default" });
    expect([record.attributes, record.meta]).toEqual([shown.Attributes, shown.Meta]);
    expect(record.attributes).toMatchObject({ "kernel.name": "linux", "driver.exec": "1", "unique.hostname": node.metadata.name });
  });

  it("are in a pod that mounts them, as a file for each node", async () => {
    await eventually(recordNow);
    const folders = ["bin", "lib", "lib64", "usr"];
    const mounts = folders.map((folder) => ({ name: folder, mountPath: `/${folder}`, readOnly: true }));
    const container = { name: "main", image: inject("launcherImage"), imagePullPolicy: "Never", command: ["/bin/sleep", "600"], volumeMounts: [...mounts, { name: "nodes", mountPath: "/nodes" }] };
    const volumes = [...folders.map((folder) => ({ name: folder, hostPath: { path: `/${folder}` } })), { name: "nodes", configMap: { name: NODE_RECORDS_NAME } }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "reader", namespace: world.namespace }, spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes } };
    await kubectlOk(["create", "-f", "-", ...BREAK_GLASS], pod);
    await kubectlOk(["-n", world.namespace, "wait", "pod/reader", "--for=condition=Ready", "--timeout=60s"]);
    const text = await kubectlOk(["-n", world.namespace, "exec", "reader", "--", "/bin/cat", `/nodes/${node.metadata.name}`]);
    expect(JSON.parse(text)).toEqual(await recordNow());
  });

  it("follow what an administrator says of a node, and do not change for what is none of a task's business", async () => {
    await eventually(recordNow);
    await kubectlOk(["annotate", "node", node.metadata.name, "meta.nomad-bridge.dev/rack=Rack 7, left", "--overwrite"]);
    const before = await eventually(async () => ((await recordNow())?.meta["rack"] === "Rack 7, left" ? await records() : undefined));
    await kubectlOk(["annotate", "node", node.metadata.name, `example.org/beat=${unique("b")}`, "--overwrite"]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await records())?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it("are what the task's own texts name", async () => {
    await eventually(recordNow);
    const pod = await readyPod(world, "interpolated", CURIOUS);
    const said = await inTask(uidOf(pod), "interpolated", "echo $KERNEL $NODE");
    expect(said.trim()).toBe(`linux ${node.metadata.name}`);
  });

  it("are in no managed namespace without a task that asks", async () => {
    const empty = await enterWorld("empty");
    await readyPod(empty, "content", {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await world.client.get<ConfigMap>(ref(empty.namespace))).ok).toBe(false);
    await empty.leave();
  });
});

describe("a person who may write ConfigMaps in a managed namespace", () => {
  const here = (...args: string[]) => ["-n", world.namespace, ...args];
  const mine = (namespace: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: NODE_RECORDS_NAME, namespace }, data: { n1: "{}" } });

  it.each<[string, () => readonly string[]]>([
    ["changing them", () => here("patch", "configmap", NODE_RECORDS_NAME, "--type=merge", "-p", '{"data":{"n1":"{}"}}')],
    ["labelling them", () => here("label", "configmap", NODE_RECORDS_NAME, "a=b")],
    ["deleting them", () => here("delete", "configmap", NODE_RECORDS_NAME)],
    ["deleting all ConfigMaps", () => here("delete", "configmaps", "--all")],
    ["changing them as our controller, impersonated", () => here("label", "configmap", NODE_RECORDS_NAME, "a=b", "--as=system:serviceaccount:nomad-bridge:controller")],
  ])("is refused %s", async (_name, args) => {
    const before = await eventually(records);
    expect(await kubectl(args())).toMatchObject({ code: 1, stderr: expect.stringMatching(/tells tasks about their nodes|cannot patch resource/) as string });
    expect(await records()).toEqual(before);
  });

  it("is refused making them where there are none, and what we know of the nodes' files, and may do as they like elsewhere", async () => {
    const empty = await enterWorld("empty");
    expect((await kubectl(["create", "-f", "-"], mine(empty.namespace))).stderr).toMatch(/tells tasks about their nodes/);
    expect((await kubectl(["-n", "nomad-bridge", "create", "configmap", "nomad-bridge-probes"])).stderr).toMatch(/tells tasks about their nodes/);
    await kubectlOk(["-n", empty.namespace, "create", "configmap", "nomad-bridge-nodes-2"]);
    const plain = unique("plain");
    await kubectlOk(["create", "namespace", plain]);
    await kubectlOk(["create", "-f", "-"], mine(plain));
    await kubectlOk(["delete", "namespace", plain, "--wait=false"]);
    await empty.leave();
  });

  it("gets them back when break-glass has deleted them and a task comes", async () => {
    await kubectlOk(here("delete", "configmap", NODE_RECORDS_NAME, ...BREAK_GLASS));
    await readyPod(world, "newcomer", CURIOUS);
    expect(await eventually(recordNow)).toMatchObject({ name: node.metadata.name });
  });

  it("does not keep a managed namespace from going", async () => {
    const going = await enterWorld("going");
    await readyPod(going, "last", CURIOUS);
    await eventually(async () => ((await world.client.get<ConfigMap>(ref(going.namespace))).ok ? true : undefined));
    await going.leave();
    await eventually(async () => ((await kubectl(["get", "namespace", going.namespace])).code === 1 ? true : undefined));
  });
});

describe("what the nodes have", () => {
  const PROBES = { resource: RESOURCES.configMaps, namespace: "nomad-bridge", name: "nomad-bridge-probes" };
  type Found = { readonly at: number; readonly kinds: Readonly<Record<string, string>>; readonly os: { readonly name: string } };
  const found = async (): Promise<Found | undefined> => {
    const text = (await must(world.client.get<ConfigMap>(PROBES))).data?.[node.metadata.name];
    return text === undefined ? undefined : (JSON.parse(text) as Found);
  };
  const probePods = async () => (await must(world.client.list<Pod>({ resource: RESOURCES.pods, namespace: "nomad-bridge-probes" }))).items;

  it("is looked at and kept, and a path that is not there is left out of a task's root and named", async () => {
    const paths = ["/usr", "/bin", "/lib", "/lib64", "/no/such/directory"].map((host) => ({ host }));
    const takeAway = await grantProfiles(world, [{ name: world.namespace, chroot: { type: "host", directories: paths, files: [{ host: "/usr/bin" }, { host: "/etc/passwd" }] } }]);
    try {
      const probe = await eventually(async () => ((await found())?.kinds["/no/such/directory"] === undefined ? undefined : await found()));
      expect(probe.kinds).toMatchObject({ "/usr": "d", "/no/such/directory": "-", "/usr/bin": "d", "/etc/passwd": "f" });
      expect(probe.os.name).toMatch(/^[a-z]+$/);
      const pod = await readyPod(world, "lenient", { profile: world.namespace });
      expect(pod.spec.volumes?.map(({ hostPath }) => hostPath?.path)).not.toContain("/no/such/directory");
      expect(pod.spec.volumes?.map(({ hostPath }) => hostPath?.path)).toContain("/usr");
      expect((await recordNow())?.attributes["os.name"]).toBe(probe.os.name);
    } finally {
      await takeAway();
    }
  });

  it("leaves no pod behind, and is not looked at again when nothing has changed", async () => {
    await eventually(async () => ((await probePods()).length === 0 ? true : undefined));
    const before = await eventually(found);
    await kubectlOk(["annotate", "node", node.metadata.name, `example.org/beat=${unique("b")}`, "--overwrite"]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect([(await probePods()).length, (await found())?.at]).toEqual([0, before.at]);
  });

  it.each<[string, object]>([
    ["a pod of one's own", { metadata: { name: "mine" } }],
    ["a pod that looks like a probe", { metadata: { name: "nb-probe-00000000-00000000", labels: { "nomad-bridge.dev/managed": "true" } } }],
  ])("is looked at in a namespace where nobody else makes %s", async (_name, { metadata }: { metadata?: object }) => {
    const container = { name: "probe", image: "example.org/none:1", command: ["/nomad-bridge/launcher", "probe"], securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["DAC_READ_SEARCH"] } } };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "nomad-bridge-probes", ...metadata }, spec: { restartPolicy: "Never", automountServiceAccountToken: false, containers: [container] } };
    for (const who of [[], BREAK_GLASS]) expect(await kubectl(["create", "-f", "-", ...who], pod)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is for the pods that nomad-bridge looks at nodes with|for pods that nomad-bridge makes/) as string });
  });

  const as = (change: (pod: ProbeObject) => void) => {
    const pod = structuredClone(probePod("nb-probe-00000000-00000001", "nowhere", ["/usr"], "example.org/none:1")) as ProbeObject;
    change(pod);
    return pod;
  };
  it.each<[string, (pod: ProbeObject) => void]>([
    ["with another command", (pod) => void (pod.spec.containers[0]!["command"] = ["/host/bin/sh"])],
    ["with arguments", (pod) => void (pod.spec.containers[0]!["args"] = ["x"])],
    ["that can write", (pod) => void (pod.spec.containers[0]!["volumeMounts"] = [{ name: "node", mountPath: "/host" }])],
    ["with a token", (pod) => void (pod.spec["automountServiceAccountToken"] = true)],
    ["with a Secret", (pod) => void pod.spec.volumes.push({ name: "secret", secret: { secretName: "x" } })],
    ["with the node's processes", (pod) => void (pod.spec["hostPID"] = true)],
    ["with two containers", (pod) => void pod.spec.containers.push({ ...pod.spec.containers[0], name: "two" })],
    ["with a container before it", (pod) => void (pod.spec["initContainers"] = [{ ...pod.spec.containers[0], name: "two" }])],
    ["with every capability", (pod) => void (pod.spec.containers[0]!["securityContext"] = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["ALL"] } })],
    ["under another name", (pod) => void (pod.metadata.name = "nb-other")],
  ])("is not looked at by our own controller %s", async (_name, change) => {
    const controller = createKubeClient(tokenAccess(world.access, createTokenMinter(world.breakGlass, { namespace: "nomad-bridge", name: "controller" })));
    try {
      const made = await controller.create(RESOURCES.pods, as(change));
      expect(made).toMatchObject({ ok: false, error: { message: expect.stringMatching(/is for the pods that nomad-bridge looks at nodes with/) as string } });
      const exact = await controller.create(RESOURCES.pods, as(() => undefined));
      expect(exact.ok).toBe(true);
      await must(controller.remove({ resource: RESOURCES.pods, namespace: "nomad-bridge-probes", name: "nb-probe-00000000-00000001" }));
    } finally {
      await controller.close();
    }
  });
});

type ProbeObject = KubeObject & { metadata: { name: string }; spec: Record<string, unknown> & { containers: Record<string, unknown>[]; volumes: object[] } };
