/** @module Artifacts: fetched before the task starts, unpacked, checked, and refused where they must be. From a server that the pod reaches, on a real cluster. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import type { ApiEndpoints, ApiService } from "../../../src/mapping/api-server.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { eventually, must } from "../kubernetes/real-cluster.ts";
import { escapingTar, staticProgram, tarGz, zip } from "../support/archives.ts";
import { eventOf, serveFiles, type FileServer } from "../support/file-server.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { allocation, inTask } from "../support/nomad.ts";
import { seenBy, textOf } from "../support/seen.ts";
import { applyTask, conditionBecomes, enterWorld, grantProfiles, podsOf, readyPod, removeTask, shell, taskNow, uidOf, unique, type Spec, type World } from "../support/world.ts";

const WAIT = 'trap "exit 0" INT; while :; do sleep 1 & wait $!; done';
/** All tasks of this file are on one node at a time. */
const resources = { cpu: 20, memory: 64 };
const WAITING = { ...shell(WAIT), resources };
const PROGRAM = `#!/bin/sh\necho "$0 $*" > /alloc/data/seen\n${WAIT}\n`;

let world: World;
let server: FileServer;
let endless: "asked for" | "given up" | undefined;
let apiServer: ApiServer;
let takeProfilesBack: () => Promise<void>;
const profile = unique("artifacts");
beforeAll(async () => {
  world = await enterWorld("artifacts");
  takeProfilesBack = await grantProfiles(world, [{ name: profile, users: { app: { uid: 4321, gid: 4322 } } }]);
  apiServer = await apiServerOf(world);
  const consumer = staticProgram();
  server = await serveFiles(world, {
    "/consumer-dotnet.zip": zip({ "Consumer.dll": "print(open('/alloc/data/seen','w').write('dll runs\\n'))\nimport time\ntime.sleep(100000)\n" }),
    "/consumer-go.zip": zip({ consumer }, 0o755),
    "/consumer": consumer,
    "/consumer.sha256": `${createHash("sha256").update(consumer).digest("hex")}  consumer\n`,
    "/once-more": "x",
    "/once": "only once\n",
    "/name-of-my-binary": PROGRAM,
    "/u/1234/binary.bin": PROGRAM,
    "/tree.tar.gz": tarGz({ "bin/tool": PROGRAM, "share/readme": "read me\n" }),
    "/escape.tar": escapingTar(),
    "/private": (request, response) => {
      const allowed = request.headers.authorization === "Bearer s3cret-value";
      response.writeHead(allowed ? 200 : 401).end("for those who may\n");
    },
    "/to-metadata": (_request, response) => void response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end(),
    "/to-loopback": (_request, response) => void response.writeHead(302, { location: `http://127.0.0.1:${new URL(inject("bridge").addr).port}/` }).end(),
    "/endless": (_request, response) => {
      endless = "asked for";
      response.on("close", () => void (endless = "given up"));
      response.writeHead(200).write("the beginning");
    },
    "/to-api-server": (_request, response) => void response.writeHead(302, { location: `${apiServer.own}/version` }).end(),
    "/to-file": (_request, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  });
});
afterAll(async () => {
  await server.close();
  await apiServer.leave();
  await takeProfilesBack();
  await world.leave();
});

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const url = (path: string) => `${server.address}${path}`;

describe.concurrent("an artifact", () => {
  it("is an archive with a file for an interpreter, by a path below the task's directory", async () => {
    const pod = await readyPod(world, "dotnet", { command: "/usr/bin/python3", args: ["local/Consumer.dll"], resources, artifacts: [{ source: url("/consumer-dotnet.zip") }] });
    expect(await seenBy(uidOf(pod), "dotnet")).toBe("dll runs\n");
  });

  it("is an archive with a static program, run as local/consumer", async () => {
    const pod = await readyPod(world, "consumer", { command: "local/consumer", args: [], resources, artifacts: [{ source: url("/consumer-go.zip") }] });
    expect(await seenBy(uidOf(pod), "consumer")).toBe("static program runs\n");
  });

  it("is a program, found by its bare name and made executable", async () => {
    const options = { checksum: `sha256:${sha256(PROGRAM)}` };
    const pod = await readyPod(world, "binary", { command: "name-of-my-binary", args: ["x"], resources, artifacts: [{ source: url("/name-of-my-binary"), options }] });
    expect(await seenBy(uidOf(pod), "binary")).toBe("/local/name-of-my-binary x\n");
    expect(await inTask(uidOf(pod), "binary", "stat -c '%u:%g' /local/name-of-my-binary")).toBe("65534:0\n");
  });

  it("is the artifact_source of an old job, with its checksum and bare variables", async () => {
    const pod = await readyPod(world, "legacy", { command: "$NOMAD_TASK_DIR/binary.bin", args: ["$NOMAD_DC", "$NO_SUCH"], resources, artifactSource: url("/u/1234/binary.bin"), checksum: `sha256:${sha256(PROGRAM)}` });
    expect(await seenBy(uidOf(pod), "legacy")).toBe("/local/binary.bin dc1 $NO_SUCH\n");
  });

  it("is unpacked where the job says, shared directory included, with the source interpolated", async () => {
    const artifacts: Spec["artifacts"] = [{ source: `${server.address}/\${NOMAD_META_file}.tar.gz`, destination: "local/deep/er" }, { source: url("/tree.tar.gz"), destination: "../alloc/data/tree" }];
    const pod = await readyPod(world, "tree", { ...WAITING, meta: { file: "tree" }, artifacts });
    expect(await inTask(uidOf(pod), "tree", "cat /local/deep/er/share/readme /alloc/data/tree/share/readme")).toBe("read me\nread me\n");
  });

  it("comes with headers of a Secret, which shows nowhere", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "token", namespace: world.namespace }, stringData: { "header.Authorization": "Bearer s3cret-value" } };
    await kubectlOk(["apply", "-f", "-"], secret);
    const pod = await readyPod(world, "private", { ...WAITING, artifacts: [{ source: url("/private"), destination: "local/it", mode: "file", credentials: "token" }] });
    expect(await inTask(uidOf(pod), "private", "cat /local/it; env | grep -c s3cret; ls /nomad-bridge/credentials 2>&1 | grep -c token; true")).toBe("for those who may\n0\n0\n");
    const everything = JSON.stringify([await podsOf(world, "private"), await taskNow(world, "private")]) + (await kubectlOk(["get", "events", "-n", world.namespace, "-o", "json"]));
    expect(everything).not.toContain("s3cret-value");
  });
});

