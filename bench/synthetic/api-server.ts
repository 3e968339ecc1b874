/** @module An API server as far as caches need one: lists in pages, and watches that stay open and tell what the bench changes. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeObject } from "../../src/api/meta.ts";

export type SyntheticApiServer = {
  readonly url: string;
  /** Tells every watch of that kind that the object is another now. */
  readonly change: (plural: string, object: KubeObject) => void;
  readonly close: () => void;
};

export async function syntheticApiServer(objects: ReadonlyMap<string, readonly KubeObject[]>): Promise<SyntheticApiServer> {
  const watches = new Map<string, Set<ServerResponse>>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://api");
    const plural = url.pathname.split("/").at(-1) ?? "";
    const { searchParams: query } = url;
    response.setHeader("content-type", "application/json");
    if (query.get("watch") !== "true") return void response.end(pageOf(objects.get(plural) ?? [], query));
    watches.set(plural, (watches.get(plural) ?? new Set()).add(response));
    response.flushHeaders();
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    change: (plural, object) => {
      for (const watch of watches.get(plural) ?? []) watch.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const VERSION = "1000000";

function pageOf(all: readonly KubeObject[], query: URLSearchParams): string {
  const from = Number(query.get("continue") ?? 0);
  const to = from + Number(query.get("limit") ?? all.length);
  const rest = to < all.length ? { continue: String(to) } : {};
  return JSON.stringify({ kind: "List", metadata: { resourceVersion: VERSION, ...rest }, items: all.slice(from, to) });
}
