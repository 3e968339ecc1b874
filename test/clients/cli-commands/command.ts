/** @module One command of Nomad's CLI as data, and the calls that many of them begin or end with. Used by the rows beside it and in nomad-cli-commands.ts. */

/**
 * `$JOB`, `$ALLOC` and `$NODE` are a running job with one task, its allocation and its node; `$RULES` and `$JOB_FILE` are files. Other names
 * have been kept by a row before.
 */
export type CliCommand = {
  /** As Nomad's pages call it; the name of the sequence in nomad-cli/ is the beginning of `args`. */
  readonly command: string;
  /** What is special about this row. */
  readonly title?: string;
  /** Typed behind `nomad`. */
  readonly args: readonly string[];
  readonly exit: number;
  /** Method and path, each once, in the order of their first. `:id` stands for any UUID. */
  readonly calls: readonly string[];
  /** Part of what the CLI prints or follows, by the names that the sequence gives. */
  readonly saw?: object;
  readonly error?: RegExp;
  /** What is waited for: the command is repeated until it is so. */
  readonly comes?: true;
  /** Keeps a value that was seen under a name, for the rows behind. */
  readonly keeps?: Readonly<Record<string, string>>;
};

export const FIND_ALLOC = ["GET /v1/allocations", "GET /v1/allocation/:id"];
export const FIND_JOB = ["GET /v1/jobs"];
export const READ_JOB = [...FIND_JOB, "GET /v1/job/$JOB"];
export const HINTS = "GET /v1/agent/self";
export const MONITOR = ["GET /v1/evaluation/:id", "GET /v1/evaluation/:id/allocations"];
export const FIND_DEPLOYMENT = ["GET /v1/deployments"];
export const JOB_DETAILS = ["allocations", "evaluations", "deployment", "summary"].map((part) => `GET /v1/job/$JOB/${part}`);
export const NODE_STATUS = ["GET /v1/nodes", "GET /v1/node/:id", "GET /v1/node/:id/allocations", "GET /v1/client/stats", "GET /v1/client/allocation/:id/stats", HINTS];
