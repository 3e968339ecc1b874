/** @module A service's life as its owner types it: planned, run, looked at, changed, scaled, gone back, stopped, purged. Pure. */
import { command, LAST_FIVE, look, type StockCommand } from "../command.ts";

export const SERVICE: readonly StockCommand[] = [
  command("job validate web.nomad"),
  command("job plan web.nomad"),
  command("job run web.nomad"),
  look("job status"),
  look("job status web"),
  look("job status -evals web"),
  look("job status -all-allocs -short web"),
  look("job allocs web"),
  look("job deployments web"),
  look("job deployments -latest web"),
  look("deployment list"),
  look("deployment status {deployment of web}"),
  look("job history web"),
  look("job history -p web"),
  look("job inspect -t {{.Name}}/{{.Type}} web"),
  look("eval list -job web"),
  look("eval status {eval of web}"),
  command("job plan web.nomad"),
  command("job run web.nomad"),
  command("job plan web-3.nomad"),
  command("job plan web-blue.nomad"),
  command("job plan -diff=false web-blue.nomad"),
  command("job run -check-index 7777777 web-blue.nomad"),
  command("job run web-blue.nomad"),
  look("job status web"),
  look("job history -p web"),
  command("job revert web 0"),
  look("job status web"),
  command("job revert web 99"),
  command("job scale web app 3"),
  look("job status web"),
  command("job scale web app 2"),
  command("job scale web nogroup 2"),
  look("job scaling-events web"),
  command("job eval web"),
  command("job promote web"),
  command("deployment promote {deployment of web}"),
  command("deployment fail {deployment of web}"),
  command("deployment pause {deployment of web}"),
  command("deployment status no-such"),
];

/** The monitor of a purge goes on to the deployment on Nomad, where that outlives its job. */
const GONE = { lines: /deployment|^$|^<time>$|^ID |^Job |^Status |^Description |^Deployed|^Task Group |^app /, because: "a deployment goes with its job" };

/** After the allocations have been looked at. */
export const SERVICE_END: readonly StockCommand[] = [
  command("job stop web"),
  look("job status web", { except: [LAST_FIVE] }),
  look("job status"),
  command("job run web.nomad"),
  command("job stop -detach web"),
  command("job stop -purge web", { except: [GONE] }),
  command("job status web"),
  command("job stop web"),
];
