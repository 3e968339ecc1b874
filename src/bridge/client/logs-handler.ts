/** @module GET /v1/client/fs/logs: one stream of a task's output. While the pod runs, from its rotated files; after that, from what the kubelet has kept. */
import { randomUUID } from "node:crypto";
import { auditEndedLogs, encodeAuditLine } from "../../access/audit.ts";
import { mayOperate } from "../../access/authorize-operation.ts";
import type { LogPosition, LogsOperation } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { noAllocationState, PERMISSION_DENIED, taskHasNoLogs, unknownTask } from "../../nomad/texts.ts";
import { type Reply, stream, text } from "../reply.ts";
import { beginOperation, findTarget, type Target } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";
import { endedLogs } from "./ended-logs.ts";
import { refusal, streamed } from "./file-handlers.ts";
import { type LogsRequest, readLogsRequest } from "./file-request.ts";
import { followedLogs, type LogPlace } from "./followed-logs.ts";
import { heldOpen, withoutWaiting } from "./open-streams.ts";
import type { OperationReader } from "./operation-reader.ts";
import type { OperationProblem } from "./operation-session.ts";
import { framedBody, plainBody, type PieceSource } from "./stream-body.ts";

/** While a pod does not tell yet that the container has ended that was to be asked. */
const MAX_TRIES = 6;
const BETWEEN_TRIES_MS = 500;

export async function streamLogs(context: ClientContext): Promise<Reply> {
  const asked = readLogsRequest(context.search);
  return asked.ok ? await logsReply(context, asked.value, MAX_TRIES) : text(400, asked.error);
}

async function logsReply(context: ClientContext, asked: LogsRequest, tries: number): Promise<Reply> {
  const target = findTarget(context, "logs");
  if (!target.ok) return refusal(target.error);
  const task = target.value.facts.tasks.get(asked.task);
  if (task === undefined) return text(400, unknownTask(asked.task));
  if (task.state === "not-started") return text(404, taskHasNoLogs(asked.task));
  const via = task.state === "running" ? asked.task : runningTask(target.value);
  if (via === undefined) return await streamEnded(context, target.value, { asked, container: task.container });
  const reader = await beginOperation(context, target.value, { operation: operationOf(asked), task: asked.task, in: via });
  if (reader.ok) return await answered(asked.follow ? followed(context, reader.value, { asked, namespace: target.value.facts.namespace }) : reader.value, asked);
  if (reader.error.code !== 500 || tries <= 1) return refusal(reader.error);
  await context.client.sleep(BETWEEN_TRIES_MS);
  return await logsReply(context, asked, tries - 1);
}

const operationOf = ({ task, stream: which, offset, origin, follow }: LogsRequest): LogsOperation => ({ operation: "logs", task, stream: which, offset, origin, follow });

function followed(context: ClientContext, first: OperationReader, { asked, namespace }: { readonly asked: LogsRequest; readonly namespace: string }): PieceSource {
  const { client, identity: { accessorId } } = context;
  const reopen = async (after: LogPosition | undefined): Promise<Result<LogPlace, OperationProblem>> => {
    const identity = context.identityNow();
    if (identity === undefined) return err({ kind: "refused", message: PERMISSION_DENIED, status: 403 });
    const now = { ...context, identity };
    const target = findTarget(now, "logs");
    // An allocation that is gone is no matter of rights.
    if (!target.ok) return target.error.message === PERMISSION_DENIED ? err({ kind: "refused", message: PERMISSION_DENIED, status: 403 }) : ok("over");
    if (isOver(target.value)) return ok("over");
    const via = runningTask(target.value);
    if (via === undefined) return ok("later");
    const operation = { ...operationOf(asked), ...(after === undefined ? {} : { after }) };
    const reader = await beginOperation(now, target.value, { operation, task: asked.task, in: via });
    return ok(reader.ok ? reader.value : "later");
  };
  return followedLogs({ reopen, hold: () => client.streams.open(accessorId, () => mayStillRead(context, namespace)), sleep: client.sleep }, first, asked);
}

const isOver = ({ facts }: Target): boolean => facts.clientStatus === "complete" || facts.clientStatus === "failed" || facts.clientStatus === "lost";

/** All containers of a pod share the log files, so that any will do. */
const runningTask = ({ facts }: Target): string | undefined => [...facts.tasks].find(([, { state }]) => state === "running")?.[0];

/** Where the files are that frames of logs name. */
const LOG_DIRECTORY = "alloc/logs/";

const answered = async (source: PieceSource, { plain, follow }: LogsRequest): Promise<Reply> => {
  const ready = follow ? await withoutWaiting(source) : source;
  return await streamed(ready, (first) => (plain ? stream("text/plain", plainBody(ready, first)) : stream("application/json", framedBody(ready, first, LOG_DIRECTORY))));
};

async function streamEnded(context: ClientContext, { allocation, facts }: Target, { asked, container }: { readonly asked: LogsRequest; readonly container: string }): Promise<Reply> {
  const { identity, client, source, allocId } = context;
  const about = { allocId, namespace: facts.namespace, jobId: allocation.job.jobId, task: asked.task, source, subject: asked.stream, session: randomUUID() };
  const written = client.audit(encodeAuditLine(auditEndedLogs(identity, about, client.now())));
  if (!written.ok) return text(500, `the audit log cannot be written, so nothing is opened: ${written.error}`);
  const logs = await endedLogs(client, { pod: allocation.pod, container, request: asked });
  if (!logs.ok) return text(404, noAllocationState(allocId));
  if (!asked.follow) return await answered(logs.value, asked);
  const slot = client.streams.open(identity.accessorId, () => mayStillRead(context, facts.namespace));
  if (slot.ok) return await answered(heldOpen(logs.value, slot.value), asked);
  logs.value.close();
  return text(429, slot.error);
}

function mayStillRead({ identityNow, cluster }: ClientContext, namespace: string): boolean {
  const identity = identityNow();
  return identity !== undefined && cluster.isManaged(namespace) && mayOperate(identity, namespace, "logs");
}
