/** @module A cluster in which nothing changes: the controller must then write nothing, whatever kind of job there is and however it stands. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256 } from "../../src/access/sha256.ts";
import type { KubeObject } from "../../src/api/meta.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { must } from "./kubernetes/real-cluster.ts";
import { nomadJson } from "./support/nomad.ts";
import { applyJob, AT_ONCE, childrenOf, group, type JobText, statusWhen, task, WAITS } from "./support/nomad-jobs.ts";
import { enterWorld, readyTask, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("quiet");
});
afterAll(async () => await world.leave());

const RESTING_MS = 2_000;
const MOST_LOOKS = 12;
const ENDS = (code: number) => ["-c", `exit ${code}`];
const NEVER = { Attempts: 0, Unlimited: false };
const NOWHERE = { Constraints: [{ LTarget: "${attr.kernel.name}", RTarget: "plan9", Operand: "=" }] };

type Status = Parameters<Parameters<typeof statusWhen>[2]>[0];
type Row = readonly [id: string, versions: readonly JobText[], stands: (status: Status) => boolean];

const hasRun = (state: "complete" | "failed") => ({ groups, state: now }: Status) => now === "dead" && Object.values(groups ?? {}).some((counts) => counts[state] > 0);
const deploymentIs = (wanted: string) => ({ deployment }: Status) => deployment?.["status"] === wanted;
// An API server gives the groups back in another order than this.
const twoGroups = (text: string): JobText => ({ TaskGroups: ["web", "db"].map((Name) => group(WAITS(text), { Name, Count: 2, Update: { ...AT_ONCE, Canary: 1 } })) });

const JOBS: readonly Row[] = [
  ["waits-for-promotion", [twoGroups("one"), twoGroups("two")], ({ deployment }) => JSON.stringify(deployment).split('"healthyCanaries":1').length === 3],
  ["runs", [{ TaskGroups: [group(WAITS(), { Count: 3, Update: AT_ONCE })] }], deploymentIs("successful")],
  ["fails", [{ TaskGroups: [group(ENDS(1), { Update: { ...AT_ONCE, MinHealthyTime: 30_000_000_000 }, ReschedulePolicy: NEVER })] }], deploymentIs("failed")],
  ["has-no-place", [{ TaskGroups: [group(WAITS(), { ...NOWHERE, Update: AT_ONCE })] }], ({ groups }) => groups?.["main"]?.queued === 1],
  ["batch-is-done", [{ Type: "batch", TaskGroups: [group(ENDS(0), { Count: 2 })] }], hasRun("complete")],
  ["batch-has-failed", [{ Type: "batch", TaskGroups: [group(ENDS(3), { ReschedulePolicy: NEVER })] }], hasRun("failed")],
  ["is-everywhere", [{ Type: "system", TaskGroups: [group(WAITS())] }], ({ groups }) => groups?.["main"]?.running === 1],
  ["was-everywhere", [{ Type: "sysbatch", TaskGroups: [group(ENDS(0))] }], hasRun("complete")],
  ["comes-at-new-year", [{ Type: "batch", Periodic: { Enabled: true, Spec: "0 0 1 1 *", SpecType: "cron" }, TaskGroups: [group(ENDS(0))] }], ({ state }) => state === "running"],
  ["is-dispatched", [{ Type: "batch", ParameterizedJob: { Payload: "optional" }, TaskGroups: [group(ENDS(0))] }], ({ state }) => state === "running"],
  ["is-refused", [{ TaskGroups: [{ Name: "main", Count: 1, Tasks: [{ ...task([]), Driver: "java" }] }] }], ({ conditions }) => conditions?.some(({ type, status }) => type === "Accepted" && status === "False") === true],
];

/** What only we write: of a pod its metadata, as the kubelet has its status. */
async function written(): Promise<Readonly<Record<string, string>>> {
  const { client, namespace } = world;
  const { nomadJobs, execTasks, controllerRevisions, services, pods } = RESOURCES;
  const lists = await Promise.all([nomadJobs, execTasks, controllerRevisions, services, pods].map(async (resource) => (await must(client.list<KubeObject>({ resource, namespace }))).items.map((object) => [resource, object] as const)));
  const said = ({ metadata: { labels, annotations, deletionTimestamp } }: KubeObject) => sha256(JSON.stringify({ labels, annotations, deletionTimestamp })).slice(0, 8);
  return Object.fromEntries(lists.flat().map(([resource, object]) => [`${resource.kind} ${object.metadata.name}`, resource === pods ? said(object) : (object.metadata.resourceVersion ?? "")]));
}

it("nothing is written while nothing changes, for no kind of job", async () => {
  await readyTask(world, "task-runs", {});
  await Promise.all(JOBS.map(async ([id, versions, stands]) => {
    for (const [index, job] of versions.entries()) {
      await applyJob(world, id, job);
      if (index < versions.length - 1) await statusWhen(world, id, deploymentIs("successful"));
    }
    await statusWhen(world, id, stands);
  }));
  await nomadJson(`/v1/job/is-dispatched/dispatch?namespace=${world.namespace}`, { method: "PUT", body: {} });
  await Promise.all((await childrenOf(world, "is-dispatched")).map(({ metadata }) => statusWhen(world, metadata.name, hasRun("complete"))));

  let [before, after] = [{}, await written()];
  // A kubelet is late with its news, and each of them may be one write.
  for (let look = 0; look < MOST_LOOKS && JSON.stringify(before) !== JSON.stringify(after); look += 1) {
    await sleep(RESTING_MS);
    [before, after] = [after, await written()];
  }
  expect(Object.keys(after).length).toBeGreaterThan(JOBS.length);
  expect(after).toEqual(before);
});
