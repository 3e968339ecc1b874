/** @module Which namespaces the target of an import has, asked before any job is: a job of another one could not come over. */
import { err, ok, type Result } from "../../lib/result.ts";
import type { NomadClient } from "../client.ts";
import { isDictionary } from "../explain-problems.ts";
import { adviceFor, TARGET } from "./advice.ts";
import { isAnswer } from "./patient-client.ts";

/** Undefined where the target has no such list, or not for this token: then each job finds out for itself. The error is for a person. */
export async function targetNamespaces(target: NomadClient, origin: string): Promise<Result<ReadonlySet<string> | undefined, string>> {
  const listed = await target.getJson("/v1/namespaces", {});
  if (!listed.ok && (!isAnswer(listed.error) || /code: 403\b/.test(listed.error))) return err(`cannot ask ${origin}: ${listed.error}${adviceFor(listed.error, TARGET)}`);
  if (!listed.ok || !Array.isArray(listed.value)) return ok(undefined);
  const names = listed.value.flatMap((each) => (isDictionary(each) && typeof each["Name"] === "string" ? [each["Name"]] : []));
  if (names.length === 0) return err(`the token may do nothing in any namespace of ${origin}; it needs ${TARGET.rights}: ${TARGET.token}`);
  return ok(new Set(names));
}

export const missingNamespace = (namespace: string): string => `the target has no namespace "${namespace}", or the token may not see it; make it there, or give -to-namespace`;
