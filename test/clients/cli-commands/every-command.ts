/**
 * @module Every command of Nomad's CLI that works with jobs, allocations, the cluster and ACLs, by the group of its page. Each has a row that
 * runs it: test/unit/cli-commands.test.ts sees to that. Source: developer.hashicorp.com/nomad/commands
 */

const named = (group: string, ...names: readonly string[]): readonly string[] => names.map((name) => `${group} ${name}`);

export const EVERY_COMMAND: readonly string[] = [
  ...named("alloc", "exec", "status", "logs", "fs", "signal", "restart", "stop", "checks", "pause"),
  ...named("job", "run", "plan", "validate", "status", "stop", "inspect", "dispatch", "periodic force", "scale", "history", "revert", "promote", "eval", "deployments", "allocs", "restart", "tag apply", "tag unset", "action"),
  ...named("deployment", "list", "status", "promote", "pause", "resume", "fail", "unblock"),
  ...named("eval", "list", "status"),
  ...named("node", "status", "drain", "eligibility"),
  ...named("namespace", "list", "status", "apply", "delete"),
  ...named("service", "list", "info", "delete"),
  "server members", "agent-info", "status", "version", "operator api", "monitor", "autocompletion", "system gc", "scaling policy list", "volume status", "var list",
  "acl bootstrap", "login",
  ...named("acl policy", "apply", "list", "info", "self", "delete"),
  ...named("acl token", "create", "list", "info", "self", "update", "delete"),
  ...named("acl role", "create", "list", "info", "update", "delete"),
  ...named("acl auth-method", "create", "list", "info", "update", "delete"),
  ...named("acl binding-rule", "create", "list", "info", "update", "delete"),
];
