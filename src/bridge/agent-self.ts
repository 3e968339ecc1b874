/** @module What `/v1/agent/self` says. Its keys are lower-case, unlike the rest of the API. Used by read-handlers.ts. */
import type { ClusterNames } from "../mapping/nomad-job.ts";
import { NOMAD_VERSION } from "../nomad/api-types.ts";

export function agentSelf(names: ClusterNames, address: string): unknown {
  return {
    config: {
      Region: names.region,
      Datacenter: names.datacenter,
      Name: "nomad-bridge",
      Version: { Version: NOMAD_VERSION, VersionPrerelease: "", VersionMetadata: "", Revision: "" },
      ACL: { Enabled: true },
      Server: { Enabled: true },
      Client: { Enabled: false },
      // Without this, clients print a link to a web page that is not there.
      UI: { Enabled: false, ShowCLIHints: false },
    },
    member: agentMember(names, address),
    stats: { nomad: { server: "true", leader: "true", known_regions: "1" } },
  };
}

/** The one server that there is, as `nomad server members` shows it. @param address host:port that it is reached at */
export function agentMember({ region, datacenter }: ClusterNames, address: string) {
  const [host = "", port = ""] = address.split(/:(?=\d+$)/);
  return {
    Name: `nomad-bridge.${region}`,
    Addr: host,
    Port: Number(port) || 0,
    Status: "alive",
    Tags: { role: "nomad", region, dc: datacenter, build: NOMAD_VERSION, port, vsn: "1", raft_vsn: "3", id: "nomad-bridge", bootstrap: "1", expect: "1" },
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}
