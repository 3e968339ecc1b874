/** @module What people get wrong: files that do not parse, jobs that are not valid, names that lead nowhere. Pure. */
import { command, type StockCommand } from "../command.ts";

const FILES = ["syntax.nomad", "unknown.nomad", "empty-job.nomad", "no-driver.nomad", "needs-variable.nomad", "no-such-file.nomad"];

export const REFUSALS: readonly StockCommand[] = [
  ...FILES.flatMap((file) => [command(`job validate ${file}`), command(`job plan ${file}`), command(`job run ${file}`)]),
  ...["status", "inspect", "history", "deployments", "allocs", "eval", "promote", "scaling-events", "stop"].map((verb) => command(`job ${verb} nosuch`)),
  command("job revert nosuch 0"),
  command("job scale nosuch 2"),
  command("eval status nosuch"),
  command("eval status 00000000-0000-0000-0000-000000000000"),
  command("deployment status 00000000-0000-0000-0000-000000000000"),
  command("deployment fail 00000000-0000-0000-0000-000000000000"),
  command("node status 00000000-0000-0000-0000-000000000000"),
  command("node status zz"),
  command("namespace status nosuch"),
  command("node pool info nosuch"),
  command("service info nosuch"),
  command("service list"),
  command("namespace list"),
  command("node pool list"),
  command("server members -help"),
  command("system gc"),
  command("status nosuch"),
];
