import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bridgeConfigSpec, type BridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { KubeObject } from "../../../src/api/meta.ts";
import type { Node, Pod } from "../../../src/api/pod.ts";
import { FRESH_MS, RETRY_MS } from "../../../src/controller/plan-probe.ts";
import { type ProbeDeps, probeNode } from "../../../src/controller/probe-node.ts";
import { missingPaths, type NodeProbe, pathsToProbe, readProbe, readReport } from "../../../src/mapping/probe.ts";
import { sha256 } from "../mapping/mapping-fixtures.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const READY = [{ type: "Ready", status: "True" }];
const nodeOf = (fields: { uid?: string; boot?: string; ready?: boolean; labels?: Readonly<Record<string, string>> } = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1", uid: fields.uid ?? "uid-1", labels: fields.labels ?? {} },
  status: { conditions: fields.ready === false ? [] : READY, nodeInfo: { bootID: fields.boot ?? "boot-1" } },
});
const chroot = (directories: readonly string[], files: readonly string[] = []) => ({ type: "host", directories: directories.map((host) => ({ host })), files: files.map((host) => ({ host })) });
const configOf = (...chroots: object[]) => bridgeConfigSpec.parse({ profiles: chroots.map((each, i) => ({ name: `p${i}`, namespaces: ["*"], chroot: each })) });
const CONFIG = configOf(chroot(["/usr", "/opt"], ["/etc/hosts"]));

/** A cluster of one node: what is on its disk, and what the controller has made of it. */
type World = { now: number; node: Node | undefined; config: BridgeConfigSpec | undefined; disk: Readonly<Record<string, string>>; book: Map<string, NodeProbe>; pods: Map<string, Pod>; made: number; dies: () => boolean };

const worldOf = (fields: Partial<World> = {}): World => ({ now: START, node: nodeOf(), config: CONFIG, disk: { "/usr": "d", "/etc/hosts": "f" }, book: new Map(), pods: new Map(), made: 0, dies: () => false, ...fields });

function depsOf(world: World): ProbeDeps {
  const write = (change: () => void) => {
    if (world.dies()) return Promise.resolve({ ok: false as const, error: { retry: true, reason: "Died", message: "here" } });
    change();
    return Promise.resolve({ ok: true as const, value: undefined });
  };
  return {
    node: () => world.node,
    config: () => world.config,
    podsOn: () => [...world.pods.values()],
    probeOf: (name) => world.book.get(name),
    keep: async (name, probe) => {
      const kept = await write(() => void (probe === null ? world.book.delete(name) : world.book.set(name, probe)));
      if (!kept.ok) throw new Error("Died");
    },
    createPod: (object) => write(() => {
      if (world.pods.has(object.metadata.name)) return;
      world.made += 1;
      world.pods.set(object.metadata.name, { ...(object as Pod), metadata: { ...object.metadata, uid: `pod-${world.made}`, creationTimestamp: new Date(world.now).toISOString() }, status: { phase: "Pending" } });
    }),
    deletePod: (_namespace, { name, uid }) => write(() => {
      if (world.pods.get(name)?.metadata.uid === uid) world.pods.delete(name);
    }),
    sha256,
    image: "launcher:1",
    now: () => world.now,
  };
}

const run = (world: World) => probeNode(depsOf(world), "n1");

/** What the launcher would leave. */
function kubelet(world: World, leave: (paths: readonly string[]) => string | undefined = (paths) => reportOf(world, paths)): void {
  for (const [name, pod] of world.pods) {
    if (pod.status?.phase !== "Pending") continue;
    const message = leave(pathsAskedOf(pod));
    const terminated = { exitCode: 0, ...(message === undefined ? {} : { message }) };
    world.pods.set(name, { ...pod, status: { phase: "Succeeded", containerStatuses: [{ name: "probe", state: { terminated } }] } });
  }
}
const pathsAskedOf = (pod: KubeObject): readonly string[] => (JSON.parse(pod.metadata.annotations?.["nomad-bridge.dev/probe"] ?? "") as { readonly paths: readonly string[] }).paths;
const reportOf = ({ disk }: World, paths: readonly string[]) => JSON.stringify({ version: 1, kinds: paths.map((path) => disk[path] ?? "-").join(""), os: { name: "debian", version: "13" } });

const lacking = (world: World) => [...missingPaths((world.config ?? CONFIG).profiles[0]!, world.node === undefined ? [] : [world.node], () => world.book.get("n1"))].sort();

