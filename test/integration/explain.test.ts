/** @module `nomad-bridge explain` beside the cluster that it speaks of: the real program, the controller's own pod, and Pod Security's own verdict. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { ANNOTATION } from "../../src/contract/pod-metadata.ts";
import { BREAK_GLASS, kubectl, kubectlOk } from "./support/kubectl.ts";
import { enterWorld, execTask, readyPod, shell, unique, type World } from "./support/world.ts";
import { giveInput } from "../support/child-input.ts";

type Report = {
  readonly name: string;
  readonly accepted: boolean;
  readonly refusal?: { readonly reason: string };
  readonly podSecurity: { readonly level: string };
  readonly pod: Pod & { readonly spec: { readonly volumes: readonly { readonly name: string; readonly hostPath?: object }[] } };
};

let world: World;
beforeAll(async () => {
  world = await enterWorld("explain");
});
afterAll(async () => await world.leave());

async function explain(argv: readonly string[], input = ""): Promise<{ readonly code: number; readonly tasks: readonly Report[]; readonly config: string; readonly stderr: string }> {
  const { checkout, kubeconfig } = inject("bridge");
  const words = ["explain", "--format=json", `--namespace=${world.namespace}`, `--kubeconfig=${kubeconfig}`, ...argv];
  const child = spawn(process.execPath, [join(checkout, "src/main/nomad-bridge.ts"), ...words], { env: { PATH: process.env["PATH"] }, stdio: ["pipe", "pipe", "pipe"] });
  giveInput(child, input);
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const { tasks = [], config = "" } = stdout === "" ? {} : (JSON.parse(stdout) as { tasks: readonly Report[]; config: string });
  return { code: Number(exit[0]), tasks, config, stderr };
}

/** Annotations, with the launcher's document read; which addresses are never fetched from is known to the controller alone. */
function annotationsOf({ metadata }: Pod): object {
  const { [ANNOTATION.launcher]: document = "{}", ...annotations } = metadata.annotations ?? {};
  const { fetch: _fetch, ...rest } = JSON.parse(document) as { readonly fetch: object };
  return { ...annotations, document: rest };
}

const withoutImage = (pod: Pod) => pod.spec.containers.map(({ image: _image, ...container }) => container);

describe("explain of a task in the cluster", () => {
  it("shows the pod that the controller has made", async () => {
    const pod = await readyPod(world, "shown", { meta: { team: "platform" }, capDrop: ["all"] });
    const { code, tasks, config } = await explain(["exectask/shown"]);
    expect({ code, config, accepted: tasks[0]?.accepted }).toEqual({ code: 0, config: "the cluster", accepted: true });
    const explained = tasks[0]?.pod as Pod;
    expect(annotationsOf(pod)).toMatchObject(annotationsOf(explained));
    expect(pod.metadata.ownerReferences).toEqual(explained.metadata.ownerReferences);
    expect(pod.metadata.name).toBe(explained.metadata.name);
    expect(withoutImage(pod)).toMatchObject(withoutImage(explained));
    expect(pod.spec.volumes).toMatchObject(explained.spec.volumes ?? []);
  });

  it("says what the cluster says of a task that is not there", async () => {
    const { code, stderr } = await explain(["exectask/missing"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`has no ExecTask "missing" in namespace "${world.namespace}"`) as string });
  });

  it("refuses what the controller refuses", async () => {
    const { code, tasks } = await explain(["-"], JSON.stringify(execTask(world.namespace, "root", { ...shell("true"), user: "root" })));
    expect({ code, reason: tasks[0]?.refusal?.reason }).toEqual({ code: 1, reason: "UserRefused" });
  });
});

describe("the Pod Security level that explain computes", () => {
  const strictest = unique("strict");
  beforeAll(async () => {
    await kubectlOk([...BREAK_GLASS, "create", "namespace", strictest]);
  });
  afterAll(async () => {
    await kubectlOk([...BREAK_GLASS, "delete", "namespace", strictest, "--wait=false"]);
  });

  /** Whether a namespace that enforces the level would take the pod's spec. */
  async function isTaken(level: string, pod: Pod): Promise<boolean> {
    await kubectlOk([...BREAK_GLASS, "label", "namespace", strictest, "--overwrite", `pod-security.kubernetes.io/enforce=${level}`]);
    const said = await kubectl([...BREAK_GLASS, "create", "--dry-run=server", "-f", "-"], { ...pod, metadata: { name: "x", namespace: strictest } });
    if (said.code !== 0) expect(said.stderr).toContain(`violates PodSecurity "${level}:`);
    return said.code === 0;
  }

  it("is the one that the API server enforces", async () => {
    const { tasks } = await explain(["-"], JSON.stringify(execTask(world.namespace, "judged", shell("true"))));
    const { pod, podSecurity } = tasks[0] as Report;
    expect(podSecurity.level).toBe("privileged");
    expect([await isTaken("baseline", pod), await isTaken("privileged", pod)]).toEqual([false, true]);
    const ofNode = new Set(pod.spec.volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name));
    const containers = pod.spec.containers.map((each) => ({ ...each, volumeMounts: (each as unknown as { volumeMounts: { name: string }[] }).volumeMounts.filter(({ name }) => !ofNode.has(name)) }));
    const withoutNode = { ...pod, spec: { ...pod.spec, containers, volumes: pod.spec.volumes.filter(({ name }) => !ofNode.has(name)) } };
    expect([await isTaken("restricted", withoutNode), await isTaken("baseline", withoutNode)]).toEqual([false, true]);
  });
});
