/** @module An allocation under its owner's hands: looked at, read, entered, signalled, restarted, stopped. Pure. */
import { command, LAST_FIVE, look, type StockCommand } from "../command.ts";

const ALLOC = "{alloc of web}";

const SCORES = { lines: /^Allocation Time |^Node {2}binpack|^<id> {2}\d|^$/, because: "the Kubernetes scheduler tells neither scores nor times" };
const PIPES = { lines: /\.fifo$/, because: "the launcher has pipes without names" };
const DIRECTORY = { lines: /^Unexpected response code: 404 \(stat .*nosuch: no such file or directory\)$/, because: "the path on the node is not told" };

export const ALLOCATION: readonly StockCommand[] = [
  look(`alloc status ${ALLOC}`),
  look(`alloc status -short ${ALLOC}`),
  look(`alloc status -verbose ${ALLOC}`, { except: [SCORES] }),
  look(`alloc logs ${ALLOC}`),
  look(`alloc logs -stderr ${ALLOC}`),
  look(`alloc logs -job web server`),
  look(`alloc logs -tail -n 1 ${ALLOC} server`),
  look(`alloc logs -tail -c 3 ${ALLOC} server`),
  look(`alloc logs ${ALLOC} nosuch`),
  look("alloc logs 00000000-0000-0000-0000-000000000000"),
  look("alloc logs x"),
  look(`alloc fs ${ALLOC}`),
  look(`alloc fs ${ALLOC} alloc/logs`, { except: [PIPES] }),
  look(`alloc fs ${ALLOC} alloc/logs/server.stdout.0`),
  look(`alloc fs -tail -n 1 ${ALLOC} alloc/logs/server.stdout.0`),
  look(`alloc fs ${ALLOC} nosuch`, { except: [DIRECTORY] }),
  look(`alloc fs ${ALLOC} ../..`),
  { args: ["alloc", "exec", ALLOC, "/bin/sh", "-c", "echo $COLOUR; echo to stderr >&2; exit 7"] },
  { args: ["alloc", "exec", "-task", "server", "-i=false", "-t=false", ALLOC, "/bin/cat"], input: "ignored" },
  { args: ["alloc", "exec", "-i=true", "-t=false", ALLOC, "/bin/cat"], input: "one\ntwo\n" },
  { args: ["alloc", "exec", "-job", "web", "/bin/sh", "-c", "exit 3"] },
  command(`alloc exec -task nosuch ${ALLOC} /bin/sh`),
  command(`alloc exec ${ALLOC}`),
  command(`alloc signal -s SIGHUP ${ALLOC}`),
  command(`alloc signal -s SIGHUP ${ALLOC} nosuch`),
  look(`alloc logs ${ALLOC}`),
  command(`alloc restart ${ALLOC} nosuch`),
  command(`alloc restart ${ALLOC} server`),
  look(`alloc status ${ALLOC}`),
  command(`alloc checks ${ALLOC}`),
  command("alloc status 00000000-0000-0000-0000-000000000000"),
  command("alloc status zz"),
  command("alloc stop 00000000-0000-0000-0000-000000000000"),
  command(`alloc stop ${ALLOC}`),
  look("job status web", { except: [LAST_FIVE] }),
];
