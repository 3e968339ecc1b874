/** @module Requests by a caller with some rules, and what became of them. Used by tests of access to the HTTP API. */
import { httpStatusOf } from "../../../src/access/access-error.ts";
import { type AuthorizedRequest, authorizeRequest } from "../../../src/access/authorize-request.ts";
import { findEndpoint } from "../../../src/access/endpoints.ts";
import { authenticatorWith, NOW, secretOf } from "./access-fixtures.ts";

type Asked = { readonly method: string; readonly path: string; readonly namespace?: string; readonly secret?: string | undefined };

export function ask(rules: string, { method, path, namespace = "default", secret }: Asked): ReturnType<typeof authorizeRequest> {
  const ownSecret = secretOf(rules === "management" ? 2 : 1);
  return authorizeRequest(authenticatorWith(rules), { match: findEndpoint(method, path), path, namespace, now: NOW, secret: secret ?? ownSecret });
}

export function outcome(result: ReturnType<typeof authorizeRequest>): string {
  return result.ok ? "allowed" : `${httpStatusOf(result.error)} ${result.error.message}`;
}

export function allowed(result: ReturnType<typeof authorizeRequest>): AuthorizedRequest {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

export const DENIED = "403 Permission denied";
export const NO_RULES = 'namespace "elsewhere" { policy = "write" }';
export const inDefault = (capability: string): string => `namespace "default" { capabilities = ["${capability}"] }`;
