/** @module The endpoints about the agent and its servers: we are one agent, which is a server and no client. Used by http-app.ts. */
import { NOMAD_VERSION } from "../../nomad/api-types.ts";
import { agentMember, agentSelf } from "../agent-self.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { names } from "./names.ts";

const leader = ({ address }: RequestContext): Reply => json(address);
const peers = ({ address }: RequestContext): Reply => json([address]);
const regions = (context: RequestContext): Reply => json([names(context).region]);
const servers = ({ address }: RequestContext): Reply => json([address]);
const self = (context: RequestContext): Reply => json(agentSelf(names(context), context.address, context.cluster.index()));

/** `?type=client` is asked by load balancers in front of clients, which we are not. */
function health({ search }: RequestContext): Reply {
  const fine = { ok: true, message: "ok" };
  const type = search.get("type") ?? "";
  return json({ ...(type === "" || type === "server" ? { server: fine } : {}), ...(type === "" || type === "client" ? { client: fine } : {}) });
}

function members(context: RequestContext): Reply {
  const { region, datacenter } = names(context);
  return json({ ServerName: "nomad-bridge", ServerRegion: region, ServerDC: datacenter, Members: [agentMember(names(context), context.address)] });
}

/** The Kubernetes scheduler works beside us; these are the words that clients know. */
const SCHEDULERS = ["service", "batch", "system", "sysbatch"];

const schedulers = (): Reply => json({ server_id: "nomad-bridge", schedulers: [] });
const schedulerConfig = (): Reply => json({ server_id: "nomad-bridge", num_schedulers: 1, enabled_schedulers: SCHEDULERS });

function raftConfiguration({ address, cluster }: RequestContext): Reply {
  return json({ Servers: [{ ID: "nomad-bridge", Node: "nomad-bridge", Address: address, Leader: true, Voter: true, RaftProtocol: "3" }], Index: cluster.index() });
}

/** Kubernetes' scheduler decides; what can be said in Nomad's words is said. */
const schedulerConfiguration = ({ cluster }: RequestContext): Reply =>
  json({
    SchedulerConfig: {
      SchedulerAlgorithm: "spread",
      PreemptionConfig: { SystemSchedulerEnabled: false, SysBatchSchedulerEnabled: false, BatchSchedulerEnabled: false, ServiceSchedulerEnabled: false },
      MemoryOversubscriptionEnabled: true,
      RejectJobRegistration: false,
      PauseEvalBroker: false,
      CreateIndex: 1,
      ModifyIndex: 1,
    },
    Index: cluster.index(),
    LastContact: 0,
    KnownLeader: true,
    NextToken: "",
  });

const autopilotConfiguration = (): Reply =>
  json({
    CleanupDeadServers: true,
    LastContactThreshold: "200ms",
    MaxTrailingLogs: 250,
    MinQuorum: 0,
    ServerStabilizationTime: "10s",
    EnableRedundancyZones: false,
    DisableUpgradeMigration: false,
    EnableCustomUpgrades: false,
    CreateIndex: 1,
    ModifyIndex: 1,
  });

const autopilotHealth = ({ address, cluster }: RequestContext): Reply =>
  json({
    Healthy: true,
    FailureTolerance: 0,
    Servers: [
      {
        ID: "nomad-bridge",
        Name: "nomad-bridge",
        Address: address,
        SerfStatus: "alive",
        Version: NOMAD_VERSION,
        Leader: true,
        LastContact: "0s",
        LastTerm: 1,
        LastIndex: cluster.index(),
        Healthy: true,
        Voter: true,
        StableSince: "0001-01-01T00:00:00Z",
      },
    ],
    Leader: "nomad-bridge",
    Voters: ["nomad-bridge"],
  });

/** There is none to have: Nomad's clients know it by the status, and say so. */
const license = (): Reply => text(204, "");

/** Everything is reconciled all the time: there is nothing to ask for. */
const reconcileSummaries = (): Reply => json(null);

export const AGENT_ROUTES: Routes = {
  "GET /v1/status/leader": leader,
  "GET /v1/status/peers": peers,
  "GET /v1/regions": regions,
  "GET /v1/agent/health": health,
  "GET /v1/agent/self": self,
  "GET /v1/agent/members": members,
  "GET /v1/agent/servers": servers,
  "GET /v1/agent/schedulers": schedulers,
  "GET /v1/agent/schedulers/config": schedulerConfig,
  "GET /v1/operator/raft/configuration": raftConfiguration,
  "GET /v1/operator/scheduler/configuration": schedulerConfiguration,
  "GET /v1/operator/autopilot/configuration": autopilotConfiguration,
  "GET /v1/operator/autopilot/health": autopilotHealth,
  "GET /v1/operator/license": license,
  "PUT /v1/system/reconcile/summaries": reconcileSummaries,
};
