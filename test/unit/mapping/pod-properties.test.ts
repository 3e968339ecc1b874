import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import { type LauncherDocument, MAX_DOCUMENT_BYTES } from "../../../src/contract/launcher-document.ts";
import { ANNOTATION, documentAnnotation, type PodTask } from "../../../src/contract/pod-metadata.ts";
import { acceptTask, podForTask } from "../../../src/mapping/pod-for-task.ts";
import { configOf, sha256, taskOf } from "./mapping-fixtures.ts";

const IMAGES = { launcher: "launcher:1", fetch: "fetch:1" };
/** What every text of a user's carries: it must never come out where Kubernetes expands it, or anywhere in the pod's spec. */
const MARK = "$(MARK)";

const text = fc.constantFrom("a", MARK, `\${node.class}${MARK}`, "$$", `x ${MARK}\n"`, "ü", "");
const some = fc.constantFrom("a", MARK, `\${attr.x}${MARK}`);
const name = fc.constantFrom("a", "b", "Log", "task", "task-1", "task-2", "nb-fetch-0", "protocol", "web.eu", "-x", "x".repeat(63), "y".repeat(55), `n${MARK}`);
const place = fc.constantFrom("/data", "/data/sub", "/opt//x/", "/local/sub", "/alloc/data/v", "/usr/x", "/usr", "/etc/app", "/srv/a", "/srv/b", "/proc", `/v${MARK}`);
const secret = fc.constantFrom("s", "t", "u.v");
const duration = fc.constantFrom("0s", "1500ms", "1m");

const artifact = fc.record({ source: some, destination: fc.constantFrom("local/", "../alloc/x", MARK), credentials: secret }, { requiredKeys: ["source"] });
const template = fc.record({ data: some, destination: fc.constantFrom("local/x", MARK), env: fc.boolean(), changeMode: fc.constantFrom("noop", "restart") }, { requiredKeys: ["data", "destination"] });
const mount = fc.record({ volume: fc.constantFrom("host", "claim"), destination: place, readOnly: fc.boolean(), propagationMode: fc.constantFrom("private", "host-to-task") }, { requiredKeys: ["volume", "destination"] });

const taskFields = {
  command: some,
  args: fc.array(text, { maxLength: 2 }),
  env: fc.dictionary(fc.constantFrom("A", "B", MARK), text, { maxKeys: 2 }),
  meta: fc.dictionary(fc.constantFrom("a", MARK), text, { maxKeys: 1 }),
  user: fc.constantFrom("nobody", MARK, "1000"),
  capDrop: fc.constantFrom([], ["all"]),
  artifacts: fc.array(artifact, { maxLength: 2 }),
  artifactSource: fc.constantFrom(`https://a.example/${MARK}`, "https://a.example/tool"),
  templates: fc.array(template, { maxLength: 2 }),
  volumeMounts: fc.array(mount, { maxLength: 2 }),
  dispatchPayload: fc.record({ file: fc.constantFrom("p", MARK), secretName: secret }),
  killTimeout: duration,
  shutdownDelay: duration,
  resources: fc.record({ cpu: fc.integer({ min: 1, max: 9000 }), secrets: fc.integer({ min: 1, max: 9 }) }),
} as const;

const lifecycle = fc.record({ hook: fc.constantFrom("prestart", "poststart", "poststop"), sidecar: fc.boolean() });
const groupTask = fc.record({ name, lifecycle, ...taskFields }, { requiredKeys: ["name", "command"] });
const VOLUMES = [{ name: "host", type: "host", source: "disk" }, { name: "claim", type: "csi", source: "claim" }];
const exec = fc.record({ ...taskFields, tasks: fc.uniqueArray(groupTask, { maxLength: 4, selector: (task) => task.name }), volumes: fc.constant(VOLUMES) }, { requiredKeys: ["command", "volumes"] });
const rawExec = exec.map(({ tasks = [], ...spec }) => ({ ...spec, driver: "raw_exec", volumeMounts: [], capDrop: [], tasks: tasks.map((task) => ({ ...task, volumeMounts: [], capDrop: [] })) }));
const spec = fc.oneof({ arbitrary: exec, weight: 3 }, { arbitrary: rawExec, weight: 1 }) as unknown as fc.Arbitrary<ExecTask["spec"]>;

const PATHS = { directories: [{ host: "/usr" }, { host: "/etc/ssl/certs" }], files: [{ host: "/etc/passwd" }] };
const chroot = fc.constantFrom({ type: "host", ...PATHS }, { type: "hostCopy", ...PATHS }, { type: "image", image: "rootfs:1" });
const config = chroot.map((each): BridgeConfigSpec => configOf({ chroot: each, allowRawExec: true, hostVolumes: [{ name: "disk", path: "/srv/disk" }] }));

