/**
 * @module Whether someone may read an allocation's logs and files, see what it uses, restart or signal it: rights first, then what Nomad checks
 * of the task, with its texts. What comes out is a grant for that one operation. Used by the bridge.
 */
import type { Operation, OperationName } from "../contract/frames.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { allowNamespaceOperation } from "../nomad/acl/acl.ts";
import type { NamespaceCapability } from "../nomad/acl/capabilities.ts";
import { INVALID_ALLOC_ID, TASK_NOT_RUNNING, unknownAllocation } from "../nomad/texts.ts";
import { allocLookupFailed, uuidError } from "../nomad/uuid.ts";
import { type AccessError, permissionDenied } from "./access-error.ts";
import type { Identity } from "./authenticate.ts";
import type { AllocationFacts } from "./authorize-exec.ts";

/** A mark of its own, not that of authorize-exec.ts: the right to read a file is none to run a command, nor the other way round. */
const granted: unique symbol = Symbol("granted operation");

/** The right to have one operation done by one launcher, once, for a short time. Nothing but `authorizeOperation` makes one. */
export type OperationGrant = {
  readonly [granted]: true;
  /** What it allows, to the last parameter. */
  readonly operation: Operation;
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

export type OperationRequest = {
  /** Undefined where no allocation has that ID. */
  readonly allocation: AllocationFacts | undefined;
  readonly allocId: string;
  readonly operation: Operation;
  /** The task whose container is to do it. */
  readonly task: string;
  /** A UUID of this session: in the pod's exec command and in the audit line. */
  readonly sessionId: string;
};

/** How long after the checks it may be opened. */
const GRANT_LIFETIME_MS = 30_000;

/** Any one of them is enough. */
export const OPERATION_RIGHTS: Readonly<Record<OperationName, readonly NamespaceCapability[]>> = {
  "fs-list": ["read-fs"],
  "fs-stat": ["read-fs"],
  "fs-read": ["read-fs"],
  "fs-stream": ["read-fs"],
  logs: ["read-logs", "read-fs"],
  stats: ["read-job"],
  restart: ["alloc-lifecycle"],
  // A part of stopping an allocation or its job: whoever may do that may do this.
  "skip-shutdown-delay": ["alloc-lifecycle", "submit-job", "deregister-job", "purge-job"],
  signal: ["alloc-lifecycle"],
};

/** Whether a namespace's rights are enough for an operation in it, whatever has become of the allocation. */
export const mayOperate = (identity: Identity, namespace: string, operation: OperationName): boolean =>
  OPERATION_RIGHTS[operation].some((capability) => allowNamespaceOperation(identity.acl, namespace, capability));

/**
 * The allocation, for someone who may do that in its namespace. All else that could be asked of it comes after.
 * @param allocId as the request has it
 */
export function authorizeAllocation(identity: Identity, { allocId, allocation, operation }: Pick<OperationRequest, "allocId" | "allocation"> & { readonly operation: OperationName }): Result<AllocationFacts, AccessError> {
  if (allocId === "") return refuse(INVALID_ALLOC_ID, 400);
  const wrong = uuidError(allocId);
  if (wrong !== undefined) return refuse(allocLookupFailed(wrong), 500);
  if (allocation === undefined || allocation.allocId !== allocId) return refuse(unknownAllocation(allocId), 404);
  return mayOperate(identity, allocation.namespace, operation) ? ok(allocation) : err(permissionDenied());
}

/** @param now epoch ms */
export function authorizeOperation(identity: Identity, request: OperationRequest, now: number): Result<OperationGrant, AccessError> {
  const allocation = authorizeAllocation(identity, { ...request, operation: request.operation.operation });
  if (!allocation.ok) return allocation;
  const task = allocation.value.tasks.get(request.task);
  if (task?.state !== "running") return refuse(TASK_NOT_RUNNING, 500);
  const { accessorId, tokenName, expirationTime = Infinity } = identity;
  if (expirationTime <= now) return err(permissionDenied());
  const { allocId, namespace, podName } = allocation.value;
  const expiresAt = Math.min(now + GRANT_LIFETIME_MS, expirationTime);
  const { operation, sessionId } = request;
  return ok(marked({ operation: frozen(operation), allocId, namespace, podName, container: task.container, accessorId, tokenName, expiresAt, sessionId }));
}

/** False for a value that `authorizeOperation` did not make, whatever its type says. */
export function isGenuineOperation(grant: OperationGrant): boolean {
  return Object.hasOwn(grant, granted) && Object.isFrozen(grant);
}

/** The one place that puts the mark on. */
function marked(fields: Omit<OperationGrant, typeof granted>): OperationGrant {
  return Object.freeze(Object.defineProperty({ ...fields }, granted, { value: true, enumerable: false })) as OperationGrant;
}

/** A copy that nobody changes after the checks, in its parts too. */
function frozen(operation: Operation): Operation {
  const copy = structuredClone(operation);
  for (const part of Object.values(copy)) if (typeof part === "object") Object.freeze(part);
  return Object.freeze(copy);
}

const refuse = (message: string, code: number): Result<never, AccessError> => err({ kind: "operation-refused", message, code });
