/** @module Rows of `nomad alloc …`: how exec fails, files and logs one by one, and what an ended allocation still answers. Used by nomad-cli-commands.ts. */
import { type CliCommand, FIND_ALLOC, FIND_JOB, HINTS, MONITOR } from "./command.ts";

const NOWHERE = "26470238-5cf2-438f-8772-dc67cfb0705c";
const NODE = "GET /v1/node/:id";
const JOB_ALLOC = [...FIND_JOB, "GET /v1/job/$JOB/allocations", "GET /v1/allocation/:id"];

/** What Nomad's own tests of the command ask of the server. */
export const EXEC_OUTCOMES: readonly CliCommand[] = [
  { command: "alloc exec", title: "of an allocation that is not there", args: ["alloc", "exec", NOWHERE, "/bin/true"], calls: ["GET /v1/allocations"], exit: 1, error: /^No allocation\(s\) with prefix or id "26470238-5cf2-438f-8772-dc67cfb0705c" found$/ },
  { command: "alloc exec", title: "by a prefix with an odd number of digits", args: ["alloc", "exec", "2647023", "/bin/true"], calls: ["GET /v1/allocations"], exit: 1, error: /^No allocation\(s\) with prefix or id "2647023" found$/ },
  { command: "alloc exec", title: "of a job that is not there", args: ["alloc", "exec", "-job", "no-such-job", "/bin/true"], calls: FIND_JOB, exit: 1, error: /^No job\(s\) with prefix or id "no-such-job" found$/ },
  { command: "alloc exec", title: "of a task that is not there", args: ["alloc", "exec", "-task=missing", "$ALLOC", "/bin/true"], calls: FIND_ALLOC, exit: 1, error: /^Could not find task named: missing, found:\n./ },
  { command: "alloc exec", title: "of a task that is not there, by its job", args: ["alloc", "exec", "-job", "-task=missing", "$JOB", "/bin/true"], calls: JOB_ALLOC, exit: 1, error: /^Could not find task named: missing, found:\n./ },
  { command: "alloc exec", title: "with input, both outputs and a code of its own", args: ["alloc", "exec", "-stdin=ping", "$ALLOC", "/bin/sh", "-c", "cat; echo err >&2; exit 21"], calls: [...FIND_ALLOC, NODE], exit: 21, saw: { stdout: "ping", stderr: "err\n" } },
  { command: "alloc exec", title: "of a job's group", args: ["alloc", "exec", "-job", "-group=web", "$WEB_JOB", "/bin/echo", "here"], calls: [...FIND_JOB, "GET /v1/job/$WEB_JOB/allocations", "GET /v1/allocation/:id", NODE], exit: 0, saw: { stdout: "here\n" } },
  { command: "alloc exec", title: "of a group that is not there", args: ["alloc", "exec", "-job", "-group=none", "$WEB_JOB", "/bin/true"], calls: [...FIND_JOB, "GET /v1/job/$WEB_JOB/allocations"], exit: 1, error: /task group "none" doesn't exist/ },
  { command: "alloc exec", title: "of a command that is not there", args: ["alloc", "exec", "$ALLOC", "/no/such/program"], calls: [...FIND_ALLOC, NODE], exit: 1, error: /./ },
  { command: "alloc status", title: "by a prefix that is no hexadecimal", args: ["alloc", "status", "zz"], calls: ["GET /v1/allocations"], exit: 1, error: /500 \(alloc lookup failed: index error: / },
];

const STAT = [...FIND_ALLOC, "GET /v1/client/fs/stat/:id"];
const LOG = "alloc/logs/server.stdout.0";

export const FILES: readonly CliCommand[] = [
  { command: "alloc fs", title: "of a file", args: ["alloc", "fs", "$WEB_ALLOC", LOG], calls: [...STAT, NODE, "GET /v1/client/fs/cat/:id"], exit: 0, saw: { isDirectory: false, text: "the first word\n" } },
  { command: "alloc fs", title: "of a file's first bytes", args: ["alloc", "fs", "-c=9", "$WEB_ALLOC", LOG], calls: [...STAT, NODE, "GET /v1/client/fs/readat/:id"], exit: 0, saw: { text: "the first" } },
  { command: "alloc fs", title: "of a file's end", args: ["alloc", "fs", "-tail", "$WEB_ALLOC", LOG], calls: [...STAT, NODE, "GET /v1/client/fs/stream/:id"], exit: 0, saw: { text: "the first word\n" } },
  { command: "alloc fs", title: "of what a file is", args: ["alloc", "fs", "-stat", "$WEB_ALLOC", LOG], calls: STAT, exit: 0, saw: { size: 15 } },
  { command: "alloc fs", title: "of a path that leaves the allocation", args: ["alloc", "fs", "$WEB_ALLOC", "../../etc"], calls: STAT, exit: 1, error: /Path escapes the alloc directory/ },
  { command: "alloc logs", title: "that go on", args: ["alloc", "logs", "-f", "-saying=SIGHUP", "$ALLOC"], calls: [...FIND_ALLOC, NODE, "GET /v1/client/fs/logs/:id"], exit: 0, saw: { stdout: "heard HUP\n" } },
  { command: "alloc logs", title: "of a job", args: ["alloc", "logs", "-job", "$JOB"], calls: [...FIND_JOB, "GET /v1/job/$JOB/allocations", "GET /v1/allocation/:id", NODE, "GET /v1/client/fs/logs/:id"], exit: 0 },
];

/** `schedule` blocks are Nomad Enterprise's. */
export const PAUSES: readonly CliCommand[] = [
  { command: "alloc pause", title: "asked for the state", args: ["alloc", "pause", "-status", "$ALLOC"], calls: [...FIND_ALLOC, "GET /v1/client/allocation/:id/pause"], exit: 1, error: /501 \(Nomad Enterprise only endpoint\)/ },
  { command: "alloc pause", args: ["alloc", "pause", "-state=pause", "$ALLOC"], calls: [...FIND_ALLOC, "PUT /v1/client/allocation/:id/pause"], exit: 1, error: /501 \(Nomad Enterprise only endpoint\)/ },
];

export const ENDED: readonly CliCommand[] = [
  { command: "job run", title: "of one that ends", args: ["job", "run", "$ENDED_FILE"], calls: ["PUT /v1/jobs", ...MONITOR], exit: 0 },
  { command: "job allocs", title: "of one that has ended", args: ["job", "allocs", "$ENDED_JOB"], calls: [...FIND_JOB, "GET /v1/job/$ENDED_JOB/allocations"], exit: 0, saw: { status: "complete" }, comes: true, keeps: { ENDED: "id" } },
  { command: "alloc status", title: "of one that has ended", args: ["alloc", "status", "$ENDED"], calls: [...FIND_ALLOC, "GET /v1/client/allocation/:id/checks", HINTS], exit: 0, saw: { status: "complete", description: "All tasks have completed" } },
  { command: "alloc logs", title: "of one that has ended", args: ["alloc", "logs", "$ENDED"], calls: [...FIND_ALLOC, NODE, "GET /v1/client/fs/logs/:id"], exit: 0, saw: { text: "the last word\n" } },
  { command: "alloc exec", title: "of one that has ended", args: ["alloc", "exec", "$ENDED", "/bin/true"], calls: [...FIND_ALLOC, NODE], exit: 1, error: /task "[^"]+" is not running\.$/ },
  { command: "alloc signal", title: "of one that has ended", args: ["alloc", "signal", "-s=SIGHUP", "$ENDED"], calls: [...FIND_ALLOC, "PUT /v1/client/allocation/:id/signal"], exit: 1, error: /500 \(1 error occurred:\s+\* Failed to signal task: [^,]+, err: Task not running/ },
  { command: "alloc restart", title: "of one that has ended", args: ["alloc", "restart", "$ENDED"], calls: [...FIND_ALLOC, "PUT /v1/client/allocation/:id/restart"], exit: 1, error: /500 \(restart of an alloc that should not run\)/ },
  { command: "job status", title: "of one that has ended", args: ["job", "status", "$ENDED_JOB"], calls: [...FIND_JOB, "GET /v1/job/$ENDED_JOB", ...["allocations", "evaluations", "deployment", "summary"].map((part) => `GET /v1/job/$ENDED_JOB/${part}`), HINTS], exit: 0, saw: { status: "dead" }, comes: true },
  { command: "job stop", title: "everywhere", args: ["job", "stop", "-global", "-purge", "-detach", "$ENDED_JOB"], calls: [...FIND_JOB, "GET /v1/job/$ENDED_JOB", "DELETE /v1/job/$ENDED_JOB"], exit: 0 },
];
