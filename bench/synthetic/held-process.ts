/** @module Clients of blocking queries, in a process of their own: a socket each. Says when all are asked, and when the first and the last were answered. Started by held-queries.ts. */
import { type Target, socketClient } from "./socket-client.ts";

export type Held = Target & { readonly clients: number };
/** performance.timeOrigin + performance.now(), which processes of one machine share. */
export type Answered = { readonly first: number; readonly last: number };

const { clients: count, ...target } = JSON.parse(process.argv[2] ?? "") as Held;
const clients = Array.from({ length: count }, () => socketClient(target));
const now = (): number => performance.timeOrigin + performance.now();
let first = Infinity;
const all = Promise.all(
  clients.map(async ({ ask }) => {
    await ask();
    first = Math.min(first, now());
  }),
);
process.send?.("asked");
await all;
process.send?.({ first, last: now() } satisfies Answered);
for (const { close } of clients) close();
