/** @module Rows of `nomad monitor`, `status`, `namespace …` and of the completion of IDs. Used by nomad-cli-commands.ts. */
import { type CliCommand, FIND_ALLOC, HINTS, NODE_STATUS } from "./command.ts";

const completes = (context: string, prefix: string, matches: readonly string[]): CliCommand =>
  ({ command: "autocompletion", title: `of ${context}`, args: ["autocompletion", context, prefix], calls: ["PUT /v1/search"], exit: 0, saw: { matches } });

export const COMPLETION: readonly CliCommand[] = [
  completes("jobs", "$JOB", ["$JOB"]),
  completes("allocs", "$ALLOC", ["$ALLOC"]),
  completes("nodes", "$NODE", ["$NODE"]),
  completes("namespaces", "defa", ["default"]),
  completes("node_pools", "defa", ["default"]),
  ...["volumes", "host_volumes", "plugins", "vars", "scaling_policy"].map((context) => completes(context, "a", [])),
  { command: "autocompletion", title: "of what there is not", args: ["autocompletion", "pods", "a"], calls: ["PUT /v1/search"], exit: 1, error: /context must be one of / },
];

const GC_SEEN = "-until=/v1/system/gc";

export const CLUSTER_REST: readonly CliCommand[] = [
  { command: "status", title: "of all", args: ["status"], calls: ["GET /v1/jobs"], exit: 0 },
  { command: "status", title: "of an allocation", args: ["status", "$ALLOC"], calls: ["PUT /v1/search", ...FIND_ALLOC, "GET /v1/client/allocation/:id/checks", "GET /v1/client/allocation/:id/stats", HINTS], exit: 0, saw: { context: "allocs", status: "running" } },
  { command: "status", title: "of a node", args: ["status", "$NODE"], calls: ["PUT /v1/search", ...NODE_STATUS], exit: 0, saw: { context: "nodes", status: "ready" } },
  { command: "status", title: "of nothing", args: ["status", "no-such-thing"], calls: ["PUT /v1/search"], exit: 1, error: /^Unable to resolve ID: "no-such-thing"$/ },
  { command: "namespace apply", args: ["namespace", "apply", "-description=new", "cli-new"], calls: ["PUT /v1/namespace"], exit: 1, error: /501 \(namespaces are Kubernetes' own here: run "kubectl create namespace cli-new" / },
  { command: "namespace delete", args: ["namespace", "delete", "cli-new"], calls: ["DELETE /v1/namespace/cli-new"], exit: 1, error: /501 \(.*"kubectl delete namespace cli-new"/ },
  { command: "namespace status", title: "of none", args: ["namespace", "status", "no-such-namespace"], calls: ["GET /v1/namespaces"], exit: 1, error: /^No namespace\(s\) with prefix or id / },
  { command: "volume status", args: ["volume", "status"], calls: ["GET /v1/volumes"], exit: 0, saw: { volumes: 0 } },
  { command: "monitor", args: ["monitor", "-log-level=info", GC_SEEN], calls: ["GET /v1/agent/monitor"], exit: 0, saw: { heard: true } },
  { command: "monitor", title: "as JSON", args: ["monitor", "-log-level=debug", "-json", GC_SEEN], calls: ["GET /v1/agent/monitor"], exit: 0, saw: { heard: true } },
  { command: "monitor", title: "of a level that there is not", args: ["monitor", "-log-level=loud", GC_SEEN], calls: ["GET /v1/agent/monitor"], exit: 1, error: /400 \(Unknown log level: loud\)/ },
];