describe.concurrent("an artifact that cannot be had", () => {
  it.each<{ readonly name: string; readonly artifact: () => NonNullable<Spec["artifacts"]>[number]; readonly says: RegExp }>([
    { name: "wrong-checksum", artifact: () => ({ source: url("/name-of-my-binary"), options: { checksum: `sha256:${sha256("other")}` } }), says: /failed to download artifact ".*": .*[Cc]hecksum/s },
    { name: "not-there", artifact: () => ({ source: url("/nothing") }), says: /failed to download artifact ".*": .*404/s },
    { name: "escape", artifact: () => ({ source: url("/escape.tar"), destination: "local/x" }), says: /failed to download artifact/ },
    { name: "metadata", artifact: () => ({ source: "http://169.254.169.254/latest/meta-data" }), says: /failed to download artifact ".*": .*169\.254\.169\.254/s },
    { name: "loopback", artifact: () => ({ source: "http://127.0.0.1:1/x" }), says: /failed to download artifact ".*": .*127\.0\.0\.1/s },
    { name: "redirect-metadata", artifact: () => ({ source: url("/to-metadata") }), says: /failed to download artifact ".*": .*169\.254\.169\.254/s },
    { name: "redirect-loopback", artifact: () => ({ source: url("/to-loopback") }), says: /failed to download artifact ".*": .*127\.0\.0\.1/s },
    { name: "redirect-file", artifact: () => ({ source: url("/to-file") }), says: /failed to download artifact/ },
    { name: "file-url", artifact: () => ({ source: "file:///etc/passwd" }), says: /failed to download artifact/ },
    { name: "api-server-by-name", artifact: () => ({ source: "https://kubernetes.default.svc/version", insecure: true }), says: /failed to download artifact "https:\/\/kubernetes\.default\.svc\/version": / },
    { name: "leads-out-late", artifact: () => ({ source: url("/name-of-my-binary"), destination: "${NOMAD_META_up}/etc" }), says: /artifact destination path escapes alloc directory/ },
  ])("keeps the task from starting, says why, and is tried again: $name", async ({ name, artifact, says }) => {
    await applyTask(world, name, { ...WAITING, meta: { up: "../.." }, artifacts: [artifact()] });
    expect(await eventOf(world, name, says)).toMatch(says);
    const [pod] = await podsOf(world, name);
    expect(pod?.status?.containerStatuses?.[0]?.state?.running).toBeUndefined();
    await eventually(async () => ((await podsOf(world, name))[0]?.status?.initContainerStatuses?.some(({ restartCount = 0 }) => restartCount > 0) === true ? true : undefined));
  });
});

