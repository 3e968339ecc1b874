/** @module GET /v1/client/fs/{ls,stat,cat,readat,stream}: what is in an allocation's directory, as its launchers see it. */
import type { Operation } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type AccessError, httpStatusOf } from "../../access/access-error.ts";
import { MISSING_FILE_NAME, noAllocationState, PATH_ESCAPES } from "../../nomad/texts.ts";
import { json, type Reply, stream, text } from "../reply.ts";
import { beginOperation, findTarget, type Refusal, type Target } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";
import { readPath, readReadRequest, readStreamRequest } from "./file-request.ts";
import type { OperationReader } from "./operation-reader.ts";
import type { Piece } from "./operation-session.ts";
import { collect, framedBody, type PieceSource, plainBody } from "./stream-body.ts";

export async function listFiles(context: ClientContext): Promise<Reply> {
  const path = readPath(context.search);
  if (!path.ok) return text(400, path.error);
  return await answerJson(context, { operationFor: (tasks) => ({ operation: "fs-list", path: path.value, tasks }), show: (value) => value });
}

export async function statFile(context: ClientContext): Promise<Reply> {
  const path = readPath(context.search, MISSING_FILE_NAME);
  if (!path.ok) return text(400, path.error);
  return await answerJson(context, { operationFor: () => ({ operation: "fs-stat", path: path.value }), show: (value) => named(value, context.allocId) });
}

export async function catFile(context: ClientContext): Promise<Reply> {
  const path = readPath(context.search, MISSING_FILE_NAME);
  if (!path.ok) return text(400, path.error);
  return await answerPlain(context, { operation: "fs-read", path: path.value, offset: 0, limit: 0 });
}

export async function readFileAt(context: ClientContext): Promise<Reply> {
  const asked = readReadRequest(context.search);
  if (!asked.ok) return text(400, asked.error);
  return await answerPlain(context, { operation: "fs-read", ...asked.value });
}

export async function streamFile(context: ClientContext): Promise<Reply> {
  const asked = readStreamRequest(context.search);
  if (!asked.ok) return text(400, asked.error);
  const reader = await beginIn(context, () => ({ operation: "fs-stream", ...asked.value }));
  if (!reader.ok) return refusal(reader.error);
  return await streamed(reader.value, (first) => stream("application/json", framedBody(reader.value, first)));
}

async function answerPlain(context: ClientContext, operation: Operation): Promise<Reply> {
  const reader = await beginIn(context, () => operation);
  if (!reader.ok) return refusal(reader.error);
  return await streamed(reader.value, (first) => stream("text/plain", plainBody(reader.value, first)));
}

/** Reads the first piece before it answers: a refusal of the launcher is a status, and not a body that breaks off. */
export async function streamed(source: PieceSource, reply: (first: Piece | undefined) => Reply): Promise<Reply> {
  const first = await source.next();
  if (first.ok) return reply(first.value);
  source.close();
  return refusal({ message: first.error.message, code: first.error.status });
}

/** The allocation's own directory is named for it. */
const named = (value: unknown, allocId: string): unknown => (typeof value === "object" && value !== null && "Name" in value && value.Name === "" ? { ...value, Name: allocId } : value);

type JsonAnswer = { readonly operationFor: (tasks: readonly string[]) => Operation; readonly show: (value: unknown) => unknown };

async function answerJson(context: ClientContext, { operationFor, show }: JsonAnswer): Promise<Reply> {
  const reader = await beginIn(context, operationFor);
  if (!reader.ok) return refusal(reader.error);
  const whole = await collect(reader.value);
  // These two answer a path that climbs out with another status than the streams do.
  if (!whole.ok) return refusal({ message: whole.error.message, code: whole.error.message === PATH_ESCAPES ? 500 : whole.error.status });
  const value = parsed(whole.value);
  return value === undefined ? text(500, "the pod's answer is not valid JSON") : json(show(value));
}

export function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    // The launcher is in a pod of somebody else's task: what it says is not taken for granted.
    return undefined;
  }
}

export const refusal = ({ message, code }: Refusal): Reply =>
  text(httpStatusOf({ kind: "operation-refused", message, ...(code === undefined ? {} : { code }) } satisfies AccessError), message);

async function beginIn(context: ClientContext, operationFor: (tasks: readonly string[]) => Operation): Promise<Result<OperationReader, Refusal>> {
  const operation = operationFor([]);
  const target = findTarget(context, operation.operation);
  if (!target.ok) return target;
  const tasks = [...target.value.facts.tasks.keys()];
  const chosen = containerFor(target.value, "path" in operation ? operation.path : "/");
  if (!chosen.ok) return chosen;
  return await beginOperation(context, target.value, { operation: operationFor(tasks), task: chosen.value, in: chosen.value });
}

/** The task whose directory the path is in; all share the rest, so any that runs will do. What no container shows any more is gone, as after Nomad's own garbage collection. */
function containerFor({ facts }: Target, path: string): Result<string, Refusal> {
  const first = path.split("/").find((segment) => segment !== "" && segment !== ".") ?? "";
  const named = facts.tasks.get(first);
  if (named?.state === "running") return ok(first);
  const running = [...facts.tasks].find(([, { state }]) => state === "running")?.[0];
  if (running === undefined || named !== undefined) return err({ message: noAllocationState(facts.allocId), code: 404 });
  return ok(running);
}
