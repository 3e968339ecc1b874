import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createObjectStore, type ObjectStore } from "../../../src/kubernetes/object-store.ts";

const object = (name: string, version: string, options: { readonly uid?: string; readonly owners?: readonly string[] } = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "ns", name, uid: options.uid ?? `uid-${name}`, resourceVersion: version, labels: Object.fromEntries((options.owners ?? []).map((owner) => [owner, ""])) },
});
const owners = (pod: KubeObject): readonly string[] => Object.keys(pod.metadata.labels ?? {});
const podStore = (): ObjectStore<KubeObject> => createObjectStore({ owner: owners });

describe("an object store", () => {
  it("says what changed, with what was there before", () => {
    const store = podStore();
    const [first, second] = [object("a", "1"), object("a", "2")];
    expect(store.put(first)).toEqual([{ type: "added", object: first }]);
    expect(store.put(second)).toEqual([{ type: "updated", object: second, previous: first }]);
    expect(store.put(second)).toEqual([]);
    expect(store.remove(object("a", "3"))).toEqual([{ type: "deleted", object: second }]);
    expect(store.remove(second)).toEqual([]);
  });

  it("tells a new object of an old name from an update", () => {
    const store = podStore();
    const [first, second] = [object("a", "1", { uid: "old" }), object("a", "2", { uid: "new" })];
    store.put(first);
    expect(store.put(second)).toEqual([
      { type: "deleted", object: first },
      { type: "added", object: second },
    ]);
    expect([store.byUid("old"), store.byUid("new")]).toEqual([undefined, second]);
  });

  it("reports what a new list lacks as deleted", () => {
    const store = podStore();
    const [kept, gone, added] = [object("kept", "1"), object("gone", "2"), object("added", "3")];
    store.replace([kept, gone]);
    expect(store.replace([kept, added])).toEqual([
      { type: "deleted", object: gone },
      { type: "added", object: added },
    ]);
  });

  it("throws for an index that nobody declared", () => {
    expect(() => podStore().byIndex("node", "x")).toThrow(/no index "node"/);
  });

  it("finds by every index what a scan would find, after any changes", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const names = fc.uniqueArray(fc.constantFrom("x", "xy", "z"));
    const change = fc.record({ kind: fc.constantFrom("put", "remove", "replace"), name, owners: names, uid: fc.constantFrom("1", "2") });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const store = podStore();
        changes.forEach((step, version) => {
          const pod = object(step.name, String(version), { uid: `${step.name}-${step.uid}`, owners: step.owners });
          if (step.kind === "put") store.put(pod);
          else if (step.kind === "remove") store.remove(pod);
          else store.replace([pod]);
          const all = [...store.all()];
          expect(store.size()).toBe(all.length);
          for (const owner of ["x", "xy", "z"]) {
            const owned = all.filter((each) => owners(each).includes(owner));
            expect(new Set(store.byIndex("owner", owner))).toEqual(new Set(owned));
            expect(store.countByIndex("owner", owner)).toBe(owned.length);
            expect(new Set(store.byIndexPrefix("owner", owner))).toEqual(new Set(all.filter((each) => owners(each).some((value) => value.startsWith(owner)))));
          }
          for (const each of all) {
            expect(store.get("ns", each.metadata.name)).toBe(each);
            expect(store.byUid(each.metadata.uid!)).toBe(each);
          }
        });
      }),
    );
  });
});
