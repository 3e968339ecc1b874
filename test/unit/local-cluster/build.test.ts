/** @module Tests of what is built, and of the lines a person reads meanwhile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { binaryName, COMPONENTS } from "../../../local-cluster/build-binaries.ts";
import { formatElapsed, progressLine } from "../../../local-cluster/build-progress.ts";
import { SOURCE_DIR } from "../../../local-cluster/layout.ts";

describe("the components", () => {
  it("are the tool lines of go.mod", () => {
    const goMod = readFileSync(join(SOURCE_DIR, "go.mod"), "utf8");
    const tools = /^tool \(\n([^)]+)\)/m.exec(goMod)?.[1]?.trim().split(/\s+/) ?? [];
    expect(COMPONENTS.toSorted()).toEqual(tools.toSorted());
  });

  it.each([
    ["go.etcd.io/etcd/server/v3", "server"],
    ["github.com/containerd/containerd/v2/cmd/ctr", "ctr"],
    ["k8s.io/kubernetes/cmd/kubelet", "kubelet"],
  ])("of %s is called %s", (component, name) => {
    expect(binaryName(component)).toBe(name);
  });
});

describe("progressLine", () => {
  it("says which component, how many are done and how long it took so far", () => {
    expect(progressLine({ done: 3, total: 12, component: "kubelet", elapsedMs: 65_400 })).toBe("building kubelet (3 of 12 done, 1m05s)");
  });
});

describe("formatElapsed", () => {
  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [60_000, "1m00s"],
    [345_000, "5m45s"],
  ])("writes %i ms as %s", (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });
});
