/**
 * @module Each command of Nomad's CLI as data: what is typed, the calls that it makes, and how it ends. They are run, in this order, by
 * nomad-cli.test.ts, and docs/reference/http-api.md names them.
 */
import { ACL_ROLES, OIDC_LOGIN } from "./cli-commands/acl.ts";
import { ENDED, EXEC_OUTCOMES, FILES, PAUSES } from "./cli-commands/allocations.ts";
import { CLUSTER_REST, COMPLETION } from "./cli-commands/cluster.ts";
import { type CliCommand, FIND_ALLOC, FIND_DEPLOYMENT, FIND_JOB, HINTS, JOB_DETAILS, MONITOR, NODE_STATUS, READ_JOB } from "./cli-commands/command.ts";
import { OF_DEPLOYMENT, PROMOTION, UNPLACED_JOB, WEB_BEGINS, WEB_SERVES } from "./cli-commands/jobs.ts";

const ALLOCATION_READS: readonly CliCommand[] = [
  {
    command: "alloc exec", title: "of an allocation", args: ["alloc", "exec", "$ALLOC", "/bin/sh", "-c", "echo out; exit 3"],
    calls: [...FIND_ALLOC, "GET /v1/node/:id"], exit: 3, saw: { stdout: "out\n", "node address": "" },
  },
  {
    command: "alloc exec", title: "of a job's allocation", args: ["alloc", "exec", "-job", "$JOB", "/bin/true"],
    calls: [...FIND_JOB, "GET /v1/job/$JOB/allocations", "GET /v1/allocation/:id", "GET /v1/node/:id"], exit: 0,
  },
  {
    command: "alloc status", title: "of one", args: ["alloc", "status", "-verbose", "$ALLOC"],
    calls: [...FIND_ALLOC, "GET /v1/client/allocation/:id/checks", "GET /v1/client/allocation/:id/stats", HINTS], exit: 0,
    saw: { status: "running", desired: "run", description: "Tasks are running", hints: false },
  },
  { command: "alloc status", title: "of all", args: ["alloc", "status"], calls: ["GET /v1/allocations"], exit: 0 },
  { command: "alloc status", title: "of none", args: ["alloc", "status", "00000000"], calls: ["GET /v1/allocations"], exit: 1, error: /^No allocation\(s\) with prefix or id "00000000" found$/ },
];

const JOB_READS: readonly CliCommand[] = [
  { command: "job status", title: "of all", args: ["job", "status"], calls: FIND_JOB, exit: 0 },
  { command: "job inspect", args: ["job", "inspect", "$JOB"], calls: READ_JOB, exit: 0, saw: { job: { Job: { Type: "service", Status: "running" } } } },
  { command: "job inspect", title: "of none", args: ["job", "inspect", "no-such-job"], calls: FIND_JOB, exit: 1, error: /^No job\(s\) with prefix or id "no-such-job" found$/ },
  { command: "job allocs", args: ["job", "allocs", "$JOB"], calls: [...FIND_JOB, "GET /v1/job/$JOB/allocations"], exit: 0, saw: { allocations: 1 } },
  { command: "job dispatch", title: "of a job that takes none", args: ["job", "dispatch", "$JOB"], calls: FIND_JOB, exit: 1, error: /^No job\(s\) with prefix or id / },
  { command: "job periodic force", title: "of a job that is not periodic", args: ["job", "periodic", "force", "$JOB"], calls: FIND_JOB, exit: 1, error: /^No job\(s\) with prefix or id / },
];

