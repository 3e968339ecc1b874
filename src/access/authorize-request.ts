/** @module Whether a request may go on: the endpoint's row, the caller's identity, and what is left to check per object. Used by the bridge for every route. */
import { err, ok, type Result } from "../lib/result.ts";
import { allowAgentRead, allowNamespaceOperation, allowNodePoolOperation, allowNodeRead, allowNodeWrite, allowOperatorRead, allowPluginList, isManagement } from "../nomad/acl/acl.ts";
import type { NamespaceCapability } from "../nomad/acl/capabilities.ts";
import { ACL_DISABLED, INVALID_METHOD } from "../nomad/texts.ts";
import { type AccessError, permissionDenied } from "./access-error.ts";
import { asServerError, type Authenticate, type Identity, mayReadPolicy } from "./authenticate.ts";
import { type Endpoint, type EndpointMatch, type Need } from "./endpoints.ts";

export type AccessRequest = {
  /** The row of the table, which the caller serves by as well: what is authorised is what is done. */
  readonly match: EndpointMatch;
  /** Decoded, without the query. */
  readonly path: string;
  readonly secret: string | undefined;
  /** Of the query; "default" where it has none, "*" for all. */
  readonly namespace: string;
  /** Epoch ms. */
  readonly now: number;
};

/**
 * `allowsNamespace` is to be asked for every row of a list, and for the object that the path names, before it is shown.
 * `identity` is absent where the endpoint needs none. `params` are the names of the pattern.
 */
export type AuthorizedRequest = {
  readonly identity?: Identity;
  readonly params: Readonly<Record<string, string>>;
  readonly allowsNamespace: (namespace: string) => boolean;
};

type Found = Extract<EndpointMatch, { kind: "found" }>;

/** Refuses with Nomad's text. A path that has no row is open to management tokens alone, which then find out that it is not served. */
export function authorizeRequest(authenticate: Authenticate, request: AccessRequest): Result<AuthorizedRequest, AccessError> {
  const { match } = request;
  if (match.kind === "wrong-method") return err({ kind: "invalid-method", message: INVALID_METHOD, code: 405 });
  const identity = authenticate(request.secret, request.now);
  if (isAclDisabled(identity) && request.path.startsWith("/v1/acl/")) return err({ kind: "acl-disabled", message: ACL_DISABLED, code: 400 });
  if (match.kind === "found" && match.endpoint.needs.kind === "none") return ok({ params: match.params, allowsNamespace: () => false });
  if (!identity.ok) return err(asServerError(identity.error));
  if (match.kind === "unknown") return isManagement(identity.value.acl) ? ok(unrestricted(identity.value)) : err(permissionDenied());
  return isAllowed(match, identity.value, request.namespace) ? ok(authorized(match, identity.value)) : err(permissionDenied());
}

function isAllowed({ endpoint, params }: Found, identity: Identity, namespace: string): boolean {
  const { acl } = identity;
  const { needs } = endpoint;
  switch (needs.kind) {
    case "none":
    case "valid-token":
      return true;
    case "management":
      return isManagement(acl);
    case "agent-read":
      return allowAgentRead(acl);
    case "node-read":
      return allowNodeRead(acl);
    case "node-write":
      return allowNodeWrite(acl);
    case "plugin-read":
      return allowPluginList(acl);
    case "operator-read":
      return allowOperatorRead(acl);
    case "own-token":
      return isManagement(acl) || (identity.kind === "token" && params["accessorId"] === identity.accessorId);
    case "own-policy":
      return mayReadPolicy(identity, params["policy"] ?? "");
    case "pool-read":
    case "pool-nodes":
      return mayReadPool(identity, needs.kind, params["pool"]);
    case "namespace":
      return needs.in === "object" || allows(identity, namespace, needs);
  }
}

const mayReadPool = ({ acl }: Identity, kind: "pool-read" | "pool-nodes", pool = ""): boolean =>
  allowNodePoolOperation(acl, pool, "read") && (kind === "pool-read" || allowNodeRead(acl));

function authorized({ endpoint, params }: Found, identity: Identity): AuthorizedRequest {
  return { identity, params, allowsNamespace: rowFilter(endpoint, identity) };
}

/** For an endpoint that has no namespaces, such as a node's allocations: rows that belong to one need the right to read jobs there, or, of a pool, to list them. */
function rowFilter({ needs }: Endpoint, identity: Identity): (namespace: string) => boolean {
  if (needs.kind === "pool-read") return (namespace) => namespace !== "*" && allowsAny(identity, namespace, ["list-jobs"]);
  if (needs.kind !== "namespace") return (namespace) => namespace !== "*" && allowsAny(identity, namespace, ["read-job"]);
  return (namespace) => namespace !== "*" && allows(identity, namespace, needs);
}

const allowsAny = (identity: Identity, namespace: string, anyOf: readonly NamespaceCapability[]): boolean =>
  anyOf.some((capability) => allowNamespaceOperation(identity.acl, namespace, capability));

const allows = (identity: Identity, namespace: string, { anyOf, orAll }: Extract<Need, { kind: "namespace" }>): boolean =>
  allowsAny(identity, namespace, anyOf) || (orAll?.every((capability) => allowNamespaceOperation(identity.acl, namespace, capability)) ?? false);

const unrestricted = (identity: Identity): AuthorizedRequest => ({ identity, params: {}, allowsNamespace: () => true });

const isAclDisabled = (identity: Result<Identity, AccessError>): boolean => identity.ok && identity.value.kind === "acl-disabled";
