/**
 * @module JobSubmission and DispatchPayload: what belongs to a NomadJob and only some may read. Kinds of their own, so that RBAC can give the
 * bridge these and no Secrets.
 */
import * as z from "zod";
import type { KubeObject } from "./meta.ts";

const base64 = (max: number) => z.string().max(max).regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** A megabyte, which is what Nomad keeps of a source, in base64. */
export const jobSubmissionSpec = z.object({
  content: base64(1_400_000).describe("JSON of the job's source, its format and its variables, in base64."),
});

/** Nomad's 16 KiB, in base64. */
export const dispatchPayloadSpec = z.object({
  content: base64(22_000).describe("The payload, in base64. The controller hands it to the child's pods in a Secret of this object's name."),
});

export type JobText = KubeObject & { readonly kind: "JobSubmission" | "DispatchPayload"; readonly spec: { readonly content: string } };
