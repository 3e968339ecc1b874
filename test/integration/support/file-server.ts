/** @module An HTTP server on the machine of the test cluster that pods can reach, for the tests of artifacts. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Node } from "../../../src/api/pod.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { eventually, must } from "../kubernetes/real-cluster.ts";
import { allocationsOf } from "./nomad.ts";
import type { World } from "./world.ts";

export type FileServer = {
  /** Such as http://10.0.0.1:41234, with an address that is private to the node. */
  readonly address: string;
  /** What was asked for so far: method, path and query. */
  readonly asked: () => readonly { readonly line: string; readonly authorization: string | undefined }[];
  readonly close: () => Promise<void>;
};

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves the files; a function answers for itself, and under a name that ends in / for all that is below. Anything else is a 404. */
export async function serveFiles({ client }: World, files: Readonly<Record<string, Buffer | string | Answerer>>): Promise<FileServer> {
  const lines: { readonly line: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    lines.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization });
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const file = files[pathname] ?? files[Object.keys(files).find((name) => name.endsWith("/") && pathname.startsWith(name)) ?? ""];
    if (typeof file === "function") return file(request, response);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  const { items } = await must(client.list<Node>({ resource: RESOURCES.nodes }));
  const host = items[0]?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  if (host === undefined) throw new Error("the node of the test cluster has no internal address");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { address: `http://${host}:${(server.address() as AddressInfo).port}`, asked: () => lines, close };
}

/** The first display text of the task's events that matches, once there is one. */
export async function eventOf({ namespace }: World, task: string, wanted: RegExp): Promise<string> {
  return await eventually(async () => {
    const events = (await allocationsOf(namespace, task)).flatMap(({ TaskStates }) => TaskStates[task]?.Events ?? []);
    return events.map(({ DisplayMessage }) => DisplayMessage).find((text) => wanted.test(text));
  });
}
