import { describe, expect, it } from "vitest";
import type { Pod } from "../../../../src/api/pod.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { podLikeness } from "../../../../src/main/memory/pod-likeness.ts";

type Differing = { readonly hash?: string; readonly owner?: string; readonly node?: string; readonly document?: string };

function podNamed(name: string, { hash = "h1", owner = "job-1", node = "node-1", document = "a document" }: Differing = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      ownerReferences: [{ apiVersion: "v1", kind: "NomadJob", name: "web", uid: owner, controller: true }],
      annotations: { [ANNOTATION.specHash]: hash, [ANNOTATION.group]: "app", "nomad-bridge.dev/launcher": document },
    },
    spec: { nodeName: node, containers: [{ name: "server", image: "launcher:1" }], volumes: [{ name: "alloc" }] },
    status: { phase: "Running" },
  };
}

describe("pods of one group of one version", () => {
  it.each<[string, Differing]>([
    ["that differ in nothing", {}],
    ["on different nodes", { node: "node-2" }],
    ["with different documents", { document: "another" }],
    ["of different versions", { hash: "h2" }],
    ["of different jobs", { owner: "job-2" }],
  ])("are each what they were: %s", (_which, differing) => {
    const likened = podLikeness();
    likened(podNamed("first"));
    expect(likened(podNamed("second", differing))).toEqual(podNamed("second", differing));
  });

  it("share what is equal", () => {
    const likened = podLikeness();
    const first = likened(podNamed("first"));
    const [same, elsewhere] = [likened(podNamed("second")), likened(podNamed("third", { node: "node-2" }))];
    expect(same.spec).toBe(first.spec);
    expect(same.metadata.annotations).toBe(first.metadata.annotations);
    expect(elsewhere.spec.containers).toBe(first.spec.containers);
  });

  it("share nothing with those of another version, and nothing that nobody looked up for long", () => {
    const likened = podLikeness(1);
    const first = likened(podNamed("first"));
    expect(likened(podNamed("second", { hash: "h2" })).spec).not.toBe(first.spec);
    expect(likened(podNamed("third")).spec).not.toBe(first.spec);
  });
});