type Container = { readonly name: string; readonly command: readonly string[]; readonly args?: unknown; readonly env?: readonly { readonly name: string; readonly value?: string }[]; readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPathExpr?: unknown }[] };
type Spec = { readonly volumes: readonly { readonly name: string }[]; readonly initContainers?: readonly Container[]; readonly containers: readonly Container[] };
type Made = { readonly spec: Spec; readonly containers: readonly Container[]; readonly annotations: Readonly<Record<string, string>>; readonly task: ExecTask["spec"] };

/** Calls `check` for every pod that comes of an accepted task. Enough must be accepted for the property to mean something. */
function forEveryPod(check: (made: Made) => void): void {
  let accepted = 0;
  fc.assert(
    fc.property(spec, config, (task, bridge) => {
      const result = acceptTask(taskOf(task), bridge, sha256);
      if (!result.ok) return;
      accepted++;
      const pod = podForTask(result.value, { index: 3, serial: 1, reschedules: 0 }, IMAGES);
      if (!pod.ok) throw new Error(pod.error.message);
      const made = pod.value as unknown as { readonly spec: Spec };
      check({ spec: made.spec, containers: [...(made.spec.initContainers ?? []), ...made.spec.containers], annotations: pod.value.metadata.annotations ?? {}, task });
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(60);
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const unique = (values: readonly string[]) => expect([...new Set(values)]).toEqual(values);

describe("a pod of any accepted task", () => {
  it("has volumes of unique names, and all its mounts have one, at a place of their own in each container", () => {
    forEveryPod((made) => {
      const volumes = made.spec.volumes.map((volume) => volume.name);
      unique(volumes);
      for (const volume of volumes) expect(volume).toMatch(LABEL);
      for (const { volumeMounts } of made.containers) {
        unique(volumeMounts.map((each) => each.mountPath));
        for (const each of volumeMounts) expect(volumes).toContain(each.name);
      }
    });
  });

  it("has containers whose names are DNS labels, each its own, and no task's is named as one of ours", () => {
    forEveryPod((made) => {
      const names = made.containers.map((container) => container.name);
      unique(names);
      for (const each of names) expect(each).toMatch(LABEL);
      for (const { name: each, command } of made.containers) expect(each.startsWith("nb-")).toBe(command.join(" ") !== "/nomad-bridge/launcher run");
    });
  });

  it("has a document for every task, that parses and is mounted in the task's own container", () => {
    forEveryPod(({ annotations, containers, task }) => {
      const names = ["web", ...(task.tasks ?? []).map((each) => each.name)];
      const listed = annotations[ANNOTATION.tasks];
      expect(listed === undefined).toBe(names.length === 1);
      const tasks = listed === undefined ? [{ task: "web", container: "web" }] : (JSON.parse(listed) as PodTask[]);
      expect(tasks.map((each) => each.task)).toEqual(names);
      tasks.forEach(({ task: own, container }, position) => {
        const document = JSON.parse(annotations[documentAnnotation(container, position)] ?? "") as LauncherDocument;
        expect([document.version, document.task]).toEqual([1, own]);
        expect(containers.map((each) => each.name)).toContain(container);
        expect(document.lifecycle.mains.includes(own)).toBe(names.length > 1 && document.lifecycle.hook === "");
      });
      const bytes = Object.entries(annotations).filter(([key]) => key.startsWith(ANNOTATION.launcher) && key !== ANNOTATION.launcherProtocol).reduce((sum, [, each]) => sum + Buffer.byteLength(each), 0);
      expect(bytes).toBeLessThanOrEqual(MAX_DOCUMENT_BYTES);
    });
  });

  it("never gives a user's text to a field that Kubernetes expands: only a mount's path and names of objects come from one", () => {
    forEveryPod(({ containers, spec: made }) => {
      for (const { command, args, env = [], volumeMounts } of containers) {
        expect(args).toBeUndefined();
        expect(command.join(" ")).not.toContain("$");
        for (const each of env) expect(each.value).toBeUndefined();
        for (const each of volumeMounts) expect(each.subPathExpr).toBeUndefined();
      }
      const withoutPlaces = containers.map((container) => ({ ...container, volumeMounts: container.volumeMounts.map((each) => ({ ...each, mountPath: "" })) }));
      expect(JSON.stringify([withoutPlaces, made.volumes])).not.toContain(MARK);
    });
  });

  it("gives credentials to nothing but what fetches", () => {
    forEveryPod(({ containers }) => {
      for (const { name: each, volumeMounts } of containers) {
        if (!each.startsWith("nb-fetch-")) expect(volumeMounts.filter((one) => one.name.startsWith("credentials-"))).toEqual([]);
      }
    });
  });
});
