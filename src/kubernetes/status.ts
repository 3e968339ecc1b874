/**
 * @module What an answer of the API server says about failure, as a KubeError. Used by the client and the watch.
 * Source: kubernetes.io/docs/reference/using-api/api-concepts, kind Status
 */
import type { KubeError } from "./types.ts";

const MESSAGE_LIMIT = 4096;

/** The parts of a Status that we read; anything may be missing. */
export type Status = {
  readonly kind?: string;
  readonly status?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[]; readonly retryAfterSeconds?: number };
};

/** The error of an HTTP answer of 300 or more. A body that is no Status becomes the message, shortened. */
export function errorOfAnswer(httpCode: number, body: string): KubeError {
  const status = parseStatus(body);
  if (status !== undefined) return errorOfStatus(status, httpCode);
  const text = body.trim().slice(0, MESSAGE_LIMIT);
  return { kind: "status", code: httpCode, reason: "", message: text === "" ? `HTTP ${httpCode} without a reason` : text };
}

/** The error that a Status object tells, as in an ERROR event of a watch. */
export function errorOfStatus(status: Status, fallbackCode = 500): KubeError {
  return {
    kind: "status",
    code: status.code ?? fallbackCode,
    reason: status.reason ?? "",
    message: (status.message ?? `HTTP ${status.code ?? fallbackCode} without a reason`).slice(0, MESSAGE_LIMIT),
  };
}

/** The Status in a body, or undefined when the body is anything else. */
export function parseStatus(body: string): Status | undefined {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const status = value as Status;
  return status.kind === "Status" || typeof status.status === "string" ? status : undefined;
}

/** Undefined for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (notJson) {
    if (notJson instanceof SyntaxError) return undefined;
    throw notJson;
  }
}

/** True when a resourceVersion can no longer (or not yet) be served, so that only a new list helps. */
export function isExpired(error: KubeError): boolean {
  if (error.kind !== "status") return false;
  return error.code === 410 || error.reason === "Expired" || error.reason === "Gone" || error.message.includes("Too large resource version");
}
