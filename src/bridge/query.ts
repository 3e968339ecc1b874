/** @module The query options that every endpoint understands, read once. Source: developer.hashicorp.com/nomad/api-docs#query-parameters */
import { parseDuration } from "../lib/duration.ts";
import { parseGoBool } from "../lib/go-bool.ts";
import { err, ok, type Result } from "../lib/result.ts";

export type QueryOptions = {
  /** "default" where the query has none; "*" is all. */
  readonly namespace: string;
  readonly region: string | undefined;
  readonly prefix: string;
  /** 0: everything on one page. */
  readonly perPage: number;
  readonly nextToken: string;
  readonly reverse: boolean;
};

/** The error is Nomad's text for a 400. */
export function readQuery(params: URLSearchParams): Result<QueryOptions, string> {
  const perPage = params.get("per_page") ?? "";
  if (!/^\d{0,9}$/.test(perPage)) return err("Expect a number for `per_page` query string parameter");
  const index = params.get("index") ?? "";
  if (!/^\d{0,20}$/.test(index)) return err("Invalid index");
  const wait = params.get("wait") ?? "";
  if (wait !== "" && !parseDuration(wait).ok) return err("Invalid wait time");
  if (params.get("filter")) return err("filter expressions are not served by this version of nomad-bridge");
  const stale = parseGoBool(params.get("stale") ?? "");
  if (params.get("stale") && stale === undefined) return err("Expect `true` or `false` for `stale` query string parameter");
  return ok({
    namespace: params.get("namespace") || "default",
    region: params.get("region") ?? undefined,
    prefix: params.get("prefix") ?? "",
    perPage: Number(perPage),
    nextToken: Buffer.from(params.get("next_token") ?? "", "base64url").toString("utf8"),
    reverse: parseGoBool(params.get("reverse") ?? "") === true,
  });
}

export type Page<T> = { readonly items: readonly T[]; readonly nextToken?: string };

/** One page of rows in the order of their keys. The token is the key of the first row of the next page. */
export function paginate<T>(rows: readonly T[], keyOf: (row: T) => string, query: Pick<QueryOptions, "perPage" | "nextToken" | "reverse">): Page<T> {
  const direction = query.reverse ? -1 : 1;
  const sorted = rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -direction : direction));
  const isBefore = (row: T) => (query.reverse ? keyOf(row) > query.nextToken : keyOf(row) < query.nextToken);
  const rest = query.nextToken === "" ? sorted : sorted.filter((row) => !isBefore(row));
  const next = query.perPage === 0 ? undefined : rest[query.perPage];
  if (next === undefined) return { items: rest };
  return { items: rest.slice(0, query.perPage), nextToken: keyOf(next) };
}
