import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { allocatedPorts } from "../../../../src/mapping/job/allocated-ports.ts";
import { podPorts } from "../../../../src/mapping/job/pod-network.ts";
import { configOf } from "../mapping-fixtures.ts";
import { podOf } from "../pod-fixtures.ts";
import { acceptedGroups, jobOf, type LooseGroup, refusedText } from "./job-fixtures.ts";

type Network = NonNullable<LooseGroup["Networks"]>[number];
const groupOf = (network: Network, profile: object = {}) => {
  const [group] = acceptedGroups(jobOf({ TaskGroups: [{ Networks: [network] }] }), configOf(profile));
  if (group === undefined) throw new Error("no group");
  return group;
};

describe("ports of an allocation", () => {
  it.each<[string, Network, object, object]>([
    ["static in a pod's network", { Mode: "bridge", ReservedPorts: [{ Label: "http", Value: 80, To: 8080 }] }, {}, { port: 8080, hostPort: 0 }],
    ["static without to", { Mode: "bridge", ReservedPorts: [{ Label: "http", Value: 80 }] }, {}, { port: 80, hostPort: 0 }],
    ["static with to -1", { Mode: "bridge", ReservedPorts: [{ Label: "http", Value: 80, To: -1 }] }, {}, { port: 80, hostPort: 0 }],
    ["static and granted", { Mode: "bridge", ReservedPorts: [{ Label: "http", Value: 80, To: 8080 }] }, { allowHostNetwork: true }, { port: 8080, hostPort: 80 }],
    ["static on the node's network", { Mode: "host", ReservedPorts: [{ Label: "http", Value: 80 }] }, { allowHostNetwork: true }, { port: 80, hostPort: 80 }],
    ["static on the node's network, with to", { Mode: "host", ReservedPorts: [{ Label: "http", Value: 80, To: 8080 }] }, { allowHostNetwork: true }, { port: 8080, hostPort: 80 }],
    ["static on the node's network that is not granted", { Mode: "host", ReservedPorts: [{ Label: "http", Value: 80, To: 8080 }] }, {}, { port: 8080, hostPort: 0 }],
    ["dynamic with to", { Mode: "bridge", DynamicPorts: [{ Label: "http", To: 8080 }] }, { allowHostNetwork: true }, { port: 8080, hostPort: 0 }],
  ])("%s", (_what, network, profile, port) => expect(podPorts(groupOf(network, profile), 0)).toEqual([{ label: "http", ...port }]));

  it("that nobody has chosen are Nomad's, the same each time, and never twice in one allocation or for two indexes of one label", () => {
    const group = groupOf({ Mode: "bridge", DynamicPorts: Array.from({ length: 60 }, (_, i) => ({ Label: `p${i}` })) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 998 }), (index) => {
        const ports = podPorts(group, index).map(({ port }) => port);
        expect(podPorts(group, index).map(({ port }) => port)).toEqual(ports);
        expect(new Set(ports).size).toBe(60);
        expect(ports.every((port) => port >= 20_000 && port <= 32_000)).toBe(true);
      }),
    );
    const one = groupOf({ Mode: "host", DynamicPorts: [{ Label: "http" }] }, { allowHostNetwork: true });
    expect(new Set(Array.from({ length: 1000 }, (_, index) => podPorts(one, index)[0]?.hostPort)).size).toBe(1000);
  });

  it("of raw_exec are the node's, with no right of their own for it", () => {
    const job = jobOf({ TaskGroups: [{ Networks: [{ Mode: "host", ReservedPorts: [{ Label: "http", Value: 80, To: 8080 }] }], Tasks: [{ Driver: "raw_exec" }] }] });
    const [group] = acceptedGroups(job, configOf({ allowRawExec: true }));
    expect(group && podPorts(group, 0)).toEqual([{ label: "http", port: 8080, hostPort: 80 }]);
    expect(group?.findings.some(({ path }) => path.includes("Networks"))).toBe(false);
  });

  it("are two numbers where two labels have one hash, or a static port has it", () => {
    const dynamic = podPorts(groupOf({ Mode: "bridge", DynamicPorts: [{ Label: "p111" }, { Label: "p580" }] }), 0).map(({ port }) => port);
    expect(dynamic).toEqual([22_129, 22_130]);
    const fixed = podPorts(groupOf({ Mode: "bridge", ReservedPorts: [{ Label: "a", Value: 22_129 }], DynamicPorts: [{ Label: "p111" }] }), 0).map(({ port }) => port);
    expect(fixed).toEqual([22_129, 22_130]);
  });

  it.each<[string, LooseGroup, RegExp]>([
    ["two networks", { Networks: [{ Mode: "bridge" }, { Mode: "bridge" }] }, /^TaskGroups\[0\]\.Networks\[1\]: Only one network/],
    ["a label twice", { Networks: [{ DynamicPorts: [{ Label: "a" }, { Label: "a" }] }] }, /Port label a already in use/],
    ["a label that is no part of a name", { Networks: [{ DynamicPorts: [{ Label: "a=b" }] }] }, /port label "a=b" must be/],
    ["a number that is none", { Networks: [{ ReservedPorts: [{ Label: "a", Value: 70_000 }] }] }, /port "a" must be between/],
    ["many servers", { Networks: [{ DNS: { Servers: ["1", "2", "3", "4"], Searches: [], Options: [] } }] }, /Networks\[0\]\.DNS\.Servers: 4 servers/],
  ])("are refused: %s", (_what, group, text) => expect(refusedText(jobOf({ TaskGroups: [group] }))).toMatch(text));
});

