/** @module The samples as a person applies them: those that need nothing beside a cluster run, and the others say what they lack. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { ExecTask } from "../../src/api/exec-task.ts";
import { kubectlOk } from "./support/kubectl.ts";
import { enterWorld, type World } from "./support/world.ts";

let world: World;
const fileOf = (sample: string) => join(inject("bridge").checkout, "manifests", "samples", `${sample}.yaml`);
const inNamespace = (...args: readonly string[]) => kubectlOk(["--namespace", world.namespace, ...args]);

beforeAll(async () => {
  world = await enterWorld("samples");
});
afterAll(async () => await world.leave());

it.concurrent.each(["hello", "templates", "group", "logs"])("%s.yaml becomes Ready", async (sample) => {
  await inNamespace("apply", "-f", fileOf(sample));
  expect(await inNamespace("wait", "--for=condition=Ready", `exectask/${sample}`, "--timeout=90s")).toContain("condition met");
});

it("volume.yaml is refused where the profile offers no such directory", async () => {
  await inNamespace("apply", "-f", fileOf("volume"));
  await inNamespace("wait", "--for=condition=Accepted=False", "exectask/volume", "--timeout=60s");
  const { status } = JSON.parse(await inNamespace("get", "exectask", "volume", "-o", "json")) as ExecTask;
  expect(status?.conditions?.find(({ type }) => type === "Accepted")?.message).toContain('has no host volume "shared"');
});
