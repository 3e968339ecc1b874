/** @module GET /v1/client/fs/logs: one stream of a task's output, from its rotated files while the pod runs. */
import { err, ok, type Result } from "../../lib/result.ts";
import { noAllocationState, taskHasNoLogs, unknownTask } from "../../nomad/texts.ts";
import type { Reply } from "../reply.ts";
import { text } from "../reply.ts";
import { beginOperation, findTarget, type Refusal, type Target } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";
import { refusal, streamed } from "./file-handlers.ts";
import { readLogsRequest } from "./file-request.ts";
import { framedBody, plainBody } from "./stream-body.ts";

export async function streamLogs(context: ClientContext): Promise<Reply> {
  const asked = readLogsRequest(context.search);
  if (!asked.ok) return text(400, asked.error);
  const target = findTarget(context, "logs");
  if (!target.ok) return refusal(target.error);
  const { task, plain, ...rest } = asked.value;
  const chosen = containerFor(target.value, task);
  if (!chosen.ok) return refusal(chosen.error);
  const reader = await beginOperation(context, target.value, { operation: { operation: "logs", task, ...rest }, task, in: chosen.value });
  if (!reader.ok) return refusal(reader.error);
  return await streamed(reader.value, (first) => ({
    kind: "stream",
    status: 200,
    contentType: plain ? "text/plain" : "application/json",
    body: plain ? plainBody(reader.value, first) : framedBody(reader.value, first),
  }));
}

/** All containers of the pod share the log files. */
function containerFor({ facts }: Target, task: string): Result<string, Refusal> {
  const asked = facts.tasks.get(task);
  if (asked === undefined) return err({ message: unknownTask(task), code: 400 });
  if (asked.state === "not-started") return err({ message: taskHasNoLogs(task), code: 404 });
  if (asked.state === "running") return ok(task);
  const running = [...facts.tasks].find(([, { state }]) => state === "running")?.[0];
  return running === undefined ? err({ message: noAllocationState(facts.allocId), code: 404 }) : ok(running);
}
