/** @module Tests of the daemons' command lines. */
import { describe, expect, it } from "vitest";
import { daemonSpecs, serviceIp } from "../../../local-cluster/daemon-specs.ts";
import { DAEMONS, newState, PORTS, type PortName } from "../../../local-cluster/state.ts";

const ports = Object.fromEntries(PORTS.map((name, index) => [name, 20_000 + index])) as Record<PortName, number>;
const state = newState("demo", ports, { podCidr: "10.200.1.0/24", serviceCidr: "10.200.2.0/24" });
const specs = daemonSpecs("/c", state);

describe("daemonSpecs", () => {
  it("uses every recorded port once", () => {
    expect(DAEMONS.flatMap((name) => specs[name].ports).toSorted()).toEqual(PORTS.toSorted());
  });

  it.each([
    { name: "kube-apiserver", flag: "--authorization-mode=Node,RBAC" },
    { name: "kube-apiserver", flag: "--enable-admission-plugins=NodeRestriction" },
    { name: "kube-apiserver", flag: "--kubelet-preferred-address-types=Hostname" },
    { name: "kube-apiserver", flag: "--allow-privileged=true" },
    { name: "kube-apiserver", flag: "--service-cluster-ip-range=10.200.2.0/24" },
    { name: "kube-controller-manager", flag: "--use-service-account-credentials=true" },
    { name: "kube-controller-manager", flag: "--leader-elect=false" },
    { name: "kube-scheduler", flag: "--leader-elect=false" },
    { name: "kubelet", flag: "--hostname-override=localhost" },
    { name: "etcd", flag: "--client-cert-auth=true" },
  ] as const)("starts $name with $flag", ({ name, flag }) => {
    expect(specs[name].args).toContain(flag);
  });

  it("enables nothing that is not on by default", () => {
    expect(DAEMONS.flatMap((name) => specs[name].args).filter((arg) => arg.startsWith("--feature-gates") || arg.startsWith("--runtime-config"))).toEqual([]);
  });
});

describe("serviceIp", () => {
  it("is the first address of the range", () => {
    expect(serviceIp("10.200.2.0/24")).toBe("10.200.2.1");
  });
});
