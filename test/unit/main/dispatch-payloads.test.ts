import { describe, expect, it } from "vitest";
import type { JobText } from "../../../src/api/job-texts.ts";
import type { NomadJob } from "../../../src/api/nomad-job.ts";
import { keepPayloadSecret } from "../../../src/main/dispatch-payloads.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { fakeApiServer } from "../bridge/jobs/fake-api-server.ts";

const JOB = {
  apiVersion: "nomad-bridge.dev/v1alpha1",
  kind: "NomadJob",
  metadata: { name: "nb-child", namespace: "team", uid: "child", ownerReferences: [{ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", name: "nb-parent", uid: "parent" }] },
  spec: { payloadSecret: "nb-child-payload" },
} as unknown as NomadJob;

const payloadOf = (uid: string): JobText => ({
  apiVersion: "nomad-bridge.dev/v1alpha1",
  kind: "DispatchPayload",
  metadata: { name: "nb-child-payload", namespace: "team", ownerReferences: [{ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", name: "x", uid }] },
  spec: { content: "aGVsbG8=" },
});

describe("the Secret of a dispatch's payload", () => {
  it.each(["child", "parent"])("is made once for a payload of the %s's, and goes with the child", async (uid) => {
    const api = fakeApiServer();
    api.put(RESOURCES.dispatchPayloads, payloadOf(uid));
    expect([await keepPayloadSecret(api.client, JOB), await keepPayloadSecret(api.client, JOB)]).toEqual([{ ok: true }, { ok: true }]);
    expect(api.all(RESOURCES.secrets)).toMatchObject([{ type: "Opaque", metadata: { name: "nb-child-payload", namespace: "team", ownerReferences: [{ uid: "child" }] }, data: { payload: "aGVsbG8=" } }]);
  });

  it("is not made of another job's payload, nor where the job names a Secret of its author's", async () => {
    const api = fakeApiServer();
    expect(await keepPayloadSecret(api.client, JOB)).toEqual({ ok: true });
    api.put(RESOURCES.dispatchPayloads, payloadOf("somebody"));
    expect(await keepPayloadSecret(api.client, JOB)).toEqual({ ok: true });
    expect(await keepPayloadSecret(api.client, { ...JOB, spec: {} } as unknown as NomadJob)).toEqual({ ok: true });
    expect(api.all(RESOURCES.secrets)).toEqual([]);
  });
});
