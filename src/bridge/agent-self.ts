/** @module What `/v1/agent/self` says. Its keys are lower-case, unlike the rest of the API. Used by read-handlers.ts. */
import type { ClusterNames } from "../mapping/nomad-job.ts";
import { NOMAD_VERSION } from "../nomad/api-types.ts";

/** Nomad's own times of its caches, which scripts read beside whether ACLs are on. */
const ACL = { Enabled: true, TokenTTL: 30_000_000_000, PolicyTTL: 30_000_000_000, RoleTTL: 30_000_000_000, ReplicationToken: "", TokenMinExpirationTTL: 0, TokenMaxExpirationTTL: 0 };

/** @param index the cluster's, as the last that a log of Raft would have */
export function agentSelf(names: ClusterNames, address: string, index: number): unknown {
  const [host = "", port = ""] = address.split(/:(?=\d+$)/);
  return {
    config: {
      Region: names.region,
      Datacenter: names.datacenter,
      Name: "nomad-bridge",
      Version: { Version: NOMAD_VERSION, VersionPrerelease: "", VersionMetadata: "", Revision: "" },
      ACL,
      BindAddr: host,
      Addresses: { HTTP: host, RPC: host, Serf: host },
      AdvertiseAddrs: { HTTP: address, RPC: address, Serf: address },
      Ports: { HTTP: Number(port) || 0, RPC: Number(port) || 0, Serf: Number(port) || 0 },
      DevMode: false,
      EnableDebug: false,
      Server: { Enabled: true },
      Client: { Enabled: false },
      // Without this, clients print a link to a web page that is not there.
      UI: { Enabled: false, ShowCLIHints: false },
    },
    member: agentMember(names, address),
    stats: statsOf(address, index),
  };
}

/** What `nomad agent-info` prints and `nomad check` counts: texts all. There is one server, which leads, and no Raft that could lag. */
function statsOf(address: string, index: number) {
  const last = String(index);
  return {
    nomad: { server: "true", leader: "true", leader_addr: address, bootstrap: "true", known_regions: "1" },
    raft: { state: "Leader", num_peers: "0", applied_index: last, commit_index: last, last_log_index: last, last_contact: "0", fsm_pending: "0", protocol_version: "3" },
    serf: { members: "1", failed: "0", left: "0", health_score: "0", encrypted: "false" },
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
    Tags: { role: "nomad", region, dc: datacenter, build: NOMAD_VERSION, port, vsn: "1", raft_vsn: "3", id: "nomad-bridge", rpc_addr: host, revision: "", bootstrap: "1", expect: "1" },
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}
