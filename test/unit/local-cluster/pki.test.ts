/** @module Tests of the cluster's certificates. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensurePki, pkiPaths } from "../../../local-cluster/pki.ts";

const NOW = new Date("2026-01-01T00:00:00Z");
const days = (count: number): Date => new Date(NOW.getTime() + count * 86_400_000);

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "nomad-bridge-pki-"));
  await ensurePki(dir, "10.200.2.1", NOW);
});
afterEach(() => rmSync(dir, { recursive: true }));

const certificate = (path: string): X509Certificate => new X509Certificate(readFileSync(path));
const leaf = (name: string): X509Certificate => certificate(pkiPaths(dir).leaf(name));

describe("ensurePki", () => {
  it.each([
    { name: "admin", subject: "O=system:masters\nCN=nomad-bridge-admin" },
    { name: "kubelet", subject: "O=system:nodes\nCN=system:node:localhost" },
    { name: "kube-scheduler", subject: "CN=system:kube-scheduler" },
  ])("makes $name for its caller, signed by the cluster's CA", ({ name, subject }) => {
    expect(leaf(name).subject).toBe(subject);
    expect(leaf(name).verify(certificate(pkiPaths(dir).ca).publicKey)).toBe(true);
  });

  it("makes etcd's certificates by a CA that signs nobody else", () => {
    const etcdCa = certificate(pkiPaths(dir).etcdCa).publicKey;
    expect(leaf("etcd-client").verify(etcdCa)).toBe(true);
    expect(leaf("admin").verify(etcdCa)).toBe(false);
  });

  it.each(["localhost", "kubernetes.default.svc"])("names the API server %s", (host) => {
    expect(leaf("apiserver").checkHost(host)).toBe(host);
  });

  it.each(["127.0.0.1", "10.200.2.1"])("gives the API server the address %s", (address) => {
    expect(leaf("apiserver").checkIP(address)).toBe(address);
  });

  it("gives leaves a year and the CA ten", () => {
    expect(leaf("admin").validToDate).toEqual(days(365));
    expect(certificate(pkiPaths(dir).ca).validToDate).toEqual(days(3650));
  });

  it("keeps keys from everybody but root", () => {
    expect(statSync(pkiPaths(dir).leaf("admin")).mode & 0o077).toBe(0);
    expect(statSync(pkiPaths(dir).serviceAccountKey).mode & 0o077).toBe(0);
  });

  it("reuses everything the second time, and renews only leaves that end soon", async () => {
    const before = { ca: readFileSync(pkiPaths(dir).ca), admin: leaf("admin").serialNumber };
    await ensurePki(dir, "10.200.2.1", days(300));
    expect(leaf("admin").serialNumber).toBe(before.admin);
    await ensurePki(dir, "10.200.2.1", days(340));
    expect(leaf("admin").serialNumber).not.toBe(before.admin);
    expect(readFileSync(pkiPaths(dir).ca).equals(before.ca)).toBe(true);
  });

  it("makes all leaves of a lost CA anew", async () => {
    rmSync(pkiPaths(dir).ca);
    await ensurePki(dir, "10.200.2.1", NOW);
    expect(leaf("admin").verify(certificate(pkiPaths(dir).ca).publicKey)).toBe(true);
  });
});
