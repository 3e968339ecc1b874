/** @module Replies as values: what a handler returns, before HTTP makes bytes of it. */

export type Reply =
  | { readonly kind: "json"; readonly status: 200; readonly body: unknown; readonly nextToken?: string }
  /** Nomad sends errors, and some successes, as bare text. */
  | { readonly kind: "text"; readonly status: number; readonly body: string };

export const json = (body: unknown): Reply => ({ kind: "json", status: 200, body });
export const text = (status: number, body: string): Reply => ({ kind: "text", status, body });

/** Where Nomad's own clients expect no body at all. */
export const empty: Reply = { kind: "text", status: 200, body: "" };
