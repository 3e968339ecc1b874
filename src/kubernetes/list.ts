/** @module Lists of any length in pages, with apiVersion and kind put back on each item. Used by the client and the watch cache. */
import type { KubeObject } from "../api/meta.ts";
import { ok } from "../lib/result.ts";
import { apiVersionOf, collectionPath, selectorQuery } from "./paths.ts";
import { isExpired } from "./status.ts";
import type { KubeResult, ListQuery, RawRequest } from "./types.ts";

const PAGE_SIZE = "500";

type Call = (request: RawRequest, signal?: AbortSignal) => KubeResult<unknown>;
type Page = { readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }; readonly items?: readonly object[] | null };

export type Listed<T> = { readonly items: readonly T[]; readonly resourceVersion: string };

/**
 * All items and the list's resourceVersion.
 * @param options `fromCache` lets the API server answer from its watch cache (resourceVersion=0), which is cheap and may be a little old
 */
export async function listAll<T extends KubeObject>(
  call: Call,
  query: ListQuery,
  options: { readonly fromCache?: boolean },
  signal?: AbortSignal,
): KubeResult<Listed<T>> {
  const path = collectionPath(query.resource, query.namespace);
  if (!path.ok) return path;
  const first: Record<string, string> = { ...selectorQuery(query), limit: PAGE_SIZE, ...(options.fromCache === true ? { resourceVersion: "0" } : {}) };
  const paged = await listPages(call, { path: path.value, first }, signal);
  // A page token lives five minutes: after that only one unpaged list is sure to come to an end.
  const pages = !paged.ok && isExpired(paged.error) ? await listPages(call, { path: path.value, first: selectorQuery(query) }, signal) : paged;
  if (!pages.ok) return pages;
  return ok({ items: pages.value.flatMap((page) => itemsOf<T>(page, query)), resourceVersion: pages.value[0]?.metadata?.resourceVersion ?? "" });
}

async function listPages(
  call: Call,
  request: { readonly path: string; readonly first: Record<string, string> },
  signal?: AbortSignal,
): KubeResult<readonly Page[]> {
  const pages: Page[] = [];
  const { resourceVersion: _, ...rest } = request.first;
  let query: Record<string, string> = request.first;
  for (;;) {
    const answer = await call({ method: "GET", path: request.path, query }, signal);
    if (!answer.ok) return answer;
    const page = answer.value as Page;
    pages.push(page);
    const token = page.metadata?.continue ?? "";
    if (token === "") return ok(pages);
    query = { ...rest, continue: token };
  }
}

const itemsOf = <T extends KubeObject>(page: Page, query: ListQuery): T[] =>
  (page.items ?? []).map((item) => ({ apiVersion: apiVersionOf(query.resource), kind: query.resource.kind, ...item }) as T);
