/** @module Jobs that end, fail, wait for their hour or for a dispatch, and jobs that no node can take. Pure. */
import { command, look, type StockCommand } from "../command.ts";

const DEPRECATED = { lines: /cron is deprecated|^Job Warnings:|^1 warning:|^$/, because: "the bridge warns as Nomad 1.11 does, and 1.6 does not" };
const FORESEEN = { lines: /\(1 create\)$|^\+? ?Task Group: "\w+"$/, because: "a plan of a job that only launches others says nothing of its groups" };
const EXHAUSTED = { lines: /^- |^ +\* |Task Group "app" \(failed/, because: "what is free on a node only the Kubernetes scheduler knows, when there is a pod" };

const ONE_STREAM = { lines: /^no$|^cat: /, because: "the kubelet keeps both streams of what has ended as one, which is told as stdout" };

export const BATCH: readonly StockCommand[] = [
  command("job run -detach sums.nomad"),
  look("job status sums"),
  look("alloc status {alloc of sums}"),
  look("alloc logs {alloc of sums}"),
  command("alloc exec {alloc of sums} /bin/sh"),
  command("alloc restart {alloc of sums}"),
  command("alloc signal {alloc of sums}"),
  command("job run -detach broken.nomad"),
  look("job status broken"),
  look("alloc status {alloc of broken}"),
  look("alloc logs -stderr {alloc of broken}", { except: [ONE_STREAM] }),
  command("job run nightly.nomad", { except: [DEPRECATED] }),
  look("job status nightly"),
  command("job periodic force sums"),
  command("job periodic force nosuch"),
  command("job periodic force nightly"),
  { args: ["alloc", "logs", "{alloc of {child of nightly}}"], comes: true },
  command("job plan nightly.nomad", { except: [DEPRECATED, FORESEEN] }),
  command("job run render.nomad"),
  look("job status render"),
  { args: ["job", "dispatch", "-meta", "FRAME=7", "-detach", "render", "-"], input: "the payload\n" },
  { args: ["alloc", "logs", "{alloc of {child of render}}"], comes: true, except: [ONE_STREAM] },
  look("job status render"),
  command("job dispatch render"),
  command("job dispatch -meta FRAME=1 -meta COLOUR=red render"),
  command("job dispatch sums"),
  command("job dispatch nosuch"),
  command("job plan huge.nomad", { except: [EXHAUSTED] }),
  command("job run -detach huge.nomad"),
  look("job status huge"),
  command("job stop huge"),
  command("job run -detach elsewhere.nomad"),
  look("job status elsewhere"),
  ...["huge", "elsewhere", "nightly", "render", "sums", "broken"].map((job) => command(`job stop -purge -detach ${job}`)),
];
