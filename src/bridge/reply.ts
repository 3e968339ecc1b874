/** @module Replies as values: what a handler returns, before HTTP makes bytes of it. */

export type Reply =
  | { readonly kind: "json"; readonly status: 200; readonly body: unknown; readonly nextToken?: string; /** What a write says of itself in its audit line; no secrets. */ readonly audit?: Readonly<Record<string, string>> }
  /** Nomad sends errors, and some successes, as bare text. */
  | { readonly kind: "text"; readonly status: number; readonly body: string }
  /** Bytes as they come, uncompressed. The client's going away cancels the stream, and while it does not read none is asked for. */
  | { readonly kind: "stream"; readonly status: 200; readonly contentType: string; readonly body: ReadableStream<Uint8Array> };

export const json = (body: unknown): Reply => ({ kind: "json", status: 200, body });
export const text = (status: number, body: string): Reply => ({ kind: "text", status, body });

export const stream = (contentType: string, body: ReadableStream<Uint8Array>): Reply => ({ kind: "stream", status: 200, contentType, body });

/** What Nomad puts beside the result where it answers with its own reply whole; `Index` is the caller's. */
export const QUERY_META = { LastContact: 0, KnownLeader: true, NextToken: "" } as const;

/** Where Nomad's own clients expect no body at all. */
export const empty: Reply = { kind: "text", status: 200, body: "" };
