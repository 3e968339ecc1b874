import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { serviceRegistrations } from "../../../../src/mapping/job/service-registrations.ts";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import type { Job } from "../../../../src/nomad/job.ts";
import { ms, podOf, running } from "../pod-fixtures.ts";

function jobOf(group: object): Job {
  const decoded = decodeJob({ ID: "shop", Type: "service", TaskGroups: [{ Name: "web", Tasks: [{ Name: "server", Driver: "exec", Config: { command: "x" }, Services: [{ Name: "${TASK}-admin", PortLabel: "9000" }] }], ...group }] });
  if (!decoded.ok) throw new Error(decoded.error);
  return canonicalise(decoded.value).spec as Job;
}

const JOB = jobOf({ Services: [{ Name: "${NOMAD_JOB_NAME}-web", PortLabel: "http", Tags: ["v1", "${NOMAD_GROUP_NAME}"], CanaryTags: ["canary"] }] });
const PORTS = JSON.stringify([{ label: "http", port: 8080, hostPort: 0 }]);

function found({ ports = PORTS, ready = true, runs = true, canary = false } = {}) {
  const annotations = { [ANNOTATION.group]: "web", [ANNOTATION.task]: "server", [ANNOTATION.ports]: ports, ...(canary ? { [ANNOTATION.canary]: "true" } : {}) };
  const pod = podOf({ ...(ready ? { readyAt: 1 } : {}), container: runs ? { state: running(1) } : {}, metadata: { annotations } });
  const source = { ...pod, status: { ...pod.status, podIP: "10.1.0.5", hostIP: "192.168.0.2" } };
  return serviceRegistrations({ pod: source, job: JOB, nodeId: "node-uid", datacenter: "dc1", now: ms(60) });
}

describe("the services of an allocation", () => {
  it("are registered at the pod's address, with names and tags filled in", () => {
    expect(found()).toMatchObject([
      { ServiceName: "shop-web", Tags: ["v1", "web"], Address: "10.1.0.5", Port: 8080, AllocID: "pod-uid", NodeID: "node-uid", JobID: "shop", Datacenter: "dc1" },
      { ServiceName: "server-admin", Tags: [], Address: "10.1.0.5", Port: 9000 },
    ]);
  });

  it("have an ID each, which names the allocation and the service", () => {
    expect(found().map(({ ID }) => ID)).toEqual(["_nomad-task-pod-uid-group-web-shop-web-http", "_nomad-task-pod-uid-server-server-admin-9000"]);
  });

  it("are at the node's address where the node passes the port on", () => {
    expect(found({ ports: JSON.stringify([{ label: "http", port: 8080, hostPort: 80 }]) })[0]).toMatchObject({ Address: "192.168.0.2", Port: 80 });
  });

  it("have a canary's tags while it is one, and are there while a check fails, but not before it runs", () => {
    expect(found({ canary: true })[0]?.Tags).toEqual(["canary"]);
    expect(found({ ready: false })).toHaveLength(2);
    expect(found({ ready: false, runs: false })).toEqual([]);
  });
});
