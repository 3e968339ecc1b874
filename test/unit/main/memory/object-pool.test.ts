import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../src/api/meta.ts";
import { createObjectPool } from "../../../../src/main/memory/object-pool.ts";

const object = (uid: string | undefined, resourceVersion: string | undefined): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) },
});

describe("a pool of objects", () => {
  const { of } = createObjectPool();
  const kept = (uid: string | undefined, version: string | undefined) => of(object(uid, version), (same) => ({ ...same }));

  it("gives all who are told of one version one object", () => {
    const first = kept("a", "7");
    expect(kept("a", "7")).toBe(first);
    expect(first).toEqual(object("a", "7"));
  });

  it.each([
    ["of another version", "b", "7", "8"],
    ["without a version", "c", undefined, undefined],
    ["without a UID", undefined, "7", "7"],
  ])("gives another one for an object %s", (_what, uid, before, after) => {
    const first = kept(uid, before);
    const second = kept(uid, after);
    expect(second).not.toBe(first);
    expect(second).toEqual(object(uid, after));
  });

  it("keeps the newest for the cache that is behind", () => {
    kept("d", "9");
    const newest = kept("d", "10");
    expect(kept("d", "9")).toEqual(object("d", "9"));
    expect(kept("d", "10")).toBe(newest);
  });
});
