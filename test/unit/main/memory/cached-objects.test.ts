import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../src/api/meta.ts";
import { cachedObjects } from "../../../../src/main/memory/cached-objects.ts";

type Job = KubeObject & { readonly spec?: object; readonly status?: object };
type Version = { readonly generation?: number; readonly spec?: object };

const job = (resourceVersion: string, { generation, spec }: Version): Job => ({
  apiVersion: "v1",
  kind: "NomadJob",
  metadata: { name: "web", uid: "a", resourceVersion, ...(generation === undefined ? {} : { generation }) },
  ...(spec === undefined ? {} : { spec }),
  status: { at: resourceVersion },
});

describe("two versions of an object in the caches", () => {
  it.each([
    { title: "of one generation have one spec", before: { generation: 1, spec: { id: "web" } }, after: { generation: 1, spec: { id: "web" } }, isOne: true },
    { title: "of two generations have two", before: { generation: 1, spec: { id: "web" } }, after: { generation: 2, spec: { id: "web" } }, isOne: false },
    { title: "without a generation have two", before: { spec: { id: "web" } }, after: { spec: { id: "web" } }, isOne: false },
    { title: "without a spec have none", before: { generation: 1 }, after: { generation: 1 }, isOne: true },
  ])("$title", ({ before, after, isOne }) => {
    const { kept } = cachedObjects();
    const [first, second] = [kept(job("7", before)), kept(job("8", after))];
    expect(second).toEqual(job("8", after));
    expect(second.spec === first.spec).toBe(isOne);
  });
});
