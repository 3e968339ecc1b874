import { describe, expect, it } from "vitest";
import { sha256 } from "../../../../src/access/sha256.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { serviceChecks } from "../../../../src/mapping/job/service-checks.ts";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import type { Job } from "../../../../src/nomad/job.ts";
import { ms, podOf, running } from "../pod-fixtures.ts";

const SECOND = 1_000_000_000;

function jobOf(): Job {
  const check = { Interval: 10 * SECOND, Timeout: 2 * SECOND };
  const task = { Name: "server", Driver: "exec", Config: { command: "x" } };
  const decoded = decodeJob({
    ID: "shop",
    Type: "service",
    TaskGroups: [
      {
        Name: "web",
        Networks: [{ DynamicPorts: [{ Label: "http" }] }],
        Services: [{ Name: "${JOB}-web", PortLabel: "http", Checks: [{ ...check, Name: "alive", Type: "http", Path: "/" }, { ...check, Name: "left over", Type: "tcp" }] }],
        Tasks: [task],
      },
    ],
  });
  if (!decoded.ok) throw new Error(decoded.error);
  return canonicalise(decoded.value).spec as Job;
}

function checksAfter(seconds: number, ready: boolean) {
  const pod = podOf({ container: { ready, state: running(1) }, metadata: { annotations: { [ANNOTATION.group]: "web", [ANNOTATION.task]: "server" } } });
  return Object.values(serviceChecks({ pod, job: jobOf(), sha256, now: ms(seconds) }));
}

describe("the checks of an allocation's services", () => {
  it.each([
    ["has passed", 60, true, { Status: "success", Output: "nomad: http ok" }],
    ["fails", 60, false, { Status: "failure", Output: "the kubelet's probe fails; kubectl describe pod -n team nb-web-12345678-0-1 says why" }],
    ["was not made yet", 12, false, { Status: "pending", Output: "nomad: waiting to run" }],
  ] as const)("say of one that %s so, and nothing of one that is never made", (_what, seconds, ready, state) => {
    expect(checksAfter(seconds, ready)).toEqual([
      { ID: expect.stringMatching(/^[0-9a-f]{32}$/), Mode: "healthiness", Timestamp: ms(seconds) / 1000, Group: "shop.web[0]", Service: "shop-web", Check: "alive", ...state },
    ]);
  });
});