describe.concurrent("the API server", () => {
  it.each([
    { name: "api-server-itself", address: () => apiServer.own },
    { name: "api-server-service", address: () => apiServer.service },
  ])("is no place that an artifact comes from, although the job names it: $name", async ({ name, address }) => {
    const source = `${address()}/version`;
    await applyTask(world, name, { ...WAITING, artifacts: [{ source, insecure: true }] });
    const { hostname } = new URL(source);
    expect(await eventOf(world, name, /failed to download artifact/)).toContain(`failed to download artifact "${source}": the host "${hostname}" leads to ${hostname}, which belongs to the cluster itself`);
    expect(apiServer.asked()).toEqual([]);
  });

  it.each([
    { asked: ["watch", "services/kubernetes", "-n", "default"], answer: "yes" },
    { asked: ["watch", "endpointslices.discovery.k8s.io/kubernetes", "-n", "default"], answer: "yes" },
    { asked: ["get", "endpointslices.discovery.k8s.io/other", "-n", "default"], answer: "no" },
    { asked: ["get", "endpointslices.discovery.k8s.io/kubernetes", "-n", "kube-system"], answer: "no" },
  ])("is found with no right to other endpoints than its own: $asked, $answer", async ({ asked, answer }) => {
    const { stdout } = await kubectl(["auth", "can-i", ...asked, "--as=system:serviceaccount:nomad-bridge:controller", "--as-group=system:serviceaccounts", "--as-group=system:authenticated"]);
    expect(stdout.trim()).toBe(answer);
  });

  it("is no place that a redirect leads to", async () => {
    await applyTask(world, "redirect-api-server", { ...WAITING, artifacts: [{ source: url("/to-api-server"), insecure: true }] });
    expect(await eventOf(world, "redirect-api-server", /failed to download artifact/)).toContain("which belongs to the cluster itself");
    expect(apiServer.asked()).toEqual([]);
  });
});

type ApiServer = { readonly service: string; readonly own: string; readonly asked: FileServer["asked"]; readonly leave: () => Promise<void> };

/**
 * Where the cluster says that its API server is. Ours is on loopback, which no pod reaches, and says nothing: then a server of the test
 * takes its place, at an address that other servers of the test have too.
 */
async function apiServerOf({ client, breakGlass }: World): Promise<ApiServer> {
  const named = { namespace: "default", name: "kubernetes" };
  const { spec } = await must(client.get<ApiService>({ resource: RESOURCES.services, ...named }));
  const service = `https://${spec?.clusterIP}`;
  const present = await client.get<ApiEndpoints>({ resource: RESOURCES.endpointSlices, ...named });
  if (present.ok) {
    const { endpoints, ports } = present.value;
    return { service, own: `https://${endpoints?.[0]?.addresses?.[0]}:${ports?.[0]?.port}`, asked: () => [], leave: async () => undefined };
  }
  const fake = await serveFiles(world, { "/version": "{}" });
  const { hostname, port } = new URL(fake.address);
  const slice = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata: { ...named, labels: { "kubernetes.io/service-name": "kubernetes" } }, addressType: "IPv4", endpoints: [{ addresses: [hostname] }], ports: [{ name: "https", port: Number(port) }] };
  await must(breakGlass.create(RESOURCES.endpointSlices, slice));
  const leave = async () => {
    await must(breakGlass.remove({ resource: RESOURCES.endpointSlices, ...named }));
    await fake.close();
  };
  return { service, own: fake.address, asked: fake.asked, leave };
}

describe.concurrent("a destination that leads out", () => {
  it("is refused before there is a pod, where it can be seen by then", async () => {
    await applyTask(world, "leads-out", { ...WAITING, artifacts: [{ source: url("/private"), destination: "../../etc" }] });
    const { message } = await conditionBecomes(world, "leads-out", { type: "Accepted", status: "False" });
    expect(message).toBe(`failed to download artifact "${url("/private")}": artifact destination path escapes alloc directory`);
    expect(await podsOf(world, "leads-out")).toEqual([]);
  });
});

