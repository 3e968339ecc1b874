/** @module GET /v1/client/fs/logs: one stream of a task's output. While the pod runs, from its rotated files; after that, from what the kubelet has kept. */
import { randomUUID } from "node:crypto";
import { auditEndedLogs, encodeAuditLine } from "../../access/audit.ts";
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
import type { OperationReader } from "./operation-reader.ts";
import type { OperationProblem } from "./operation-session.ts";
import { framedBody, plainBody, type PieceSource } from "./stream-body.ts";

export async function streamLogs(context: ClientContext): Promise<Reply> {
  const asked = readLogsRequest(context.search);
  if (!asked.ok) return text(400, asked.error);
  const target = findTarget(context, "logs");
  if (!target.ok) return refusal(target.error);
  const task = target.value.facts.tasks.get(asked.value.task);
  if (task === undefined) return text(400, unknownTask(asked.value.task));
  if (task.state === "not-started") return text(404, taskHasNoLogs(asked.value.task));
  const via = task.state === "running" ? asked.value.task : runningTask(target.value);
  if (via === undefined) return await streamEnded(context, target.value, { asked: asked.value, container: task.container });
  const reader = await beginOperation(context, target.value, { operation: operationOf(asked.value), task: asked.value.task, in: via });
  if (!reader.ok) return refusal(reader.error);
  return await answered(asked.value.follow ? followed(context, reader.value, asked.value) : reader.value, asked.value);
}

const operationOf = ({ task, stream: which, offset, origin, follow }: LogsRequest): LogsOperation => ({ operation: "logs", task, stream: which, offset, origin, follow });

function followed(context: ClientContext, first: OperationReader, asked: LogsRequest): PieceSource {
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
  return followedLogs({ reopen, sleep: context.client.sleep }, first, asked);
}

const isOver = ({ facts }: Target): boolean => facts.clientStatus === "complete" || facts.clientStatus === "failed" || facts.clientStatus === "lost";

/** All containers of a pod share the log files, so that any will do. */
const runningTask = ({ facts }: Target): string | undefined => [...facts.tasks].find(([, { state }]) => state === "running")?.[0];

/** Where the files are that frames of logs name. */
const LOG_DIRECTORY = "alloc/logs/";

const answered = async (source: PieceSource, { plain }: LogsRequest): Promise<Reply> =>
  await streamed(source, (first) => (plain ? stream("text/plain", plainBody(source, first)) : stream("application/json", framedBody(source, first, LOG_DIRECTORY))));

async function streamEnded(context: ClientContext, { allocation, facts }: Target, { asked, container }: { readonly asked: LogsRequest; readonly container: string }): Promise<Reply> {
  const { identity, client, source, allocId } = context;
  const about = { allocId, namespace: facts.namespace, jobId: allocation.job.jobId, task: asked.task, source, subject: asked.stream, session: randomUUID() };
  const written = client.audit(encodeAuditLine(auditEndedLogs(identity, about, client.now())));
  if (!written.ok) return text(500, `the audit log cannot be written, so nothing is opened: ${written.error}`);
  const logs = await endedLogs(client, { pod: allocation.pod, container, request: asked });
  return logs.ok ? await answered(logs.value, asked) : text(404, noAllocationState(allocId));
}
