import { describe, expect, it } from "vitest";
import type { Pod } from "../../../src/api/pod.ts";
import type { NomadJob } from "../../../src/api/nomad-job.ts";
import { createChangeFeed } from "../../../src/bridge/blocking/change-feed.ts";
import { reportChanges } from "../../../src/main/change-reports.ts";
import type { BridgeCaches } from "../../../src/main/caches.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { fakeApiServer } from "../bridge/jobs/fake-api-server.ts";

const DEPLOYMENT = { jobVersion: 0, status: "running", groups: {} };
const job = (generation: number, deployment: object, state = "pending"): NomadJob => ({
  apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", metadata: { name: "web", namespace: "default", uid: "uid-1", generation }, spec: { id: "web", job: {} }, status: { state: state as "pending", deployment: { ...deployment } },
});

describe("the index of deployments", () => {
  it("moves with a deployment, with a new version and with a job that comes or goes, and not with all that happens to its job or its pods", () => {
    const api = fakeApiServer();
    const feed = createChangeFeed({ random: () => 0, startTimer: () => () => undefined, defer: setImmediate });
    const names = { tasks: RESOURCES.execTasks, jobs: RESOURCES.nomadJobs, revisions: RESOURCES.controllerRevisions, pods: RESOURCES.pods, nodes: RESOURCES.nodes, namespaces: RESOURCES.namespaces, configs: RESOURCES.bridgeConfigs, tokens: RESOURCES.aclTokens, policies: RESOURCES.aclPolicies, roles: RESOURCES.aclRoles };
    const caches = Object.fromEntries(Object.entries(names).map(([name, resource]) => [name, { ...api.cache(resource), version: () => 0 }])) as unknown as BridgeCaches;
    const stop = reportChanges(feed, caches, () => false);
    const moves = (change: () => void): string[] => {
      const before = { deployment: feed.index(["deployment"]), job: feed.index(["job"]), evaluation: feed.index(["evaluation"]) };
      change();
      return (["deployment", "job", "evaluation"] as const).filter((kind) => feed.index([kind]) > before[kind]);
    };
    const put = (object: NomadJob) => () => void api.put(RESOURCES.nomadJobs, object);
    expect(moves(put(job(1, DEPLOYMENT)))).toEqual(["deployment", "job", "evaluation"]);
    expect(moves(put(job(1, DEPLOYMENT, "running")))).toEqual(["job", "evaluation"]);
    expect(moves(() => void api.put<Pod>(RESOURCES.pods, { apiVersion: "v1", kind: "Pod", metadata: { name: "nb-web", namespace: "default", uid: "p" }, spec: { containers: [] } }))).toEqual(["evaluation"]);
    expect(moves(put(job(1, { ...DEPLOYMENT, status: "successful" }, "running")))).toEqual(["deployment", "job", "evaluation"]);
    expect(moves(put(job(2, { ...DEPLOYMENT, status: "successful" }, "running")))).toEqual(["deployment", "job", "evaluation"]);
    stop();
  });
});
