/** @module Rows of `nomad job …` for a job with ports, a service and an action, for one that cannot be placed, and for one whose canary is promoted. Used by nomad-cli-commands.ts. */
import { type CliCommand, FIND_DEPLOYMENT, FIND_JOB, HINTS, MONITOR } from "./command.ts";

const DEPLOYED = [...MONITOR, "GET /v1/deployment/:id"];
const WEB = "/v1/job/$WEB_JOB";

/** Two allocations run when these have. */
export const WEB_BEGINS: readonly CliCommand[] = [
  { command: "job run", title: "of one with a service", args: ["job", "run", "$WEB_FILE"], calls: ["PUT /v1/jobs", ...DEPLOYED], exit: 0, saw: { deployment: { Status: "successful" } } },
  { command: "job allocs", title: "of one with a service", args: ["job", "allocs", "$WEB_JOB"], calls: [...FIND_JOB, `GET ${WEB}/allocations`], exit: 0, saw: { allocations: 2, status: "running" }, keeps: { WEB_ALLOC: "id" } },
];

export const WEB_SERVES: readonly CliCommand[] = [
  { command: "service list", args: ["service", "list"], calls: ["GET /v1/services"], exit: 0, saw: { services: ["$SERVICE"] } },
  { command: "service info", args: ["service", "info", "$SERVICE"], calls: ["GET /v1/service/$SERVICE"], exit: 0, saw: { registrations: 2, job: "$WEB_JOB", hasPort: true }, keeps: { REGISTRATION: "id" } },
  { command: "service info", title: "of none", args: ["service", "info", "no-such-service"], calls: ["GET /v1/service/no-such-service"], exit: 1, error: /^No service registrations found$/ },
  { command: "service delete", args: ["service", "delete", "$SERVICE", "some-id"], calls: ["DELETE /v1/service/$SERVICE/some-id"], exit: 1, error: /501 \(registrations of services follow their allocations, / },
  { command: "job action", args: ["job", "action", "-job=$WEB_JOB", "greet"], calls: [...FIND_JOB, `GET ${WEB}/allocations`, "GET /v1/allocation/:id"], exit: 4, saw: { stdout: "hello from server\n" } },
  { command: "job action", title: "that the job has not", args: ["job", "action", "-job=$WEB_JOB", "nothing"], calls: [...FIND_JOB, `GET ${WEB}/allocations`, "GET /v1/allocation/:id"], exit: 1, error: /nothing/ },
  { command: "job restart", args: ["job", "restart", "$WEB_JOB"], calls: [...FIND_JOB, `GET ${WEB}`, `GET ${WEB}/allocations`, "PUT /v1/client/allocation/:id/restart"], exit: 0, saw: { restarted: 2 } },
  { command: "job status", title: "of one that has been restarted", args: ["job", "status", "$WEB_JOB"], calls: [...FIND_JOB, `GET ${WEB}`, ...["allocations", "evaluations", "deployment", "summary"].map((part) => `GET ${WEB}/${part}`), HINTS], exit: 0, saw: { running: 2 }, comes: true },
  { command: "job restart", title: "by replacements", args: ["job", "restart", "-reschedule", "$WEB_JOB"], calls: [...FIND_JOB, `GET ${WEB}`, `GET ${WEB}/allocations`, "PUT /v1/allocation/:id/stop", "GET /v1/allocation/:id"], exit: 0, saw: { restarted: 2, replaced: true } },
  { command: "job scale", title: "of a job that has changed since", args: ["job", "scale", "-check-index=1", "$WEB_JOB", "web", "1"], calls: [...FIND_JOB, `PUT ${WEB}/scale`], exit: 1, error: /job modify index/i },
  { command: "job stop", title: "of one with a service", args: ["job", "stop", "-detach", "-purge", "$WEB_JOB"], calls: [...FIND_JOB, `GET ${WEB}`, `DELETE ${WEB}`], exit: 0 },
];

const UNPLACED = "/v1/job/$UNPLACED_JOB";

export const UNPLACED_JOB: readonly CliCommand[] = [
  { command: "job plan", title: "of a job that cannot be placed", args: ["job", "plan", "$UNPLACED_FILE"], calls: [`PUT ${UNPLACED}/plan`], exit: 1, saw: { diff: "Added", unplaced: 1 } },
  { command: "job plan", title: "of a job that is none", args: ["job", "plan", "$WRONG_FILE"], calls: ["PUT /v1/job/$WRONG_JOB/plan"], exit: 255 },
  { command: "job run", title: "of a job that is none", args: ["job", "run", "$WRONG_FILE"], calls: ["PUT /v1/jobs"], exit: 1, error: /^Error submitting job: Unexpected response code: \d+ \(.*[Mm]issing job task groups/s },
  { command: "job validate", title: "of a job that is none", args: ["job", "validate", "$WRONG_FILE"], calls: ["PUT /v1/validate/job"], exit: 1 },
  {
    command: "job run", title: "of a job that cannot be placed", args: ["job", "run", "$UNPLACED_FILE"], calls: ["PUT /v1/jobs", ...MONITOR], exit: 2,
    saw: { evaluation: { Status: "complete", BlockedEval: true, Unplaced: 1 }, metric: { ConstraintFiltered: { "${attr.kernel.name} = plan9": 1 } } }, keeps: { BLOCKED: "blocked", EVALUATION: "evalID" },
  },
  { command: "eval status", title: "of one that is blocked", args: ["eval", "status", "$BLOCKED"], calls: ["GET /v1/evaluations", "GET /v1/evaluation/:id", "GET /v1/evaluation/:id/allocations"], exit: 0, saw: { status: "blocked", trigger: "queued-allocs" } },
  { command: "eval status", title: "of one that has placed nothing", args: ["eval", "status", "-monitor", "$EVALUATION"], calls: ["GET /v1/evaluations", "GET /v1/evaluation/:id", "GET /v1/evaluation/:id/allocations"], exit: 2 },
  { command: "eval list", title: "of those that are blocked", args: ["eval", "list", '-filter=Status == "blocked"'], calls: ["GET /v1/evaluations"], exit: 0, saw: { jobs: ["$UNPLACED_JOB"] } },
  { command: "status", title: "of an evaluation", args: ["status", "$EVALUATION"], calls: ["PUT /v1/search", "GET /v1/evaluations", "GET /v1/evaluation/:id", "GET /v1/evaluation/:id/allocations"], exit: 0, saw: { context: "evals", status: "complete" } },
  { command: "autocompletion", title: "of evaluations", args: ["autocompletion", "evals", "$EVALUATION"], calls: ["PUT /v1/search"], exit: 0, saw: { matches: ["$EVALUATION"] } },
  { command: "job status", title: "of one that cannot be placed", args: ["job", "status", "$UNPLACED_JOB"], calls: [...FIND_JOB, `GET ${UNPLACED}`, ...["allocations", "evaluations", "deployment", "summary"].map((part) => `GET ${UNPLACED}/${part}`), HINTS], exit: 0, saw: { status: "pending", running: 0 } },
  { command: "job stop", title: "of one that cannot be placed", args: ["job", "stop", "-purge", "-detach", "$UNPLACED_JOB"], calls: [...FIND_JOB, `GET ${UNPLACED}`, `DELETE ${UNPLACED}`], exit: 0 },
];

const PROMOTED = "/v1/job/$PROMOTED_JOB";

export const PROMOTION: readonly CliCommand[] = [
  { command: "job run", title: "of one to promote", args: ["job", "run", "$PROMOTED_FILE"], calls: ["PUT /v1/jobs", ...DEPLOYED], exit: 0, keeps: { INDEX: "index" } },
  { command: "job run", title: "of a version that is not the present one's next", args: ["job", "run", "-check-index=1", "$NEXT_PROMOTED_FILE"], calls: ["PUT /v1/jobs"], exit: 1, error: /500 \(Enforcing job modify index 1: job exists with conflicting job modify index: \d+\)/ },
  { command: "job run", title: "of the next version of the one that is known", args: ["job", "run", "-check-index=$INDEX", "-detach", "$NEXT_PROMOTED_FILE"], calls: ["PUT /v1/jobs"], exit: 0 },
  { command: "job promote", args: ["job", "promote", "$PROMOTED_JOB"], calls: [...FIND_JOB, `GET ${PROMOTED}/deployment`, "PUT /v1/deployment/promote/:id", ...DEPLOYED], exit: 0, saw: { deployment: { Status: "successful" } }, comes: true },
  { command: "job tag apply", args: ["job", "tag", "apply", "-name=before", "-version=0", "-description=as it was", "$PROMOTED_JOB"], calls: [...FIND_JOB, `PUT ${PROMOTED}/versions/before/tag`], exit: 0 },
  { command: "job tag apply", title: "to the present version", args: ["job", "tag", "apply", "-name=now", "$PROMOTED_JOB"], calls: [...FIND_JOB, `GET ${PROMOTED}`, `PUT ${PROMOTED}/versions/now/tag`], exit: 0 },
  { command: "job tag apply", title: "to a version that there is not", args: ["job", "tag", "apply", "-name=later", "-version=9", "$PROMOTED_JOB"], calls: [...FIND_JOB, `PUT ${PROMOTED}/versions/later/tag`], exit: 1, error: /9/ },
  { command: "job inspect", title: "of a version", args: ["job", "inspect", "-version=0", "$PROMOTED_JOB"], calls: [...FIND_JOB, `GET ${PROMOTED}/versions`], exit: 0, saw: { job: { Job: { Version: 0, VersionTag: { Name: "before", Description: "as it was" } } } } },
  { command: "job inspect", title: "of a version that there is not", args: ["job", "inspect", "-version=9", "$PROMOTED_JOB"], calls: [...FIND_JOB, `GET ${PROMOTED}/versions`], exit: 1, error: /couldn't be found$/ },
  { command: "job revert", title: "to a tag", args: ["job", "revert", "-detach", "$PROMOTED_JOB", "before"], calls: [...FIND_JOB, `GET ${PROMOTED}/versions`, `PUT ${PROMOTED}/revert`], exit: 0 },
  { command: "job tag unset", args: ["job", "tag", "unset", "-name=before", "$PROMOTED_JOB"], calls: [...FIND_JOB, `DELETE ${PROMOTED}/versions/before/tag`], exit: 0 },
  { command: "job tag unset", title: "that there is not", args: ["job", "tag", "unset", "-name=before", "$PROMOTED_JOB"], calls: [...FIND_JOB, `DELETE ${PROMOTED}/versions/before/tag`], exit: 1, error: /before/ },
  { command: "job stop", title: "of the promoted one", args: ["job", "stop", "-detach", "-purge", "$PROMOTED_JOB"], calls: [...FIND_JOB, `GET ${PROMOTED}`, `DELETE ${PROMOTED}`], exit: 0 },
];

/** While a deployment waits for a person: put between its begin and its end. */
export const OF_DEPLOYMENT: readonly CliCommand[] = [
  { command: "deployment unblock", args: ["deployment", "unblock", "$DEPLOYMENT"], calls: [...FIND_DEPLOYMENT, "PUT /v1/deployment/unblock/:id"], exit: 1, error: /500 \(can't unblock / },
  { command: "status", title: "of a deployment", args: ["status", "$DEPLOYMENT"], calls: ["PUT /v1/search", ...FIND_DEPLOYMENT, HINTS], exit: 0, saw: { context: "deployment", status: "running" } },
  { command: "autocompletion", title: "of deployments", args: ["autocompletion", "deployment", "$DEPLOYMENT"], calls: ["PUT /v1/search"], exit: 0, saw: { matches: ["$DEPLOYMENT"] } },
];