describe("looking at a node", () => {
  it("finds out which paths of its profiles' chroots it lacks, keeps that, and takes its pod away", async () => {
    const world = worldOf();
    await run(world);
    expect([...world.pods.values()].map(pathsAskedOf)).toEqual([["/etc/hosts", "/opt", "/usr"]]);
    expect(lacking(world)).toEqual([]);
    kubelet(world);
    expect(await run(world)).toEqual({ kind: "wait", ms: FRESH_MS, reason: "the node is looked at again" });
    expect(world.pods.size).toBe(0);
    expect(world.book.get("n1")).toEqual({ nodeUid: "uid-1", bootId: "boot-1", at: START, kinds: { "/etc/hosts": "f", "/opt": "-", "/usr": "d" }, os: { name: "debian", version: "13" } });
    expect(lacking(world)).toEqual(["/opt"]);
  });

  it.each<[string, (world: World) => void, number]>([
    ["not again while the report is fresh", (world) => void (world.now += FRESH_MS - 1), 1],
    ["again after an hour", (world) => void (world.now += FRESH_MS), 2],
    ["again after the node was started anew", (world) => void (world.node = nodeOf({ boot: "boot-2" })), 2],
    ["again when another node has the name", (world) => void (world.node = nodeOf({ uid: "uid-2" })), 2],
    ["again when a profile asks for one path more", (world) => void (world.config = configOf(chroot(["/usr", "/opt", "/srv"], ["/etc/hosts"]))), 2],
    ["not again when a profile asks for one path less", (world) => void (world.config = configOf(chroot(["/usr"]))), 1],
    ["not again when no profile holds for it", (world) => void (world.config = configOf()), 1],
    ["not yet when it is not ready", (world) => void (world.node = nodeOf({ boot: "boot-2", ready: false })), 1],
    ["again when the clock was set back", (world) => void (world.now -= 1), 2],
  ])("happens %s", async (_name, change, made) => {
    const world = worldOf();
    await run(world);
    kubelet(world);
    await run(world);
    change(world);
    await run(world);
    expect(world.made).toBe(made);
  });

  it("goes on with the pod that is there, and takes away one that answers another question", async () => {
    const world = worldOf();
    await run(world);
    await run(world);
    expect(world.made).toBe(1);
    world.config = configOf(chroot(["/srv"]));
    await run(world);
    expect([...world.pods.values()].map(pathsAskedOf)).toEqual([["/srv"]]);
  });

  it.each([undefined, "", "{}", '{"version":1,"kinds":"d","os":{}}', '{"version":2,"kinds":"-d-","os":{}}', '{"version":1,"kinds":"dzf","os":{}}'])("keeps nothing of the report %j, and tries again after a while", async (message) => {
    const world = worldOf();
    await run(world);
    kubelet(world, () => message);
    expect(await run(world)).toMatchObject({ kind: "wait", ms: RETRY_MS });
    expect([world.book.size, world.pods.size]).toEqual([0, 1]);
    world.now += RETRY_MS;
    await run(world);
    expect(world.pods.size).toBe(0);
    await run(world);
    expect(world.made).toBe(2);
  });

  it("forgets a node that is gone, and removes its pod", async () => {
    const world = worldOf();
    await run(world);
    kubelet(world);
    await run(world);
    world.now += FRESH_MS;
    await run(world);
    world.node = undefined;
    expect(await run(world)).toEqual({ kind: "settled" });
    expect([world.book.size, world.pods.size]).toEqual([0, 0]);
  });

  it("ends with what is on the disk however often it dies in between, and with no pod", async () => {
    const change = fc.oneof(
      fc.record({ boot: fc.constantFrom("a", "b"), uid: fc.constantFrom("1", "2") }).map((fields) => (world: World) => void (world.node = nodeOf(fields))),
      fc.subarray(["/usr", "/opt", "/srv", "/bin"], { minLength: 1 }).map((paths) => (world: World) => void (world.config = configOf(chroot(paths)))),
      fc.constant((world: World) => void (world.now += FRESH_MS)),
      fc.constant((world: World) => kubelet(world)),
      fc.constant((world: World) => kubelet(world, () => "spoilt")),
    );
    const disk = fc.dictionary(fc.constantFrom("/usr", "/opt", "/srv", "/bin"), fc.constantFrom("d", "f", "x"));
    await fc.assert(
      fc.asyncProperty(disk, fc.array(change, { maxLength: 8 }), fc.array(fc.nat(3), { maxLength: 20 }), async (onDisk, changes, deaths) => {
        const world = worldOf({ disk: onDisk, config: configOf(chroot(["/usr"])) });
        for (const each of changes) {
          each(world);
          let left = deaths.shift() ?? 99;
          world.dies = () => left-- <= 0;
          await run(world).catch(() => undefined);
          expect([...world.pods.values()].filter(({ status }) => status?.phase === "Pending").length).toBeLessThanOrEqual(2);
        }
        world.dies = () => false;
        for (let round = 0; round < 6; round++) {
          const outcome = await run(world);
          kubelet(world);
          if (outcome.kind === "wait" && outcome.ms <= RETRY_MS) world.now += outcome.ms;
        }
        const wanted = world.config?.profiles[0]?.chroot.directories.map(({ host }) => host) ?? [];
        expect(world.pods.size).toBe(0);
        expect(lacking(world)).toEqual(wanted.filter((path) => onDisk[path] !== "d").sort());
      }),
      { numRuns: 200 },
    );
  });
});

