/** @module Which replies say at which index they were true, as Nomad's do: what a server read from its state. Used by http-app.ts. */
import type { Reply } from "./reply.ts";

/** What the agent answers by itself, or asks a client for. */
const LOCAL = /^\/v1\/(agent|status|client|regions|metrics|event|operator\/(raft|autopilot|snapshot|license))(\/|$)/;

/** Without a type, Nomad's agent reads no state for these. */
const NEEDS_TYPE = /^\/v1\/(volumes|plugins)$/;

/** Absent from errors, but for an object that is not there: that was looked for in the state. */
export function hasIndex({ status, body, kind }: Reply, path: string, search: URLSearchParams): boolean {
  if (LOCAL.test(path) || (NEEDS_TYPE.test(path) && !search.has("type"))) return false;
  return status === 200 || (status === 404 && kind === "text" && body !== "");
}
