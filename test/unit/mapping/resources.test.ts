import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containerResources } from "../../../src/mapping/resources.ts";

describe("containerResources", () => {
  it.each([
    [{ cpu: 500, memory: 300, secrets: 1 }, 1000, { requests: { cpu: "500m", memory: "300Mi" }, limits: { memory: "300Mi" } }],
    [{ cpu: 1, memory: 10, secrets: 1 }, 10_000, { requests: { cpu: "1m", memory: "10Mi" }, limits: { memory: "10Mi" } }],
    [{ cpu: 100, memory: 64, memoryMax: 128, secrets: 1 }, 3000, { requests: { cpu: "34m", memory: "64Mi" }, limits: { memory: "128Mi" } }],
    [{ cpu: 100, cores: 2, memory: 64, secrets: 1 }, 1000, { requests: { cpu: "2", memory: "64Mi" }, limits: { cpu: "2", memory: "64Mi" } }],
    [{ cpu: 100, cores: 1, memory: 64, memoryMax: 65, secrets: 1 }, 1000, { requests: { cpu: "1", memory: "64Mi" }, limits: { cpu: "1", memory: "65Mi" } }],
  ])("of %j at %i MHz a core", (resources, mhzPerCore, expected) => expect(containerResources(resources, mhzPerCore)).toEqual(expected));

  it("asks for the group's disk where it is given, in Nomad's MB, and limits it nowhere", () => {
    expect(containerResources({ cpu: 100, memory: 64, secrets: 1 }, 1000, 500)).toEqual({ requests: { cpu: "100m", memory: "64Mi", "ephemeral-storage": "500M" }, limits: { memory: "64Mi" } });
    expect(containerResources({ cpu: 100, cores: 1, memory: 64, secrets: 1 }, 1000, 500).requests).toEqual({ cpu: "1", memory: "64Mi", "ephemeral-storage": "500M" });
  });

  it("never asks for less than the job did, nor for a milli-core more than needed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 100, max: 10_000 }), (cpu, mhzPerCore) => {
        const milli = Number(/^(\d+)m$/.exec(containerResources({ cpu, memory: 10, secrets: 1 }, mhzPerCore).requests.cpu ?? "")?.[1]);
        expect(milli * mhzPerCore).toBeGreaterThanOrEqual(cpu * 1000);
        expect((milli - 1) * mhzPerCore).toBeLessThan(cpu * 1000);
      }),
    );
  });
});
