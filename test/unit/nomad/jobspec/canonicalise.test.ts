/** @module Jobs made canonical: what the server adds, and that nothing is lost on the way to JSON and back. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { arbitraryStruct } from "./arbitrary-job.ts";

const canonical = (json: unknown) => {
  const decoded = decodeJob(json);
  if (!decoded.ok) throw new Error(decoded.error);
  return canonicalise(decoded.value);
};

describe("canonicalise", () => {
  it("gives a job that JSON and canonicalising leave as it is", () => {
    fc.assert(
      fc.property(arbitraryStruct("Job"), (job) => {
        const { spec } = canonical(job);
        expect(canonical(JSON.parse(JSON.stringify(spec))).spec).toEqual(spec);
      }),
      { numRuns: 300 },
    );
  });

  it("adds what Nomad's server adds", () => {
    const { spec } = canonical({ ID: "a", TaskGroups: [{ Name: "g", Networks: [{ DynamicPorts: [{ Label: "http" }] }], Tasks: [{ Name: "t" }] }] });
    expect(spec).toMatchObject({ Datacenters: ["*"], NodePool: "default", Namespace: "default", Region: "global", Name: "a", Type: "service", Reschedule: null });
    expect(spec.TaskGroups[0]?.Tasks[0]?.Identity).toMatchObject({ Name: "default", Audience: ["nomadproject.io"] });
    expect(spec.TaskGroups[0]?.Networks[0]?.DynamicPorts).toEqual([{ Label: "http", Value: 0, To: 0, HostNetwork: "default", IgnoreCollision: false }]);
  });

  it("calls services and checks by job, group and task", () => {
    const services = [{ Checks: [{}] }, { Name: "${BASE}-${JOB}-${TASKGROUP}-${TASK}-${X}" }];
    const { spec } = canonical({ ID: "j", TaskGroups: [{ Name: "g", Services: services, Tasks: [{ Name: "t", Services: services }] }] });
    const [group] = spec.TaskGroups;
    expect(group?.Services.map(({ Name }) => Name)).toEqual(["j-g", "j-g-group-j-g-group-${X}"]);
    expect(group?.Tasks[0]?.Services.map(({ Name }) => Name)).toEqual(["j-g-t", "j-g-t-j-g-t-${X}"]);
    expect(group?.Services[0]?.Checks[0]?.Name).toBe('service: "j-g" check');
  });

  it("keeps what the cluster owns out of the spec", () => {
    const { spec, readOnly } = canonical({ ID: "a", Version: 7, Status: "dead", SubmitTime: 5, VersionTag: { Name: "v" } });
    expect(spec).not.toHaveProperty("Version");
    expect(readOnly).toMatchObject({ Version: 7, Status: "dead", SubmitTime: 5, VersionTag: { Name: "v", Description: "", TaggedTime: 0 } });
  });
});
