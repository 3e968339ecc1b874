/** @module From a request to an operation that is under way: facts, rights, a place among the open ones, the audit line, the launcher. Used by the handlers of this folder. */
import { randomUUID } from "node:crypto";
import type { AccessError } from "../../access/access-error.ts";
import { auditOperation, encodeAuditLine } from "../../access/audit.ts";
import type { AllocationFacts } from "../../access/authorize-exec.ts";
import { authorizeAllocation, authorizeOperation, mayOperate, type OperationGrant } from "../../access/authorize-operation.ts";
import type { Operation, OperationName } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { allocationFacts, profileOf } from "../exec-facts.ts";
import type { Allocation } from "../bridge-deps.ts";
import type { SessionSlot, SessionVerdict } from "../session-registry.ts";
import type { ClientContext } from "./client-deps.ts";
import { openOperation, type OperationReader } from "./operation-reader.ts";

/** What a handler answers instead; `status` absent where Nomad puts none. */
export type Refusal = { readonly message: string; readonly code?: number };

/** An allocation that the caller may do this to. */
export type Target = { readonly allocation: Allocation; readonly facts: AllocationFacts };

export function findTarget(context: ClientContext, operation: OperationName): Result<Target, AccessError> {
  const { cluster, allocId, identity, client } = context;
  const allocation = cluster.allocation(allocId);
  const facts = allocation === undefined ? undefined : allocationFacts(allocation, profileOf(allocation.pod, cluster.config()), client.now());
  const allowed = authorizeAllocation(identity, { allocId, allocation: facts, operation });
  if (!allowed.ok) return allowed;
  // authorizeAllocation refuses where there is none.
  if (allocation === undefined) throw new Error(`allocation ${allocId} was allowed and is not there`);
  return ok({ allocation, facts: allowed.value });
}

/** @param about the task that the operation is about, and the one whose container does it */
export type Doing = { readonly operation: Operation; readonly task: string; readonly in: string };

/** Authorises anew: what is granted is what is known now. Nothing is opened without an audit line, where one is due. */
export async function beginOperation(context: ClientContext, target: Target, doing: Doing): Promise<Result<OperationReader, Refusal>> {
  const { allocId, identity, client } = context;
  const grant = authorizeOperation(identity, { allocId, allocation: target.facts, operation: doing.operation, task: doing.in, sessionId: randomUUID() }, client.now());
  if (!grant.ok) return grant;
  const slot = client.streams.open(identity.accessorId, () => stillAllowed(context, grant.value));
  if (!slot.ok) return err({ message: slot.error, code: 429 });
  const written = audited(context, target, { grant: grant.value, task: doing.task });
  const opened = written.ok ? await openOperation(client, grant.value) : written;
  if (opened.ok) return ok(inSlot(opened.value, slot.value));
  slot.value.close();
  return err({ message: opened.error.message, code: "status" in opened.error ? opened.error.status : 500 });
}

function audited(context: ClientContext, { allocation }: Target, { grant, task }: { readonly grant: OperationGrant; readonly task: string }): Result<undefined, Refusal> {
  if (grant.operation.operation === "stats") return ok(undefined);
  const line = auditOperation(grant, { jobId: allocation.job.jobId, task, source: context.source }, context.client.now());
  const written = context.client.audit(encodeAuditLine(line));
  return written.ok ? ok(undefined) : err({ message: `the audit log cannot be written, so nothing is opened: ${written.error}` });
}

/** Once more, while it runs: a token, a policy, a namespace may have changed. */
function stillAllowed({ identityNow, cluster }: ClientContext, { namespace, operation }: OperationGrant): boolean {
  const identity = identityNow();
  return identity !== undefined && cluster.isManaged(namespace) && mayOperate(identity, namespace, operation.operation);
}

/** The slot is given back with the reader; a right that is withdrawn ends it. */
function inSlot(reader: OperationReader, slot: SessionSlot): OperationReader {
  const onRevoked = (): void => reader.fail({ kind: "refused", message: (slot.revoked.reason as SessionVerdict).reason, status: 403 });
  // It may have gone while the stream was being opened: an abort that is over is told to nobody.
  if (slot.revoked.aborted) onRevoked();
  else slot.revoked.addEventListener("abort", onRevoked, { once: true });
  const close = (): void => {
    slot.revoked.removeEventListener("abort", onRevoked);
    slot.close();
    reader.close();
  };
  return { ...reader, close };
}