describe("what profiles miss", () => {
  const probe = (kinds: NodeProbe["kinds"]): NodeProbe => ({ nodeUid: "u", bootId: "b", at: 0, kinds, os: { name: "", version: "" } });
  const profile = bridgeConfigSpec.parse({ profiles: [{ name: "p", nodeSelector: { disk: "ssd" }, chroot: chroot(["/usr", "/opt"], ["/etc/hosts"]) }] }).profiles[0]!;
  const on = (name: string, kinds: NodeProbe["kinds"] | undefined, fields: Parameters<typeof nodeOf>[0] = {}) => ({ node: { ...nodeOf({ labels: { disk: "ssd" }, ...fields }), metadata: { name, uid: name, labels: fields.labels ?? { disk: "ssd" } } }, kinds });

  it.each<[string, ReturnType<typeof on>[], readonly string[]]>([
    ["nothing where no node was looked at", [on("a", undefined)], []],
    ["what one of its nodes lacks", [on("a", { "/usr": "d", "/opt": "d" }), on("b", { "/usr": "d", "/opt": "-" })], ["/opt"]],
    ["a file that is a directory, and the other way round", [on("a", { "/usr": "f", "/etc/hosts": "d" })], ["/usr", "/etc/hosts"]],
    ["what is neither", [on("a", { "/usr": "x" })], ["/usr"]],
    ["nothing that only a node of others lacks", [on("a", { "/usr": "-" }, { labels: { disk: "hdd" } })], []],
    ["nothing that only a node lacks that is not ready", [on("a", { "/usr": "-" }, { ready: false })], []],
    ["nothing for a path that was not asked for yet", [on("a", { "/other": "-" })], []],
  ])("is %s", (_name, nodes, missing) => {
    const found = missingPaths(profile, nodes.map(({ node }) => node), (node) => {
      const kinds = nodes.find((each) => each.node === node)?.kinds;
      return kinds === undefined ? undefined : probe(kinds);
    });
    expect([...found]).toEqual(missing);
  });

  it("asks for each host path once, for no image, and for 1024 at most", () => {
    const { profiles } = configOf(chroot(["/usr", "/bin"]), chroot(["/usr"], ["/etc/hosts"]), { type: "image", image: "x" }, { type: "hostCopy", directories: [{ host: "/srv", task: "/data" }], files: [] });
    expect(pathsToProbe(nodeOf(), profiles)).toEqual(["/bin", "/etc/hosts", "/srv", "/usr"]);
    const many = Array.from({ length: 30 }, (_, i) => chroot(Array.from({ length: 48 }, (_path, j) => `/d${i}/${j}`)));
    expect(pathsToProbe(nodeOf(), configOf(...many).profiles).length).toBe(1024);
  });

  it.each(["", "{", "null", "[]", '{"nodeUid":"u"}', '{"nodeUid":"u","bootId":"b","at":1,"kinds":{},"os":null}'])("takes no entry of %j", (text) => expect(readProbe(text)).toBeUndefined());

  it("has an answer for whatever a pod leaves", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (message) => {
      const report = readReport(message, ["/usr"]);
      expect(report === undefined || "/usr" in report.kinds).toBe(true);
    }));
  });
});
