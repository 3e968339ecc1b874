import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { Node } from "../../../src/api/pod.ts";
import { NODE_RECORDS_NAME, type NodeRecord } from "../../../src/contract/node-record.ts";
import { type ConfigMap, patchTo } from "../../../src/controller/config-map.ts";
import { keepNodeRecords, nodeRecords, type NodeRecordsDeps } from "../../../src/controller/node-records.ts";
import type { WriteError } from "../../../src/controller/reconcile.ts";

const nodeOf = (name: string, fields: Partial<Node["metadata"]> = {}): Node => ({ apiVersion: "v1", kind: "Node", metadata: { name, uid: `uid-${name}`, creationTimestamp: "2026-01-01T00:00:00Z", ...fields } });
const CONFIG = bridgeConfigSpec.parse({
  profiles: [{ name: "all", namespaces: ["wide"] }, { name: "ssd", namespaces: ["team"], nodeSelector: { disk: "ssd" } }, { name: "gpu", namespaces: ["team"], nodeSelector: { gpu: "yes" } }],
});
const NODES = [nodeOf("a", { labels: { disk: "ssd" } }), nodeOf("b", { labels: { disk: "hdd" } }), nodeOf("c", { labels: { gpu: "yes" } })];

type World = { nodes: Node[]; tasks: number; managed: boolean; present: ConfigMap | undefined; writes: number; dropped: readonly string[]; refuse?: WriteError };

const worldOf = (fields: Partial<World> = {}): World => ({ nodes: NODES, tasks: 1, managed: true, present: undefined, writes: 0, dropped: [], ...fields });

function depsOf(world: World): NodeRecordsDeps {
  const done = (change: () => void) => {
    if (world.refuse !== undefined) return Promise.resolve({ ok: false as const, error: world.refuse });
    change();
    world.writes += 1;
    return Promise.resolve({ ok: true as const, value: undefined });
  };
  return {
    isManaged: () => world.managed,
    isNeeded: () => world.tasks > 0,
    config: () => CONFIG,
    nodes: () => world.nodes,
    osOf: () => undefined,
    readConfigMap: () => Promise.resolve({ ok: true, value: world.present }),
    createConfigMap: (object) => done(() => void (world.present = object)),
    patchConfigMap: (present, patch) => done(() => void (world.present = merged(present, patch))),
    onDropped: (_namespace, nodes) => void (world.dropped = nodes),
  };
}

/** What the API server makes of a JSON merge patch. */
function merged({ binaryData, ...present }: ConfigMap, patch: NonNullable<ReturnType<typeof patchTo>>): ConfigMap {
  const data = Object.fromEntries(Object.entries({ ...present.data, ...patch.data }).filter((entry): entry is [string, string] => entry[1] !== null));
  return { ...present, data, ...(patch.binaryData === null || binaryData === undefined ? {} : { binaryData }) };
}

const keep = (world: World, namespace = "team") => keepNodeRecords(depsOf(world), namespace);
const namesIn = ({ present }: World) => Object.keys(present?.data ?? {});

describe("the node records of a namespace", () => {
  it.each([["wide", ["a", "b", "c"]], ["team", ["a", "c"]], ["other", []]])("of %s are those of the nodes that its profiles may place tasks on: %j", async (namespace, names) => {
    const world = worldOf();
    expect(await keep(world, namespace)).toMatchObject({ kind: "wait" });
    expect(world.present?.metadata).toEqual({ name: NODE_RECORDS_NAME, namespace });
    expect(namesIn(world)).toEqual(names);
  });

  it("are not written again while nothing in them changes", async () => {
    const world = worldOf();
    await keep(world);
    world.nodes = NODES.map((node) => ({ ...node, metadata: { ...node.metadata, resourceVersion: "9", annotations: { beat: "1" } } }));
    await keep(world);
    expect(world.writes).toBe(1);
    world.nodes = [nodeOf("a", { labels: { disk: "ssd", rack: "7" } })];
    await keep(world);
    expect([world.writes, namesIn(world), (JSON.parse(world.present?.data?.["a"] ?? "") as NodeRecord).meta]).toEqual([2, ["a"], { disk: "ssd", rack: "7" }]);
  });

  it.each<[string, Partial<World>]>([["that is not managed", { managed: false }], ["without a task that asks", { tasks: 0 }]])("are left alone in a namespace %s", async (_name, fields) => {
    const world = worldOf({ present: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NODE_RECORDS_NAME }, data: { old: "{}" } }, ...fields });
    expect(await keep(world)).toEqual({ kind: "settled" });
    expect([world.writes, namesIn(world)]).toEqual([0, ["old"]]);
  });

  it("are tried again when the API server refuses them", async () => {
    await expect(keep(worldOf({ refuse: { retry: true, reason: "Forbidden", message: "no" } }))).rejects.toThrow(`ConfigMap team/${NODE_RECORDS_NAME}: Forbidden: no`);
  });

  it("leave the newest nodes out that there is no room for, and never pass what an object takes", () => {
    const large = (name: string, bytes: number, second: number) => nodeOf(name, { creationTimestamp: `2026-01-01T00:00:0${second}Z`, annotations: { "meta.nomad-bridge.dev/x": "ü".repeat(bytes / 2) } });
    const nodes = [large("newest", 200_000, 9), large("old", 400_000, 1), large("middle", 400_000, 2), large("tiny", 10, 9)];
    const { data, dropped } = nodeRecords({ nodes: () => nodes, osOf: () => undefined }, CONFIG, "wide");
    expect([Object.keys(data).sort(), dropped]).toEqual([["middle", "old", "tiny"], ["newest"]]);
    expect(new TextEncoder().encode(Object.entries(data).flat().join("")).length).toBeLessThanOrEqual(900 * 1024);
  });
});

describe("patchTo", () => {
  const data = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor"), fc.constantFrom("1", "2"));
  it("makes whatever stands there what is wanted, and is nothing where it is", () => {
    fc.assert(
      fc.property(data, data, fc.boolean(), (before, wanted, binary) => {
        const present: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n" }, data: before, ...(binary ? { binaryData: { x: "eA==" } } : {}) };
        const patch = patchTo(present, wanted);
        const after = patch === undefined ? present : merged(present, patch);
        expect(after.data).toEqual(wanted);
        expect(after.binaryData).toBeUndefined();
        expect(patchTo(after, wanted)).toBeUndefined();
      }),
    );
  });
});
