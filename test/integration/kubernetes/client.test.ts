import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createKubeClient } from "../../../src/kubernetes/client.ts";
import { tokenAccess } from "../../../src/kubernetes/credentials.ts";
import { createPodExecOpener } from "../../../src/kubernetes/pod-exec.ts";
import { createTokenMinter } from "../../../src/kubernetes/token-minter.ts";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { createCache } from "../../../src/kubernetes/watch.ts";
import { CONFIG_MAPS, eventually, must, realCluster, SERVICE_ACCOUNTS, type RealCluster } from "./real-cluster.ts";

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await realCluster();
});
afterAll(async () => await cluster.leave());

const configMap = (name: string, text: string, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: cluster.namespace, labels },
  data: { text },
});
const ref = (name: string) => ({ resource: CONFIG_MAPS, namespace: cluster.namespace, name });

describe("the client on a real API server", () => {
  it("creates, reads, applies, patches, replaces and removes", async () => {
    const { client } = cluster;
    await must(client.create(CONFIG_MAPS, configMap("verbs", "created")));
    expect(await client.create(CONFIG_MAPS, configMap("verbs", "again"))).toMatchObject({ ok: false, error: { code: 409, reason: "AlreadyExists" } });
    const applied = await must(client.apply<ConfigMap>(CONFIG_MAPS, configMap("verbs", "applied"), { fieldManager: "test", force: true }));
    expect(applied.data).toEqual({ text: "applied" });
    const patched = await must(client.mergePatch<ConfigMap>(ref("verbs"), { data: { text: null, more: "yes" } }));
    expect(patched.data).toEqual({ more: "yes" });
    expect(await client.replace(CONFIG_MAPS, applied)).toMatchObject({ ok: false, error: { code: 409, reason: "Conflict" } });
    expect(await client.remove(ref("verbs"), { uid: "00000000-0000-0000-0000-000000000000" })).toMatchObject({ ok: false, error: { code: 409 } });
    await must(client.remove(ref("verbs"), { uid: patched.metadata.uid ?? "" }));
    expect(await client.get(ref("verbs"))).toMatchObject({ ok: false, error: { kind: "status", code: 404, reason: "NotFound" } });
  });

  it("acts with a minted token, within that account's rights only", async () => {
    const { client, access, namespace } = cluster;
    await must(client.create(SERVICE_ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "nobody", namespace } }));
    const limited = createKubeClient(tokenAccess(access, createTokenMinter(client, { namespace, name: "nobody" })));
    const refused = await limited.get(ref("any"));
    expect(refused).toMatchObject({ ok: false, error: { code: 403, message: expect.stringContaining(`system:serviceaccount:${namespace}:nobody`) as string } });
    await limited.close();
  });

  it("acts as whom it impersonates", async () => {
    const asAlice = createKubeClient(cluster.access, { impersonate: { user: "alice", groups: ["readers"] } });
    expect(await asAlice.get(ref("any"))).toMatchObject({ ok: false, error: { code: 403, message: expect.stringContaining('User "alice"') as string } });
    await asAlice.close();
  });
});

describe("a server that cannot prove who it is", () => {
  it.each([
    { name: "its certificate is from another CA", change: { ca: rootCertificates[0] ?? "" } },
    { name: "its certificate has another name", change: { serverName: "elsewhere.example" } },
  ])("gets neither a request nor an exec when $name", async ({ change }) => {
    const access = { ...cluster.access, ...change };
    const client = createKubeClient(access, { deadlineMs: 1500 });
    expect(await client.raw({ method: "POST", path: "/api/v1/namespaces", body: {} })).toMatchObject({ ok: false, error: { kind: "network" } });
    await client.close();
    const handlers = { onStdout: () => undefined, onStderr: () => undefined, onEnd: () => undefined };
    const target = { namespace: cluster.namespace, pod: "any", container: "any", command: ["/bin/true"] };
    const opened = await createPodExecOpener(access)(target, handlers, new AbortController().signal);
    expect(opened).toMatchObject({ ok: false, error: { kind: "lost", message: expect.stringMatching(/certificate|altnames/i) as string } });
  });
});

describe("a cache on a real API server", () => {
  it("equals the server's list after many writes, and its version is the newest one", async () => {
    const { client, namespace, quiet } = cluster;
    const stop = new AbortController();
    const query = { resource: CONFIG_MAPS, namespace, labelSelector: "watched" };
    const options = { log: quiet, clock: systemClock, signal: stop.signal, indexes: { text: (object: ConfigMap) => [object.data?.["text"] ?? ""] } };
    const cache = createCache<ConfigMap>(client, query, options);
    const heard = new Map<string, string>();
    cache.onChange(({ type, object }) => (type === "deleted" ? heard.delete(object.metadata.name) : heard.set(object.metadata.name, object.metadata.resourceVersion ?? "")));
    await cache.synced;
    await Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const name = `many-${index}`;
        await must(client.create(CONFIG_MAPS, configMap(name, "one", { watched: "" })));
        if (index % 3 === 0) await must(client.remove(ref(name)));
        if (index % 3 === 1) await must(client.mergePatch(ref(name), { data: { text: "two" } }));
        // Leaving the selector must look like a deletion.
        if (index % 6 === 2) await must(client.mergePatch(ref(name), { metadata: { labels: { watched: null } } }));
      }),
    );
    const truth = await must(client.list<ConfigMap>(query));
    const versions = Object.fromEntries(truth.items.map((object) => [object.metadata.name, object.metadata.resourceVersion]));
    const copy = () => Object.fromEntries([...cache.all()].map((object) => [object.metadata.name, object.metadata.resourceVersion]));
    await eventually(() => (JSON.stringify(Object.keys(copy()).toSorted()) === JSON.stringify(Object.keys(versions).toSorted()) ? true : undefined));
    expect(copy()).toEqual(versions);
    expect(Object.fromEntries(heard)).toEqual(versions);
    expect(truth.items).toHaveLength(60);
    expect(cache.byIndex("text", "two")).toHaveLength(40);
    expect([...cache.all()].some((object) => "managedFields" in object.metadata)).toBe(false);
    expect(cache.version()).toBeGreaterThanOrEqual(Math.max(...Object.values(versions).map(Number)));
    stop.abort();
  });
});
