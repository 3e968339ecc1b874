/**
 * @module One page of a list: rows that the caller may see, by prefix and filter, in the order of their keys. A row is made into JSON only
 * when the page shows it, or the filter must look at it. Used by every list of the bridge.
 * Source: developer.hashicorp.com/nomad/api-docs, "Pagination", "Filtering", "Prefix"
 */
import { ok, type Result } from "../../lib/result.ts";
import { compileFilter, type RowFilter } from "../../nomad/filter/filter.ts";
import { json, type Reply, text } from "../reply.ts";

/** What a list takes of a query; `QueryOptions` is one. */
export type ListOptions = {
  /** "*" is all. */
  readonly namespace: string;
  readonly prefix: string;
  /** go-bexpr; "" lets everything pass. */
  readonly filter: string;
  /** 0: everything on one page. */
  readonly perPage: number;
  /** The key of the first row to show; "" begins at the beginning. */
  readonly nextToken: string;
  readonly reverse: boolean;
};

export type ListRequest = {
  readonly options: ListOptions;
  /** Asked for every row that has a namespace. */
  readonly allowsNamespace: (namespace: string) => boolean;
};

/** All but `show` and `filtered` must be cheap: they are asked for every row. */
export type ListRows<Row> = {
  readonly rows: Iterable<Row>;
  /** Orders the list and is its page token: unique, and the same as long as the row is the same. */
  readonly key: (row: Row) => string;
  /** Absent for rows that belong to none, such as nodes. */
  readonly namespace?: (row: Row) => string;
  /** What `prefix` is the beginning of. */
  readonly id: (row: Row) => string;
  /** The row as the page shows it; undefined leaves it out. */
  readonly show: (row: Row) => object | undefined;
  /** The row as a filter sees it, which on Nomad is the whole object and not its stub; `show`, where absent. */
  readonly filtered?: (row: Row) => object | undefined;
};

/** A reply of one page. 400 for a filter that cannot be read, or does not fit the rows. */
export function listReply<Row>(list: ListRows<Row>, request: ListRequest): Reply {
  const page = listPage(list, request);
  if (!page.ok) return text(400, page.error);
  const { items, nextToken } = page.value;
  return { ...json(items), ...(nextToken === undefined ? {} : { nextToken }) };
}

export type ListPage = { readonly items: readonly object[]; readonly nextToken?: string };

/**
 * The token of a page is the key of the next row, so pages stay whole when rows come and go between them. The error is Nomad's text for a 400.
 */
export function listPage<Row>(list: ListRows<Row>, { options, allowsNamespace }: ListRequest): Result<ListPage, string> {
  const filter: Result<RowFilter | undefined, string> = options.filter === "" ? ok(undefined) : compileFilter(options.filter);
  if (!filter.ok) return filter;
  const items: object[] = [];
  for (const { row, key } of keyed(list, { options, allowsNamespace })) {
    const fits = passes(list, row, filter.value);
    if (!fits.ok) return fits;
    if (!fits.value) continue;
    if (options.perPage > 0 && items.length === options.perPage) return ok({ items, nextToken: key });
    const shown = list.show(row);
    if (shown !== undefined) items.push(shown);
  }
  return ok({ items });
}

function passes<Row>(list: ListRows<Row>, row: Row, filter: RowFilter | undefined): Result<boolean, string> {
  if (filter === undefined) return ok(true);
  const seen = (list.filtered ?? list.show)(row);
  return seen === undefined ? ok(false) : filter(seen);
}

type Keyed<Row> = { readonly row: Row; readonly key: string };

/** What may be on this page or a later one, in order. */
function keyed<Row>(list: ListRows<Row>, request: ListRequest): readonly Keyed<Row>[] {
  const { nextToken, reverse } = request.options;
  const found: Keyed<Row>[] = [];
  for (const row of list.rows) {
    if (!isWanted(list, row, request)) continue;
    const key = list.key(row);
    const isBefore = nextToken !== "" && (reverse ? key > nextToken : key < nextToken);
    if (!isBefore) found.push({ row, key });
  }
  const direction = reverse ? -1 : 1;
  return found.sort((a, b) => (a.key < b.key ? -direction : a.key > b.key ? direction : 0));
}

function isWanted<Row>(list: ListRows<Row>, row: Row, { options, allowsNamespace }: ListRequest): boolean {
  if (!list.id(row).startsWith(options.prefix)) return false;
  const namespace = list.namespace?.(row);
  if (namespace === undefined) return true;
  return (options.namespace === "*" || options.namespace === namespace) && allowsNamespace(namespace);
}