const CLUSTER_READS: readonly CliCommand[] = [
  { command: "node status", title: "of all", args: ["node", "status"], calls: ["GET /v1/nodes"], exit: 0, saw: { nodes: 1 } },
  { command: "node status", title: "of those that a filter leaves", args: ["node", "status", '-filter=Status == "down"'], calls: ["GET /v1/nodes"], exit: 0, saw: { nodes: 0 } },
  { command: "node status", title: "with a filter that cannot be read", args: ["node", "status", "-filter=Status =="], calls: ["GET /v1/nodes"], exit: 1, error: /400 \(failed to create result paginator: failed to read filter expression: / },
  { command: "agent-info", args: ["agent-info"], calls: ["GET /v1/agent/self"], exit: 0, saw: { member: "alive" } },
  { command: "operator api", args: ["operator", "api", "/v1/regions"], calls: ["GET /v1/regions"], exit: 0 },
  { command: "version", args: ["version"], calls: [], exit: 0 },
];

const ACL: readonly CliCommand[] = [
  { command: "acl bootstrap", title: "for the second time", args: ["acl", "bootstrap"], calls: ["PUT /v1/acl/bootstrap"], exit: 1, error: /400 \(ACL bootstrap already done \(reset index: \d+\)\)/ },
  { command: "acl policy apply", args: ["acl", "policy", "apply", "-description=For the CLI", "$POLICY", "$RULES"], calls: ["PUT /v1/acl/policy/$POLICY"], exit: 0 },
  { command: "acl policy list", args: ["acl", "policy", "list"], calls: ["GET /v1/acl/policies"], exit: 0 },
  { command: "acl policy info", args: ["acl", "policy", "info", "$POLICY"], calls: ["GET /v1/acl/policy/$POLICY"], exit: 0, saw: { name: "$POLICY" } },
  { command: "acl policy self", args: ["acl", "policy", "self"], calls: ["GET /v1/acl/policy/self"], exit: 0 },
  {
    command: "acl token create", args: ["acl", "token", "create", "-name=cli", "-type=client", "-policy=$POLICY"],
    calls: ["GET /v1/acl/policy/$POLICY", "PUT /v1/acl/token"], exit: 0, saw: { hasSecret: true }, keeps: { ACCESSOR: "accessor" },
  },
  { command: "acl token list", args: ["acl", "token", "list"], calls: ["GET /v1/acl/tokens"], exit: 0, saw: { tokens: true } },
  { command: "acl token info", args: ["acl", "token", "info", "$ACCESSOR"], calls: ["GET /v1/acl/token/:id"], exit: 0, saw: { name: "cli", type: "client" } },
  { command: "acl token update", args: ["acl", "token", "update", "-name=renamed", "$ACCESSOR"], calls: ["GET /v1/acl/token/:id", "PUT /v1/acl/token/:id"], exit: 0, saw: { name: "renamed" } },
  { command: "acl token self", args: ["acl", "token", "self"], calls: ["GET /v1/acl/token/self"], exit: 0, saw: { type: "management" } },
  { command: "acl token delete", args: ["acl", "token", "delete", "$ACCESSOR"], calls: ["DELETE /v1/acl/token/:id"], exit: 0 },
  { command: "acl policy delete", args: ["acl", "policy", "delete", "$POLICY"], calls: ["DELETE /v1/acl/policy/$POLICY"], exit: 0 },
  { command: "acl policy info", title: "of one that is gone", args: ["acl", "policy", "info", "$POLICY"], calls: ["GET /v1/acl/policy/$POLICY"], exit: 1, error: /404 \(ACL policy not found\)/ },
];

const ALLOCATION_FILES: readonly CliCommand[] = [
  { command: "alloc logs", args: ["alloc", "logs", "$ALLOC"], calls: [...FIND_ALLOC, "GET /v1/node/:id", "GET /v1/client/fs/logs/:id"], exit: 0 },
  { command: "alloc logs", title: "from its end", args: ["alloc", "logs", "-stderr", "-tail", "$ALLOC"], calls: [...FIND_ALLOC, "GET /v1/node/:id", "GET /v1/client/fs/logs/:id"], exit: 0 },
  { command: "alloc fs", title: "of a directory", args: ["alloc", "fs", "$ALLOC"], calls: [...FIND_ALLOC, "GET /v1/client/fs/stat/:id", "GET /v1/client/fs/ls/:id"], exit: 0, saw: { isDirectory: true } },
  { command: "alloc fs", title: "of nothing", args: ["alloc", "fs", "$ALLOC", "alloc/nothing"], calls: [...FIND_ALLOC, "GET /v1/client/fs/stat/:id"], exit: 1, error: /404/ },
  { command: "alloc checks", args: ["alloc", "checks", "$ALLOC"], calls: [...FIND_ALLOC, "GET /v1/client/allocation/:id/checks"], exit: 0 },
];

const CLUSTER_MORE: readonly CliCommand[] = [
  { command: "node status", title: "of one", args: ["node", "status", "$NODE"], calls: NODE_STATUS, exit: 0, saw: { status: "ready", eligibility: "eligible" } },
  { command: "node status", title: "of the server's own node, which it is none", args: ["node", "status", "-self"], calls: ["GET /v1/agent/self"], exit: 1, error: /^Nomad not running in client mode$/ },
  { command: "node eligibility", args: ["node", "eligibility", "-enable", "$NODE"], calls: ["GET /v1/nodes", "GET /v1/node/:id", "PUT /v1/node/:id/eligibility"], exit: 0 },
  { command: "node drain", args: ["node", "drain", "-disable", "$NODE"], calls: ["GET /v1/nodes", "GET /v1/node/:id", "PUT /v1/node/:id/drain"], exit: 0 },
  { command: "server members", args: ["server", "members"], calls: ["GET /v1/agent/members", "GET /v1/status/leader"], exit: 0, saw: { members: 1 } },
  { command: "namespace list", args: ["namespace", "list"], calls: ["GET /v1/namespaces"], exit: 0 },
  { command: "namespace status", args: ["namespace", "status", "default"], calls: ["GET /v1/namespaces"], exit: 0 },
  { command: "scaling policy list", args: ["scaling", "policy", "list"], calls: ["GET /v1/scaling/policies"], exit: 0 },
  { command: "var list", args: ["var", "list"], calls: ["GET /v1/vars"], exit: 1, error: /501 \(variables are not served: / },
];

const ALLOCATION_WRITES: readonly CliCommand[] = [
  // A shell passes this one over.
  { command: "alloc signal", args: ["alloc", "signal", "-s=SIGWINCH", "$ALLOC"], calls: [...FIND_ALLOC, "PUT /v1/client/allocation/:id/signal"], exit: 0 },
  { command: "alloc restart", args: ["alloc", "restart", "$ALLOC"], calls: [...FIND_ALLOC, "PUT /v1/client/allocation/:id/restart"], exit: 0 },
  { command: "alloc stop", args: ["alloc", "stop", "$ALLOC"], calls: [...FIND_ALLOC, "PUT /v1/allocation/:id/stop", ...MONITOR], exit: 0, saw: { evaluation: { Status: "complete" } } },
];

const ACL_LOGIN: readonly CliCommand[] = [
  { command: "acl policy apply", title: "for a role", args: ["acl", "policy", "apply", "$POLICY", "$RULES"], calls: ["PUT /v1/acl/policy/$POLICY"], exit: 0 },
  { command: "acl role create", args: ["acl", "role", "create", "-name=$POLICY", "-policy=$POLICY"], calls: ["PUT /v1/acl/role"], exit: 0, saw: { name: "$POLICY" }, keeps: { ROLE: "id" } },
  { command: "acl role info", args: ["acl", "role", "info", "$ROLE"], calls: ["GET /v1/acl/role/:id"], exit: 0, saw: { name: "$POLICY", policies: 1 } },
  { command: "acl role info", title: "by its name", args: ["acl", "role", "info", "-by-name", "$POLICY"], calls: ["GET /v1/acl/role/name/$POLICY"], exit: 0, saw: { policies: 1 } },
  { command: "acl role update", args: ["acl", "role", "update", "-description=new", "$ROLE"], calls: ["GET /v1/acl/role/:id", "PUT /v1/acl/role/:id"], exit: 0, saw: { description: "new" } },
  { command: "acl role list", args: ["acl", "role", "list"], calls: ["GET /v1/acl/roles"], exit: 0 },
  { command: "acl auth-method create", args: ["acl", "auth-method", "create", "-name=$POLICY", "-type=JWT", "-config=$AUTH_CONFIG"], calls: ["PUT /v1/acl/auth-method"], exit: 0, saw: { type: "JWT" } },
  { command: "acl auth-method info", args: ["acl", "auth-method", "info", "$POLICY"], calls: ["GET /v1/acl/auth-method/$POLICY"], exit: 0, saw: { type: "JWT", ttl: "1h0m0s" } },
  { command: "acl auth-method list", args: ["acl", "auth-method", "list"], calls: ["GET /v1/acl/auth-methods"], exit: 0 },
  {
    command: "acl binding-rule create", args: ["acl", "binding-rule", "create", "-auth-method=$POLICY", "-bind-type=role", "-bind-name=$POLICY"],
    calls: ["PUT /v1/acl/binding-rule"], exit: 0, keeps: { RULE: "id" },
  },
  { command: "acl binding-rule info", args: ["acl", "binding-rule", "info", "$RULE"], calls: ["GET /v1/acl/binding-rule/:id"], exit: 0, saw: { method: "$POLICY", bind: "$POLICY" } },
  { command: "acl binding-rule list", args: ["acl", "binding-rule", "list"], calls: ["GET /v1/acl/binding-rules"], exit: 0 },
  { command: "login", args: ["login", "-method=$POLICY", "$LOGIN_TOKEN"], calls: ["PUT /v1/acl/login"], exit: 0, saw: { type: "client", hasSecret: true } },
  { command: "login", title: "with a token of somebody else's", args: ["login", "-method=$POLICY", "$FOREIGN_TOKEN"], calls: ["PUT /v1/acl/login"], exit: 1, error: /^Error performing login: / },
  { command: "acl binding-rule delete", args: ["acl", "binding-rule", "delete", "$RULE"], calls: ["DELETE /v1/acl/binding-rule/:id"], exit: 0 },
  { command: "acl auth-method delete", args: ["acl", "auth-method", "delete", "$POLICY"], calls: ["DELETE /v1/acl/auth-method/$POLICY"], exit: 0 },
  { command: "acl role delete", args: ["acl", "role", "delete", "$ROLE"], calls: ["DELETE /v1/acl/role/:id"], exit: 0 },
  { command: "acl policy delete", title: "of the role's", args: ["acl", "policy", "delete", "$POLICY"], calls: ["DELETE /v1/acl/policy/$POLICY"], exit: 0 },
];

const JOB_LIFE: readonly CliCommand[] = [
  { command: "job validate", args: ["job", "validate", "$JOB_FILE"], calls: ["PUT /v1/validate/job"], exit: 0 },
  { command: "job plan", title: "of a new job", args: ["job", "plan", "$JOB_FILE"], calls: ["PUT /v1/job/$NEW_JOB/plan"], exit: 1, saw: { diff: "Added" } },
  { command: "job run", args: ["job", "run", "$JOB_FILE"], calls: ["PUT /v1/jobs", ...MONITOR, "GET /v1/deployment/:id"], exit: 0, saw: { evaluation: { Status: "complete", TriggeredBy: "job-register" } } },
  { command: "job run", title: "that must be new", args: ["job", "run", "-check-index=0", "$JOB_FILE"], calls: ["PUT /v1/jobs"], exit: 1, error: /500 \(Enforcing job modify index 0: job already exists\)/ },
  { command: "job plan", title: "of the same job", args: ["job", "plan", "$JOB_FILE"], calls: ["PUT /v1/job/$NEW_JOB/plan"], exit: 0, saw: { diff: "None" } },
  { command: "job status", title: "of one", args: ["job", "status", "$JOB"], calls: [...READ_JOB, ...JOB_DETAILS, HINTS], exit: 0, saw: { status: "running", running: 1 } },
  { command: "job history", args: ["job", "history", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB/versions"], exit: 0 },
  { command: "job inspect", title: "of its source", args: ["job", "inspect", "-hcl", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB", "GET /v1/job/$NEW_JOB/submission"], exit: 0 },
  { command: "job scale", args: ["job", "scale", "$NEW_JOB", "2"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB/scale", "PUT /v1/job/$NEW_JOB/scale", "GET /v1/job/$NEW_JOB", ...MONITOR, "GET /v1/deployment/:id"], exit: 0 },
  { command: "job deployments", args: ["job", "deployments", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB/deployments"], exit: 0 },
  { command: "job eval", args: ["job", "eval", "$NEW_JOB"], calls: [...FIND_JOB, "PUT /v1/job/$NEW_JOB/evaluate", ...MONITOR, "GET /v1/deployment/:id"], exit: 0 },
  { command: "job revert", args: ["job", "revert", "$NEW_JOB", "0"], calls: [...FIND_JOB, "PUT /v1/job/$NEW_JOB/revert", ...MONITOR, "GET /v1/deployment/:id"], exit: 0 },
  { command: "job promote", title: "without a canary", args: ["job", "promote", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB/deployment", "PUT /v1/deployment/promote/:id"], exit: 1, error: /500 \(can't promote terminal deployment\)/ },
  { command: "job stop", args: ["job", "stop", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB", "DELETE /v1/job/$NEW_JOB", ...MONITOR, "GET /v1/deployment/:id"], exit: 0 },
  { command: "job stop", title: "and forget it", args: ["job", "stop", "-purge", "$NEW_JOB"], calls: [...FIND_JOB, "GET /v1/job/$NEW_JOB", "DELETE /v1/job/$NEW_JOB", ...MONITOR], exit: 0 },
];

/** A job that others are launched by: one by hand, one by the clock. Both are batch jobs that end at once. */
const JOB_CHILDREN: readonly CliCommand[] = [
  { command: "job run", title: "of one to dispatch", args: ["job", "run", "$DISPATCH_FILE"], calls: ["PUT /v1/jobs"], exit: 0 },
  { command: "job dispatch", args: ["job", "dispatch", "-meta=who=Ada", "-payload=hello", "$DISPATCH_JOB"], calls: [...FIND_JOB, "PUT /v1/job/$DISPATCH_JOB/dispatch", ...MONITOR], exit: 0, saw: { evaluation: { Status: "complete" } } },
  {
    command: "job dispatch", title: "waiting for its end", args: ["job", "dispatch", "-wait", "-meta=who=Ada", "$DISPATCH_JOB"],
    calls: [...FIND_JOB, "PUT /v1/job/$DISPATCH_JOB/dispatch", ...MONITOR, "GET /v1/job/$DISPATCH_JOB/:child", "GET /v1/job/$DISPATCH_JOB/:child/summary"], exit: 0,
  },
  { command: "job dispatch", title: "without what it must have", args: ["job", "dispatch", "$DISPATCH_JOB"], calls: [...FIND_JOB, "PUT /v1/job/$DISPATCH_JOB/dispatch"], exit: 1, error: /^Failed to dispatch job: .*who/ },
  { command: "job status", title: "of one to dispatch", args: ["job", "status", "$DISPATCH_JOB"], calls: [...FIND_JOB, "GET /v1/job/$DISPATCH_JOB"], exit: 0, saw: { children: 2 } },
  { command: "job stop", title: "of one to dispatch", args: ["job", "stop", "-detach", "-purge", "$DISPATCH_JOB"], calls: [...FIND_JOB, "GET /v1/job/$DISPATCH_JOB", "DELETE /v1/job/$DISPATCH_JOB"], exit: 0 },
  { command: "job run", title: "of a periodic one", args: ["job", "run", "$PERIODIC_FILE"], calls: ["PUT /v1/jobs"], exit: 0 },
  { command: "job periodic force", args: ["job", "periodic", "force", "$PERIODIC_JOB"], calls: [...FIND_JOB, "PUT /v1/job/$PERIODIC_JOB/periodic/force", ...MONITOR], exit: 0 },
  { command: "job status", title: "of a periodic one", args: ["job", "status", "$PERIODIC_JOB"], calls: [...FIND_JOB, "GET /v1/job/$PERIODIC_JOB"], exit: 0, saw: { children: 1 } },
  { command: "job stop", title: "of a periodic one", args: ["job", "stop", "-detach", "-purge", "$PERIODIC_JOB"], calls: [...FIND_JOB, "GET /v1/job/$PERIODIC_JOB", "DELETE /v1/job/$PERIODIC_JOB"], exit: 0 },
];

const CANARY = "GET /v1/deployments";

/** A deployment that waits for a person: its second version has a canary. */
const CANARIES: readonly CliCommand[] = [
  { command: "job run", title: "of one with canaries", args: ["job", "run", "$CANARY_FILE"], calls: ["PUT /v1/jobs", ...MONITOR, "GET /v1/deployment/:id"], exit: 0 },
  { command: "job run", title: "of its next version", args: ["job", "run", "-detach", "$NEXT_CANARY_FILE"], calls: ["PUT /v1/jobs"], exit: 0 },
  { command: "job deployments", title: "of one with canaries", args: ["job", "deployments", "-latest", "$CANARY_JOB"], calls: [...FIND_JOB, "GET /v1/job/$CANARY_JOB/deployment"], exit: 0, saw: { status: "running" }, comes: true, keeps: { DEPLOYMENT: "id" } },
  { command: "deployment status", title: "of one", args: ["deployment", "status", "$DEPLOYMENT"], calls: [CANARY, HINTS], exit: 0, saw: { status: "running" } },
  ...OF_DEPLOYMENT,
  { command: "deployment pause", args: ["deployment", "pause", "-detach", "$DEPLOYMENT"], calls: [CANARY, "PUT /v1/deployment/pause/:id"], exit: 0 },
  { command: "deployment status", title: "of one that is paused", args: ["deployment", "status", "$DEPLOYMENT"], calls: [CANARY, HINTS], exit: 0, saw: { status: "paused" }, comes: true },
  { command: "deployment resume", args: ["deployment", "resume", "-detach", "$DEPLOYMENT"], calls: [CANARY, "PUT /v1/deployment/pause/:id"], exit: 0 },
  { command: "deployment fail", args: ["deployment", "fail", "-detach", "$DEPLOYMENT"], calls: [CANARY, "PUT /v1/deployment/fail/:id"], exit: 0 },
  { command: "deployment status", title: "of one that has failed", args: ["deployment", "status", "$DEPLOYMENT"], calls: [CANARY, HINTS], exit: 0, saw: { status: "failed" }, comes: true },
  { command: "job stop", title: "of one with canaries", args: ["job", "stop", "-detach", "-purge", "$CANARY_JOB"], calls: [...FIND_JOB, "GET /v1/job/$CANARY_JOB", "DELETE /v1/job/$CANARY_JOB"], exit: 0 },
];

const DEPLOYMENTS: readonly CliCommand[] = [
  { command: "deployment list", args: ["deployment", "list"], calls: FIND_DEPLOYMENT, exit: 0 },
  { command: "deployment status", args: ["deployment", "status"], calls: FIND_DEPLOYMENT, exit: 0 },
  ...["promote", "pause", "resume", "fail"].map((change) => ({ command: `deployment ${change}`, title: "of none", args: ["deployment", change, "00000000"], calls: FIND_DEPLOYMENT, exit: 1, error: /^No deployment\(s\) with prefix or id / })),
  { command: "eval list", args: ["eval", "list"], calls: ["GET /v1/evaluations"], exit: 0 },
  { command: "eval status", title: "of none", args: ["eval", "status", "00000000"], calls: ["GET /v1/evaluations"], exit: 1, error: /^No evaluation\(s\) with prefix or id / },
  { command: "status", args: ["status", "$JOB"], calls: ["PUT /v1/search", ...READ_JOB, ...JOB_DETAILS, HINTS], exit: 0, saw: { context: "jobs" } },
  { command: "system gc", args: ["system", "gc"], calls: ["PUT /v1/system/gc"], exit: 0 },
];

/** What changes an allocation comes last. */
export const COMMANDS: readonly CliCommand[] = [
  ...WEB_BEGINS, ...ALLOCATION_READS, ...EXEC_OUTCOMES, ...ALLOCATION_FILES, ...FILES, ...PAUSES, ...JOB_READS, ...CLUSTER_READS, ...CLUSTER_MORE, ...CLUSTER_REST, ...COMPLETION, ...ACL, ...ACL_LOGIN,
  ...ACL_ROLES, ...OIDC_LOGIN, ...WEB_SERVES, ...JOB_LIFE, ...JOB_CHILDREN, ...UNPLACED_JOB, ...CANARIES, ...PROMOTION, ...DEPLOYMENTS, ...ENDED, ...ALLOCATION_WRITES,
];
