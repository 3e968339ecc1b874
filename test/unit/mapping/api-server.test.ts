/** @module Which addresses an artifact never comes from, by what the cluster says of its API server. */
import { describe, expect, it } from "vitest";
import { type ApiEndpoints, apiServerNetworks, type ApiService } from "../../../src/mapping/api-server.ts";

const metadata = { name: "kubernetes", namespace: "default" };
const service = (spec: ApiService["spec"]): ApiService => ({ apiVersion: "v1", kind: "Service", metadata, ...(spec === undefined ? {} : { spec }) });
const slice = (part: Pick<ApiEndpoints, "endpoints" | "ports">): ApiEndpoints => ({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, ...part });
const at = (...addresses: readonly string[]) => addresses.map((address) => ({ addresses: [address] }));

describe("apiServerNetworks", () => {
  it.each<{ readonly name: string; readonly server?: string; readonly services?: readonly ApiService[]; readonly endpoints?: readonly ApiEndpoints[]; readonly expected: readonly string[] }>([
    { name: "the service's address whole, and the server's with its port", services: [service({ clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1"] })], endpoints: [slice({ endpoints: at("192.0.2.5"), ports: [{ port: 6443 }] })], expected: ["10.96.0.1", "192.0.2.5:6443"] },
    { name: "both families", services: [service({ clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd00::1"] })], endpoints: [slice({ endpoints: at("fd01::5"), ports: [{ port: 6443 }] })], expected: ["10.96.0.1", "[fd01::5]:6443", "fd00::1"] },
    { name: "several servers, always in one order", endpoints: [slice({ endpoints: at("192.0.2.9", "192.0.2.5"), ports: [{ port: 6443 }] })], expected: ["192.0.2.5:6443", "192.0.2.9:6443"] },
    { name: "where we reach it ourselves", server: "https://198.51.100.1:8443", expected: ["198.51.100.1:8443"] },
    { name: "where we reach it ourselves, over IPv6 and without a port", server: "https://[2001:db8::1]", expected: ["[2001:db8::1]:443"] },
    { name: "nothing of a service without an address, and of a slice that has none yet", services: [service({ clusterIP: "None", clusterIPs: ["None"] }), service(undefined)], endpoints: [slice({ endpoints: null, ports: null }), slice({ endpoints: [{}], ports: [{}] })], expected: [] },
  ])("has $name", ({ server = "https://api.example:6443", services = [], endpoints = [], expected }) => {
    expect(apiServerNetworks({ server, services, endpoints })).toEqual(expected);
  });
});
