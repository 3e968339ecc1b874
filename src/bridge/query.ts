/** @module The query options that every endpoint understands, read once. Source: developer.hashicorp.com/nomad/api-docs#query-parameters */
import { parseGoBool } from "../lib/go-bool.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { readWait, type WaitOptions } from "./blocking/change-feed.ts";
import type { ListOptions } from "./lists/list-page.ts";

/** `namespace` is "default" where the query has none; "*" is all. `stale` changes nothing here: every read is of this server's memory. */
export type QueryOptions = ListOptions & WaitOptions & { readonly region: string | undefined; readonly stale: boolean };

/** The error is Nomad's text for a 400. */
export function readQuery(params: URLSearchParams): Result<QueryOptions, string> {
  const perPage = params.get("per_page") ?? "";
  if (!/^\d{0,9}$/.test(perPage)) return err("Expect a number for `per_page` query string parameter");
  const waiting = readWait(params);
  if (!waiting.ok) return waiting;
  const stale = isTrue(params, "stale");
  if (stale === undefined) return err("Expect `true` or `false` for `stale` query string parameter");
  return ok({
    ...waiting.value,
    stale,
    namespace: params.get("namespace") || "default",
    region: params.get("region") ?? undefined,
    prefix: params.get("prefix") ?? "",
    filter: params.get("filter") ?? "",
    perPage: Number(perPage),
    nextToken: Buffer.from(params.get("next_token") ?? "", "base64url").toString("utf8"),
    reverse: isTrue(params, "reverse") === true,
  });
}

/**
 * A parameter that one list alone understands. Without a value it is not there. The error is Nomad's text, whose status differs from list to list.
 */
export function boolParam(params: URLSearchParams, name: string): Result<boolean, string> {
  const value = params.get(name) ?? "";
  if (value === "") return ok(false);
  const read = parseGoBool(value);
  return read === undefined ? err(`Failed to parse value of "${name}" (${value}) as a bool: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`) : ok(read);
}

/** A bare name means true; undefined for what is no boolean. */
function isTrue(params: URLSearchParams, name: string): boolean | undefined {
  const value = params.get(name);
  if (value === null) return false;
  return value === "" ? true : parseGoBool(value);
}