describe("allocatedPorts", () => {
  const pod = (ports: string, spec: object = {}, podIP = "10.1.2.3") => ({ ...podOf({ metadata: { annotations: { [ANNOTATION.ports]: ports } }, spec }), status: { podIP, hostIP: "192.0.2.7" } });
  const PORTS = '[{"label":"http","port":8080,"hostPort":0},{"label":"ssh","port":22,"hostPort":2222},{"label":"db","port":1,"hostPort":0,"task":"b"}]';

  it("are at the pod's address, or at the node's where that passes them on", () => {
    const { ports, networks, status } = allocatedPorts(pod(PORTS), undefined);
    expect(ports).toEqual([
      { Label: "http", Value: 8080, To: 8080, HostIP: "10.1.2.3" },
      { Label: "ssh", Value: 2222, To: 22, HostIP: "192.0.2.7" },
      { Label: "b_db", Value: 1, To: 1, HostIP: "10.1.2.3" },
    ]);
    expect(networks).toMatchObject([{ Mode: "bridge", IP: "10.1.2.3", DynamicPorts: [{ Label: "http", Value: 8080 }, { Label: "ssh" }, { Label: "b_db" }] }]);
    expect(status).toEqual({ InterfaceName: "eth0", Address: "10.1.2.3", AddressIPv6: "", DNS: null });
  });

  it("say nothing of an address that is not there, of the node's network, or of what cannot be read", () => {
    expect(allocatedPorts(pod(PORTS, {}, ""), undefined).status).toBeNull();
    expect(allocatedPorts(pod(PORTS, { hostNetwork: true }), undefined).status).toEqual({ InterfaceName: "", Address: "", AddressIPv6: "", DNS: null });
    expect(allocatedPorts(pod(PORTS, {}, "fd00::1"), undefined).status).toMatchObject({ Address: "", AddressIPv6: "fd00::1" });
    for (const text of ["", "{", "{}", '[{"label":1}]', "[null]"]) expect(allocatedPorts(pod(text), undefined).ports).toEqual([]);
  });

  it("say of the mode, of fixed ports, and of where a task listens what the job says", () => {
    const network: Network = { Mode: "", ReservedPorts: [{ Label: "ssh", Value: 2222 }], DynamicPorts: [{ Label: "http", To: 8080 }, { Label: "same", To: -1 }] };
    const listed = pod('[{"label":"ssh","port":2222,"hostPort":2222},{"label":"http","port":8080,"hostPort":20001},{"label":"same","port":20002,"hostPort":20002}]', { hostNetwork: true });
    const { ports, networks } = allocatedPorts(listed, jobOf({ TaskGroups: [{ Networks: [network] }] }).TaskGroups[0]?.Networks[0]);
    expect(ports.map(({ Label, Value, To }) => [Label, Value, To])).toEqual([["ssh", 2222, 0], ["http", 20_001, 8080], ["same", 20_002, 20_002]]);
    expect(networks).toMatchObject([{ Mode: "", IP: "192.0.2.7", ReservedPorts: [{ Label: "ssh", To: 0 }], DynamicPorts: [{ Label: "http" }, { Label: "same" }] }]);
  });
});
