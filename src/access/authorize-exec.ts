/** @module Whether someone may run a command in a task: the checks of Nomad's exec, in its order, with its texts. What comes out is a Grant. Used by the bridge. */
import { err, ok, type Result } from "../lib/result.ts";
import { allowNamespaceOperation } from "../nomad/acl/acl.ts";
import {
  actionNotInTask, execNotPossible, jobHasNoAllocation, jobNotInNamespace, MISSING_ALLOC_ID, MISSING_COMMAND, MISSING_TASK_NAME,
  TASK_NOT_FOUND, taskNotInAllocation, taskNotRunning, taskNotStarted, unknownAllocation,
} from "../nomad/texts.ts";
import { uuidError } from "../nomad/uuid.ts";
import { type AccessError, permissionDenied } from "./access-error.ts";
import type { Identity } from "./authenticate.ts";

/** On every grant as a property that no copy takes along, so that a grant which was altered is none. */
const granted: unique symbol = Symbol("granted");

/** The right to open one exec in one container of one pod, for a short time. Nothing but `authorizeExec` makes one. */
export type Grant = {
  readonly [granted]: true;
  /** The allocation's ID, which is the pod's UID. */
  readonly allocId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly container: string;
  readonly accessorId: string;
  readonly tokenName: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly sessionId: string;
};

/** What the cluster says of the allocation that the request names. */
export type AllocationFacts = {
  readonly allocId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly clientStatus: "pending" | "running" | "complete" | "failed" | "lost" | "unknown";
  /** The container of each task, and how far it is. */
  readonly tasks: ReadonlyMap<string, TaskFacts>;
  /** See `isNodeLevel`. */
  readonly nodeLevel: boolean;
  readonly remoteExecDisabled: boolean;
};

export type TaskFacts = { readonly container: string; readonly state: "not-started" | "running" | "dead" };

export type ExecRequest = {
  readonly allocId: string;
  /** Undefined where no allocation has that ID. */
  readonly allocation: AllocationFacts | undefined;
  readonly task: string;
  readonly command: readonly string[];
  /** For an action of a job, in place of a command that the caller gives. */
  readonly action?: RequestedAction;
  /** A UUID of this session: in the pod's exec command and in both audit lines. */
  readonly sessionId: string;
};

/** `job`: whether there is such a job in that namespace, and whether the allocation is one of its own. `found`: whether the task has such an action. */
export type RequestedAction = {
  readonly jobId: string;
  readonly namespace: string;
  readonly name: string;
  readonly job: "own" | "other" | "unknown";
  readonly found: boolean;
};

/** How long after the checks the exec may be opened. */
export const GRANT_LIFETIME_MS = 30_000;

/** @param now epoch ms. Rights come before everything that would tell a stranger something about the task. */
export function authorizeExec(identity: Identity, request: ExecRequest, now: number): Result<Grant, AccessError> {
  const allocation = checkAllocation(identity, request);
  if (!allocation.ok) return allocation;
  const task = checkTask(identity, request, allocation.value);
  if (!task.ok) return task;
  const { allocId, namespace, podName } = allocation.value;
  const { accessorId, tokenName, expirationTime = Infinity } = identity;
  if (expirationTime <= now) return err(permissionDenied());
  const expiresAt = Math.min(now + GRANT_LIFETIME_MS, expirationTime);
  const grant = { allocId, namespace, podName, container: task.value.container, accessorId, tokenName, expiresAt, sessionId: request.sessionId };
  return ok(marked(grant));
}

/** Whether the rights to a session that is open still hold. Says nothing of the task: a pod that goes ends its sessions by itself, and in its own words. */
export function mayStillExec(identity: Identity, { namespace, nodeLevel, remoteExecDisabled }: Pick<AllocationFacts, "namespace" | "nodeLevel" | "remoteExecDisabled">): boolean {
  if (remoteExecDisabled || !allowNamespaceOperation(identity.acl, namespace, "alloc-exec")) return false;
  return !nodeLevel || allowNamespaceOperation(identity.acl, namespace, "alloc-node-exec");
}

/** False for a value that `authorizeExec` did not make, whatever its type says. */
export function isGenuine(grant: Grant): boolean {
  return Object.hasOwn(grant, granted) && Object.isFrozen(grant);
}

/** The one place that puts the mark on. */
function marked(fields: Omit<Grant, typeof granted>): Grant {
  return Object.freeze(Object.defineProperty({ ...fields }, granted, { value: true, enumerable: false })) as Grant;
}

/** What a Nomad server checks before it asks the node. */
function checkAllocation(identity: Identity, { allocId, allocation, action }: ExecRequest): Result<AllocationFacts, AccessError> {
  if (allocId === "") return refuse(MISSING_ALLOC_ID, 400);
  const malformed = uuidError(allocId);
  if (malformed !== undefined) return refuse(`alloc lookup failed: ${malformed}`);
  if (allocation === undefined || allocation.allocId !== allocId) return refuse(unknownAllocation(allocId), 404);
  if (!allowNamespaceOperation(identity.acl, allocation.namespace, "alloc-exec")) return err(permissionDenied());
  const { clientStatus } = allocation;
  // Of one that has ended its node still knows the tasks, and answers for them.
  if (clientStatus === "lost") return refuse(execNotPossible(allocId, clientStatus), 400);
  if (action?.job === "unknown") return refuse(jobNotInNamespace(action.jobId, action.namespace), 404);
  return action?.job === "other" ? refuse(jobHasNoAllocation(action.jobId, allocId), 400) : ok(allocation);
}

/** What Nomad's agent on the node checks. */
function checkTask(identity: Identity, { task, command, action }: ExecRequest, allocation: AllocationFacts): Result<TaskFacts, AccessError> {
  if (allocation.remoteExecDisabled) return err(permissionDenied());
  if (task === "") return refuse(MISSING_TASK_NAME, 400);
  if (action !== undefined && !allocation.tasks.has(task)) return refuse(taskNotInAllocation(task, allocation.allocId), 400);
  if (action?.found === false) return refuse(actionNotInTask(action.name, task), 400);
  if (command.length === 0) return refuse(MISSING_COMMAND, 400);
  const facts = allocation.tasks.get(task);
  if (facts === undefined) return refuse(TASK_NOT_FOUND, 500);
  if (allocation.nodeLevel && !allowNamespaceOperation(identity.acl, allocation.namespace, "alloc-node-exec")) return err(permissionDenied());
  if (facts.state === "not-started") return refuse(taskNotStarted(task), 404);
  return facts.state === "dead" ? refuse(taskNotRunning(task), 404) : ok(facts);
}

function refuse(message: string, code?: number): Result<never, AccessError> {
  return err(code === undefined ? { kind: "exec-refused", message } : { kind: "exec-refused", message, code });
}