describe.concurrent("artifacts", () => {
  it("are not fetched again when the task starts again", async () => {
    const script = `[ -e /alloc/data/failed ] || { touch /alloc/data/failed; exit 1; }; cat /local/once > /alloc/data/seen; ${WAIT}`;
    const pod = await readyPod(world, "again", { ...shell(script), resources, restart: { attempts: 3, interval: "10m", delay: "1s", mode: "fail" }, artifacts: [{ source: url("/once") }] });
    await eventually(async () => ((await allocation(uidOf(pod))).TaskStates["again"]?.Restarts === 1 ? true : undefined));
    expect(await eventually(async () => (await inTask(uidOf(pod), "again", "cat /alloc/data/seen 2>/dev/null; true").catch(() => "")) || undefined)).toBe("only once\n");
    expect(server.asked().filter(({ line }) => line === "GET /once")).toHaveLength(1);
  });

  it.each([
    { name: "by-number", user: "1234", owner: "1234:0" },
    { name: "by-table", user: "app", owner: "4321:4322" },
  ])("belong to the user whom the task names: $name", async ({ name, user, owner }) => {
    const pod = await readyPod(world, name, { ...WAITING, profile, user, artifacts: [{ source: url("/tree.tar.gz") }] });
    expect(await inTask(uidOf(pod), name, "stat -c %u:%g /local/bin /local/bin/tool /local/share/readme; echo mine >> /local/share/readme && echo written")).toBe(`${owner}\n`.repeat(3) + "written\n");
  });

  it("are each task's own in a group", async () => {
    const other = { name: "helper", command: "local/consumer", args: [], resources, artifacts: [{ source: url("/consumer"), options: { checksum: checksum("/consumer") } }] };
    const pod = await readyPod(world, "grouped", { ...WAITING, artifacts: [{ source: url("/tree.tar.gz") }], tasks: [other] });
    expect(await inTask(uidOf(pod), "grouped", `${textOf("/alloc/data/seen")}; ls /local`)).toBe("static program runs\nbin\nshare\n");
    expect(await inTask(uidOf(pod), "helper", "ls /local")).toBe("consumer\n");
  });

  it("come to a task whose root is an image, for a user that fetch knows by itself", async () => {
    const image = unique("image");
    // The image of fetch has an /etc/passwd, and nothing that a program could use.
    const back = await grantProfiles({ ...world, namespace: image }, [{ name: image, namespaces: [world.namespace], chroot: { type: "image", image: await fetchImage() } }]);
    const pod = await readyPod(world, "on-image", { profile: image, command: "local/consumer", args: [], resources, artifacts: [{ source: url("/consumer-go.zip") }] });
    const written = await kubectlOk(["get", "pod", "-n", world.namespace, pod.metadata.name, "-o", "jsonpath={.status.initContainerStatuses[*].state.terminated.exitCode}"]);
    expect(written.split(" ").every((code) => code === "0")).toBe(true);
    expect(server.asked().map(({ line }) => line)).toContain("GET /consumer-go.zip");
    await back();
  });

  it("that are loading end with the task that is deleted, and nothing is left", async () => {
    await applyTask(world, "deleted", { ...WAITING, artifacts: [{ source: url("/endless") }] });
    await eventually(() => (endless === "asked for" ? true : undefined));
    await removeTask(world, "deleted");
    await eventually(async () => ((await podsOf(world, "deleted")).length === 0 ? true : undefined));
    await eventually(() => (endless === "given up" ? true : undefined));
  });
});

const checksum = (path: string) => `file:${url(`${path}.sha256`)}`;

/** Known to the cluster by the pods that have it. */
async function fetchImage(): Promise<string> {
  await readyPod(world, "any", { ...WAITING, artifacts: [{ source: url("/once-more") }] });
  const [pod] = (await podsOf(world, "any")) as readonly (KubeObject & { readonly spec: { readonly initContainers?: readonly { readonly name: string; readonly image: string }[] } })[];
  return pod?.spec.initContainers?.find(({ name }) => name.startsWith("nb-fetch"))?.image ?? "";
}
