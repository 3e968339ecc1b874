/** @module `nomad system gc`: jobs that are over for good are deleted at once, before the controller would do it. Used by the routes. */
import { eachAtMost } from "../../lib/each-at-most.ts";
import { isCollectable } from "../../mapping/job-collection.ts";
import { json, type Reply } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { failed } from "./edit-job.ts";

const AT_ONCE = 10;

/** Answers when all are gone, however many they are. A parent whose child is at work stays, as its objects would go with it; what somebody has changed meanwhile is left alone. */
export async function collectGarbage({ cluster, jobs }: Pick<RequestContext, "cluster" | "jobs">): Promise<Reply> {
  const over = [...cluster.jobs("*")].flatMap(({ object }) => (object.kind === "NomadJob" && isCollectable(object) ? [object] : []));
  let refusal: Reply | undefined;
  await eachAtMost(AT_ONCE, over, async (job) => {
    const removed = await jobs.removeUnchanged(job);
    if (!removed.ok && removed.error.kind !== "missing" && removed.error.kind !== "conflict") refusal = failed(removed.error);
    return refusal === undefined;
  });
  return refusal ?? json(null);
}
