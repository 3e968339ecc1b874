import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenAccess } from "../../../src/kubernetes/credentials.ts";
import { createPodExecOpener } from "../../../src/kubernetes/pod-exec.ts";
import { createTokenMinter } from "../../../src/kubernetes/token-minter.ts";
import type { OpenPodExec, PodExec, PodExecError } from "../../../src/kubernetes/types.ts";
import { must, PODS, realCluster, SERVICE_ACCOUNTS, sleepingPod, type RealCluster } from "./real-cluster.ts";

let cluster: RealCluster;
let open: OpenPodExec;
beforeAll(async () => {
  cluster = await realCluster();
  open = createPodExecOpener(cluster.access);
  await sleepingPod(cluster, "sleeper");
});
afterAll(async () => await cluster.leave());

type End = { readonly exitCode?: number; readonly error?: PodExecError };

async function start(command: readonly string[], onStdout: (data: Buffer) => void, pod = "sleeper") {
  const { promise, resolve } = Promise.withResolvers<End>();
  const stderr: Buffer[] = [];
  const handlers = { onStdout, onStderr: (data: Buffer) => stderr.push(data), onEnd: resolve };
  const exec: PodExec = await must(open({ namespace: cluster.namespace, pod, container: "main", command }, handlers, new AbortController().signal));
  return { exec, ended: promise, stderr: () => Buffer.concat(stderr).toString() };
}

const shell = (script: string): readonly string[] => ["/bin/sh", "-c", script];

describe("an exec into a real pod", () => {
  it.each([0, 1, 42, 126, 255])("ends with the exact exit code %i", async (code) => {
    const { ended } = await start(shell(`exit ${code}`), () => undefined);
    expect(await ended).toEqual({ exitCode: code });
  });

  it("tells a signal as 128 and its number", async () => {
    const { ended } = await start(shell("kill -KILL $$"), () => undefined);
    expect(await ended).toEqual({ exitCode: 137 });
  });

  it("keeps stdout and stderr apart and gives all of both before the end", async () => {
    const stdout: Buffer[] = [];
    const { ended, stderr } = await start(shell("echo out; echo err >&2; echo out2"), (chunk) => stdout.push(chunk));
    expect(await ended).toEqual({ exitCode: 0 });
    expect([Buffer.concat(stdout).toString(), stderr()]).toEqual(["out\nout2\n", "err\n"]);
  });

  it("hands the command over word by word", async () => {
    const stdout: Buffer[] = [];
    const words = ["a b", "$HOME", "*", "", "é\n&c=d", "%2e"];
    const { ended } = await start(["/usr/bin/printf", "[%s]", ...words], (chunk) => stdout.push(chunk));
    await ended;
    expect(Buffer.concat(stdout).toString()).toBe(words.map((word) => `[${word}]`).join(""));
  });

  it("moves stdin of any size unchanged", async () => {
    const bytes = randomBytes(3_000_000);
    const stdout: Buffer[] = [];
    const { exec, ended } = await start(shell(`head -c ${bytes.length} | sha256sum`), (chunk) => stdout.push(chunk));
    exec.write([bytes.subarray(0, 1), bytes.subarray(1, 2_000_000), bytes.subarray(2_000_000)]);
    expect(await ended).toEqual({ exitCode: 0 });
    expect(Buffer.concat(stdout).toString()).toContain(createHash("sha256").update(bytes).digest("hex"));
  });

  it("loses no byte of a large output to a reader that keeps pausing", async () => {
    const size = 24 * 1024 * 1024;
    let bytes = 0;
    let stream: PodExec | undefined;
    const { exec, ended } = await start(shell(`head -c ${size} /dev/zero`), (chunk) => {
      bytes += chunk.length;
      stream?.pause();
      setImmediate(() => stream?.resume());
    });
    stream = exec;
    expect(await ended).toEqual({ exitCode: 0 });
    expect(bytes).toBe(size);
  });

  it.each([
    { name: "a program that is not there", pod: "sleeper", container: "main", command: ["/no/such"], says: /no such file/ },
    { name: "a container that is not there", pod: "sleeper", container: "other", command: ["/bin/true"], says: /container/ },
    { name: "a pod that is not there", pod: "none", container: "main", command: ["/bin/true"], says: /pods "none" not found/ },
  ])("ends with the cluster's own words for $name", async ({ pod, container, command, says }) => {
    const { promise, resolve } = Promise.withResolvers<PodExecError | undefined>();
    const handlers = { onStdout: () => undefined, onStderr: () => undefined, onEnd: (end: End) => resolve(end.error) };
    const opened = await open({ namespace: cluster.namespace, pod, container, command }, handlers, new AbortController().signal);
    expect((opened.ok ? await promise : opened.error)?.message).toMatch(says);
  });

  it("is refused without the right to it, in the API server's own words", async () => {
    const { client, namespace, access } = cluster;
    await must(client.create(SERVICE_ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody", namespace } }));
    const limited = createPodExecOpener(tokenAccess(access, createTokenMinter(client, { namespace, name: "nobody" })));
    const handlers = { onStdout: () => undefined, onStderr: () => undefined, onEnd: () => undefined };
    const opened = await limited({ namespace, pod: "sleeper", container: "main", command: ["/bin/true"] }, handlers, new AbortController().signal);
    expect(opened).toMatchObject({ ok: false, error: { kind: "refused", code: 403, message: expect.stringContaining("cannot") as string } });
  });

  it("ends with a failure when its pod is deleted", async () => {
    await sleepingPod(cluster, "doomed");
    const begun = Promise.withResolvers<void>();
    const { ended } = await start(shell("echo begun; while :; do sleep 1; done"), () => begun.resolve(), "doomed");
    await begun.promise;
    await must(cluster.client.remove({ resource: PODS, namespace: cluster.namespace, name: "doomed" }, { gracePeriodSeconds: 0 }));
    const end = await ended;
    expect(end.exitCode === 137 || end.error?.kind === "lost").toBe(true);
  });
});
