/** @module Tests of what is read from the host's own tables: mounts, routes, Go, the node. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNodeReady, podUids } from "../../../local-cluster/api-probe.ts";
import { pickNetworks } from "../../../local-cluster/choose-network.ts";
import { withHostLock } from "../../../local-cluster/host-lock.ts";
import { cacheRoot } from "../../../local-cluster/layout.ts";
import { mountsBelow, parseMountInfo } from "../../../local-cluster/mounts.ts";
import { isInSlash24 } from "../../../local-cluster/networks.ts";
import { goVersionProblem, neededGo } from "../../../local-cluster/preflight.ts";

describe("parseMountInfo", () => {
  it("reads point, type and whether it is shared, with optional fields and escaped blanks", () => {
    const text = "36 35 98:0 / /mnt rw shared:1 master:2 - ext4 /dev/sda rw\n37 36 0:5 / /mnt/a\\040b rw - tmpfs tmpfs rw\n";
    expect(parseMountInfo(text)).toEqual([
      { point: "/mnt", type: "ext4", shared: true },
      { point: "/mnt/a b", type: "tmpfs", shared: false },
    ]);
  });
});

describe("mountsBelow", () => {
  it("gives the last mounted first and leaves neighbours with the same beginning alone", () => {
    const table = ["/c/a", "/c/a/b", "/cc/x", "/c"].map((point) => ({ point, type: "tmpfs", shared: false }));
    expect(mountsBelow("/c", table)).toEqual(["/c/a/b", "/c/a"]);
  });
});

describe("pickNetworks", () => {
  const sequence = (...numbers: number[]) => (): number => numbers.shift() ?? 255;

  it("skips a range that a route touches, wider or narrower", () => {
    const routes = "default via 172.16.0.1 dev eth0\n10.128.0.0/16 dev a\nlocal 10.129.7.9 dev b\n";
    expect(pickNetworks(routes, sequence(128, 3, 129, 7, 200, 1, 200, 2))).toEqual({ ok: true, value: { podCidr: "10.200.1.0/24", serviceCidr: "10.200.2.0/24" } });
  });

  it("never gives one range twice", () => {
    expect(pickNetworks("", sequence(200, 1, 200, 1, 200, 2))).toEqual({ ok: true, value: { podCidr: "10.200.1.0/24", serviceCidr: "10.200.2.0/24" } });
  });

  it("says so when all is routed", () => {
    const picked = pickNetworks("10.0.0.0/8 dev vpn", sequence());
    expect(picked.ok ? "" : picked.error).toContain("no free /24");
  });
});

describe("isInSlash24", () => {
  it.each([
    ["10.200.1.7", true],
    ["10.200.10.7", false],
    ["10.200.1.0/24", true],
    ["default", false],
  ])("of %s in 10.200.1.0/24 is %s", (address, expected) => {
    expect(isInSlash24(address, "10.200.1.0/24")).toBe(expected);
  });

  it("holds for every host of any /24", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(fc.property(byte, byte, byte, byte, (a, b, c, d) => isInSlash24(`${a}.${b}.${c}.${d}`, `${a}.${b}.${c}.0/24`)));
  });
});

describe("goVersionProblem", () => {
  it.each([
    { installed: "go1.26.8", mayFetch: false, fine: true },
    { installed: "go1.27.0", mayFetch: false, fine: true },
    { installed: "go1.26.7", mayFetch: false, fine: false },
    { installed: "go1.9", mayFetch: false, fine: false },
    { installed: "go1.21.0", mayFetch: true, fine: true },
    { installed: "go1.20.14", mayFetch: true, fine: false },
    { installed: "go1.27rc1", mayFetch: false, fine: true },
    { installed: undefined, mayFetch: true, fine: false },
  ])("for $installed, allowed to fetch: $mayFetch, finds it fine: $fine", ({ installed, mayFetch, fine }) => {
    const problem = goVersionProblem("1.26.8", installed, mayFetch);
    expect(problem === undefined).toBe(fine);
    if (!fine) expect(problem).toContain("install Go 1.26.8");
  });

  it("needs what go.mod says", () => {
    expect(neededGo("module x\n\ngo 1.26.8\n")).toBe("1.26.8");
  });
});

describe("isNodeReady", () => {
  const node = (status: string, taint?: string): string =>
    JSON.stringify({ spec: taint === undefined ? {} : { taints: [{ key: taint }] }, status: { conditions: [{ type: "Ready", status }] } });

  it.each([
    { json: node("True"), ready: true },
    { json: node("True", "example.com/own"), ready: true },
    { json: node("True", "node.kubernetes.io/not-ready"), ready: false },
    { json: node("False"), ready: false },
    { json: "{}", ready: false },
  ])("of $json is $ready", ({ json, ready }) => {
    expect(isNodeReady(json)).toBe(ready);
  });
});

describe("podUids", () => {
  it("reads a list, and null as none", () => {
    expect(podUids(JSON.stringify({ items: [{ metadata: { uid: "u" } }] }))).toEqual(["u"]);
    expect(podUids('{"items":null}')).toEqual([]);
  });
});

describe("cacheRoot", () => {
  it("follows XDG_CACHE_HOME if that is absolute", () => {
    expect(cacheRoot({ XDG_CACHE_HOME: "/x" })).toBe("/x/nomad-bridge");
    expect(cacheRoot({ XDG_CACHE_HOME: "x" })).toMatch(/\/\.cache\/nomad-bridge$/);
  });
});

describe("withHostLock", () => {
  it("lets one in at a time and tells the other that it waits", async () => {
    const events: string[] = [];
    const key = `test ${process.pid}`;
    let leave = (): void => undefined;
    const inside = new Promise<void>((resolve) => (leave = resolve));
    const first = withHostLock(key, () => events.push("first waits"), async () => {
      events.push("first in");
      await inside;
      events.push("first out");
    });
    await expect.poll(() => events).toEqual(["first in"]);
    const second = withHostLock(key, () => events.push("second waits"), async () => void events.push("second in"));
    await expect.poll(() => events).toContain("second waits");
    leave();
    await Promise.all([first, second]);
    expect(events).toEqual(["first in", "second waits", "first out", "second in"]);
  });
});
