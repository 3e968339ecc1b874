/** @module A write of an ACL object that failed, as a reply. */
import type { WriteFailure } from "../bridge-deps.ts";
import { type Reply, text } from "../reply.ts";

export function aclFailure(failure: WriteFailure): Reply {
  if (failure.kind === "conflict") return text(409, `someone else has just changed this: look again, and repeat if it still holds (${failure.message})`);
  return text(500, `not written: ${failure.message}`);
}
