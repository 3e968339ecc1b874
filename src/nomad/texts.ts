/**
 * @module The texts that Nomad's clients show or match, for authentication, ACL objects and exec. Used by access and the bridge.
 * Source: behaviour of a Nomad 2.0 agent.
 */

export const PERMISSION_DENIED = "Permission denied";
export const ACL_DISABLED = "ACL support disabled";

export const TOKEN_NOT_FOUND = "ACL token not found";
export const TOKEN_EXPIRED = "ACL token expired";
export const TOKEN_INVALID = "ACL token is invalid";
export const POLICY_NOT_FOUND = "ACL policy not found";
export const POLICY_NAME_MISMATCH = "ACL policy name does not match request path";

export const INVALID_BOOTSTRAP_SECRET = "invalid acl token";
export const bootstrapDone = (resetIndex: number): string => `ACL bootstrap already done (reset index: ${resetIndex})`;
export const wrongBootstrapReset = (specified: number, resetIndex: number): string =>
  `Invalid bootstrap reset index (specified ${specified}, reset index: ${resetIndex})`;

export const TOKEN_NEEDS_POLICIES = "client token missing policies or roles";
export const MANAGEMENT_TAKES_NO_POLICIES = "management token cannot be associated with policies or roles";
export const WRONG_TOKEN_TYPE = "token type must be client or management";
export const TOKEN_NAME_TOO_LONG = "token name too long";
export const CANNOT_TOGGLE_GLOBAL = "cannot toggle global mode";
export const CANNOT_UPDATE_TTL = "cannot update expiration TTL";
export const CANNOT_UPDATE_EXPIRATION = "cannot update expiration time";
/** Durations are in Go's spelling, such as "24h0m0s". */
export const negativeTtl = (ttl: string): string => `token expiration TTL '${ttl}' should not be negative`;
export const expiresTooLate = (max: string, was: string): string => `expiration time cannot be more than ${max} in the future (was ${was})`;
export const expiresTooSoon = (min: string, was: string): string => `expiration time cannot be less than ${min} in the future (was ${was})`;
export const EXPIRES_BEFORE_CREATED = "expiration time cannot be before create time";
export const nonexistentTokens = (accessorIds: readonly string[]): string => `Cannot delete nonexistent tokens: ${accessorIds.join(", ")}`;

export const MISSING_ALLOC_ID = "missing AllocID";
/** Where an allocation is written, or asked for its services; to read one says "alloc not found". */
export const ALLOCATION_NOT_FOUND = "allocation not found";
export const unknownAllocation = (allocId: string): string => `Unknown allocation "${allocId}"`;
export const execNotPossible = (allocId: string, clientStatus: string): string =>
  `exec not possible, client status of allocation ${allocId} is ${clientStatus}`;
export const MISSING_TASK_NAME = "must provide task name";
export const MISSING_COMMAND = "command is not present";
export const TASK_NOT_FOUND = "task not found";
export const unknownTask = (task: string): string => `unknown task name "${task}"`;
export const taskNotStarted = (task: string): string => `task "${task}" not started yet.`;
export const taskNotRunning = (task: string): string => `task "${task}" is not running.`;

/** Why a launcher stopped a task without being told to from outside: it leaves one of these in its termination message. Twin: launcher/group.go. */
export const LEADER_TASK_DEAD = "Leader Task Dead";
export const MAIN_TASKS_DEAD = "Main tasks in the group died";
/** As the event of it says. */
export const LEADER_TASK_IN_GROUP_DEAD = "Leader Task in Group dead";

export const INVALID_METHOD = "Invalid method";

export const INVALID_ALLOC_ID = "must provide a valid alloc id";
export const TASK_NOT_RUNNING = "Task not running";
/** Of a signal for all tasks, by those that did not get it. */
export const signalsFailed = (tasks: readonly string[]): string =>
  `${tasks.length} error${tasks.length === 1 ? "" : "s"} occurred:\n${tasks.map((task) => `\t* Failed to signal task: ${task}, err: ${TASK_NOT_RUNNING}\n`).join("")}\n`;
export const RESTART_OF_ENDED_ALLOCATION = "restart of an alloc that should not run";
export const TASK_NAME_AND_ALL_TASKS = "task name cannot be set when restarting all tasks";
export const PATH_ESCAPES = "Path escapes the alloc directory";
export const NO_TASK_OF_THAT_NAME = "Task not found";
export const noTaskRunner = (task: string): string => `Could not find task runner for task: ${task}`;
export const MISSING_LOG_TYPE = "must provide log type (stdout/stderr)";
export const WRONG_ORIGIN = "origin must be start or end";
export const MISSING_FILE_NAME = "must provide a file name";
export const taskHasNoLogs = (task: string): string => `task "${task}" not started yet. No logs available`;
export const noAllocationState = (allocId: string): string => `state for allocation ${allocId} not found on client`;

export const jobNotInNamespace = (jobId: string, namespace: string): string => `job ${jobId} not found in namespace ${namespace}`;
export const jobHasNoAllocation = (jobId: string, allocId: string): string => `job ${jobId} does not have allocation ${allocId}`;
export const taskNotInAllocation = (task: string, allocId: string): string => `task ${task} not found in allocation ${allocId}`;
export const actionNotInTask = (action: string, task: string): string => `action ${action} not found in task ${task}`;
export const NOT_ELIGIBLE_FOR_GC = "No such allocation on client, or allocation not eligible for GC";
