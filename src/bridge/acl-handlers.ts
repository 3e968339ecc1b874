/** @module The ACL endpoints: bootstrap, tokens, policies. Rules and texts are access's; here is what is read and written. */
import { randomUUID } from "node:crypto";
import { DEFAULT_TTL_BOUNDS, validatePolicyRequest, validateTokenRequest } from "../access/acl-requests.ts";
import { mayReadPolicy, secretHash } from "../access/authenticate.ts";
import type { AclTokenObject } from "../api/acl.ts";
import { durationMs, formatDuration } from "../lib/duration.ts";
import { isManagement } from "../nomad/acl/acl.ts";
import { bootstrapDone, INVALID_BOOTSTRAP_SECRET, nonexistentTokens, PERMISSION_DENIED, POLICY_NOT_FOUND, TOKEN_NOT_FOUND } from "../nomad/texts.ts";
import { uuidError } from "../nomad/uuid.ts";
import { policyStub, policyView, tokenStub, tokenView } from "./acl-shapes.ts";
import { aclFailure } from "./acl/failure.ts";
import { rolesOf } from "./acl/roles.ts";
import { type Body, durationOf, isTrue, textOf, textsOf } from "./body.ts";
import type { AclObjects } from "./bridge-deps.ts";
import { empty, json, type Reply, text } from "./reply.ts";
import type { RequestContext, Routes } from "./request-context.ts";

/** What the ACL endpoints need of a request; `identity` is absent for bootstrap alone. */
type AclContext = Pick<RequestContext, "acl" | "params" | "body" | "identity" | "secret" | "now">;

/** Its existence is what makes bootstrap possible once: the object is emptied, never deleted, when its token is. */
const BOOTSTRAP_OBJECT = "bootstrap";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

async function bootstrap({ acl, body, now }: AclContext): Promise<Reply> {
  const wanted = textOf(body, "BootstrapSecret");
  if (wanted !== "" && !UUID.test(wanted)) return text(400, INVALID_BOOTSTRAP_SECRET);
  const secret = wanted === "" ? randomUUID() : wanted.toLowerCase();
  const created = await acl.createToken(BOOTSTRAP_OBJECT, {
    accessorId: randomUUID(),
    secretHash: secretHash(secret),
    name: "Bootstrap Token",
    type: "management",
    policies: [],
    global: true,
    createTime: new Date(now).toISOString(),
  });
  if (created.ok) return json(tokenView(acl, created.value, secret));
  return created.error.kind === "conflict" ? text(400, bootstrapDone(bootstrapIndex(acl))) : aclFailure(created.error);
}

function bootstrapIndex(acl: AclObjects): number {
  const object = [...acl.tokens()].find(({ metadata }) => metadata.name === BOOTSTRAP_OBJECT);
  return Number(object?.metadata.resourceVersion ?? 1);
}

const DELETED_NAME = "Bootstrap Token (deleted)";

/** What is left of a bootstrap token that was deleted: it has no rights, no known secret, and has expired. */
const isTombstone = ({ metadata, spec }: AclTokenObject) =>
  metadata.name === BOOTSTRAP_OBJECT && spec.name === DELETED_NAME && spec.type === "client" && (spec.policies ?? []).length === 0 && spec.expirationTime !== undefined;

export const listTokens = ({ acl }: AclContext): Reply => json([...acl.tokens()].filter((token) => !isTombstone(token)).map((token) => tokenStub(acl, token)));

function readToken({ acl, params }: AclContext): Reply {
  const malformed = uuidError(params["accessorId"] ?? "");
  if (malformed !== undefined) return text(500, `acl token lookup failed: ${malformed}`);
  const token = acl.tokenByAccessor(params["accessorId"] ?? "");
  return token === undefined || isTombstone(token) ? text(404, TOKEN_NOT_FOUND) : json(tokenView(acl, token));
}

function readOwnToken({ acl, identity, secret }: AclContext): Reply {
  const token = identity === undefined ? undefined : acl.tokenByAccessor(identity.accessorId);
  if (token !== undefined) return json(tokenView(acl, token, secret));
  if (identity?.kind !== "anonymous") return text(403, TOKEN_NOT_FOUND);
  return json({ AccessorID: "anonymous", SecretID: "", Name: "Anonymous Token", Type: "client", Policies: ["anonymous"], Roles: [], Global: true, CreateIndex: 1, ModifyIndex: 1 });
}

async function writeToken(context: AclContext): Promise<Reply> {
  const accessorId = textOf(context.body, "AccessorID");
  const inPath = context.params["accessorId"];
  if (inPath !== undefined && inPath !== accessorId) return text(400, "ACL token accessor does not match request path");
  if (accessorId === "") return createToken(context);
  const malformed = uuidError(accessorId);
  if (malformed !== undefined) return text(500, `token lookup failed: acl token lookup failed: ${malformed}`);
  const present = context.acl.tokenByAccessor(accessorId);
  if (present === undefined || isTombstone(present)) return text(400, `cannot find token ${accessorId}`);
  return updateToken(context, present);
}

async function createToken({ acl, body, now }: AclContext): Promise<Reply> {
  const request = tokenRequest(acl, body);
  if (!request.ok) return text(400, request.error);
  const accepted = validateTokenRequest(request.value, { ...DEFAULT_TTL_BOUNDS, now });
  if (!accepted.ok) return text(400, accepted.error.message);
  const { type, expirationTime } = accepted.value;
  const accessorId = randomUUID();
  const secret = randomUUID();
  const { name, policies, roles, global, expirationTtlMs } = request.value;
  const created = await acl.createToken(accessorId, {
    accessorId,
    secretHash: secretHash(secret),
    name,
    type,
    policies: [...policies],
    roles: [...roles],
    global,
    createTime: new Date(now).toISOString(),
    expirationTtl: formatDuration(expirationTtlMs),
    ...(expirationTime === undefined ? {} : { expirationTime: new Date(expirationTime).toISOString() }),
  });
  return created.ok ? json(tokenView(acl, created.value, secret)) : aclFailure(created.error);
}

async function updateToken({ acl, body, now }: AclContext, present: AclTokenObject): Promise<Reply> {
  const request = tokenRequest(acl, body);
  if (!request.ok) return text(400, request.error);
  const { global = false, expirationTtl = "0s", expirationTime } = present.spec;
  const existing = {
    global,
    expirationTtlMs: durationMs(expirationTtl),
    ...(expirationTime === undefined ? {} : { expirationTime: Date.parse(expirationTime) }),
  };
  const accepted = validateTokenRequest(request.value, { ...DEFAULT_TTL_BOUNDS, now, existing });
  if (!accepted.ok) return text(400, accepted.error.message);
  const { name, policies, roles } = request.value;
  const replaced = await acl.replaceToken({ ...present, spec: { ...present.spec, name, type: accepted.value.type, policies: [...policies], roles: [...roles] } });
  return replaced.ok ? json(tokenView(acl, replaced.value)) : aclFailure(replaced.error);
}

function tokenRequest(acl: AclObjects, body: Body) {
  const roles = rolesOf(acl, body);
  if (!roles.ok) return roles;
  const ttl = durationOf(body, "ExpirationTTL");
  if (!ttl.ok) return ttl;
  const time = textOf(body, "ExpirationTime");
  if (time !== "" && Number.isNaN(Date.parse(time))) return { ok: false as const, error: `parsing time "${time}" as "2006-01-02T15:04:05Z07:00": cannot parse "${time}" as "2006"` };
  const value = {
    name: textOf(body, "Name"),
    type: textOf(body, "Type"),
    policies: textsOf(body, "Policies"),
    roles: roles.value,
    global: isTrue(body, "Global"),
    expirationTtlMs: ttl.value,
    ...(time === "" || time.startsWith("0001-01-01") ? {} : { expirationTime: Date.parse(time) }),
  };
  return { ok: true as const, value };
}

async function deleteToken({ acl, params, now }: AclContext): Promise<Reply> {
  const accessorId = params["accessorId"] ?? "";
  const malformed = uuidError(accessorId);
  if (malformed !== undefined) return text(400, `token lookup failed: acl token lookup failed: ${malformed}`);
  const token = acl.tokenByAccessor(accessorId);
  if (token === undefined || isTombstone(token)) return text(400, nonexistentTokens([accessorId]));
  const gone = token.metadata.name === BOOTSTRAP_OBJECT ? await acl.replaceToken(tombstone(token, now)) : await acl.deleteToken(token);
  return gone.ok ? empty : aclFailure(gone.error);
}

function tombstone(token: AclTokenObject, now: number): AclTokenObject {
  const expirationTime = new Date(now).toISOString();
  return { ...token, spec: { ...token.spec, name: DELETED_NAME, type: "client", policies: [], roles: [], secretHash: secretHash(randomUUID()), expirationTime } };
}

function listPolicies({ acl, identity }: AclContext): Reply {
  const visible = [...acl.policies()].filter(({ spec }) => identity !== undefined && mayReadPolicy(identity, spec.name));
  return json(visible.map(policyStub));
}

/** The policies of the token that asks; a management token may do what all of them say. */
function listOwnPolicies({ acl, identity }: AclContext): Reply {
  if (identity === undefined || identity.kind === "anonymous") return text(403, PERMISSION_DENIED);
  if (isManagement(identity.acl)) return json([...acl.policies()].map(policyStub));
  return json([...acl.policies()].filter(({ spec }) => identity.policies.includes(spec.name)).map(policyStub));
}

function readPolicy({ acl, params }: AclContext): Reply {
  const policy = acl.policy(params["policy"] ?? "");
  return policy === undefined ? text(404, POLICY_NOT_FOUND) : json(policyView(policy));
}

async function writePolicy({ acl, params, body }: AclContext): Promise<Reply> {
  const name = textOf(body, "Name");
  const description = textOf(body, "Description");
  const rules = textOf(body, "Rules");
  // It would tie the policy to a workload; left out in silence, the policy would be for everyone who has it.
  if (hasValues(body["jobacl"])) return text(400, "JobACL is not served by this version of nomad-bridge: give the policy to tokens");
  const accepted = validatePolicyRequest({ pathName: params["policy"] ?? "", name, description, rules });
  if (!accepted.ok) return text(accepted.error.code ?? 500, accepted.error.message);
  const written = await acl.putPolicy(name, { name, description, rules });
  return written.ok ? empty : aclFailure(written.error);
}

const hasValues = (value: unknown) => typeof value === "object" && value !== null && Object.values(value).some((each) => each !== "" && each !== null);

async function deletePolicy({ acl, params }: AclContext): Promise<Reply> {
  const name = params["policy"] ?? "";
  const policy = acl.policy(name);
  // To delete what is not there is no error, as on Nomad.
  if (policy === undefined) return empty;
  const gone = await acl.deletePolicy(policy);
  return gone.ok ? empty : aclFailure(gone.error);
}

/** They open Nomad's web pages for a browser. */
const refuseOneTime = (): Reply => text(501, "one-time tokens open Nomad's web pages, which are not here");

export const ACL_ROUTES: Routes = {
  "PUT /v1/acl/bootstrap": bootstrap,
  "GET /v1/acl/tokens": listTokens,
  "PUT /v1/acl/token": writeToken,
  "PUT /v1/acl/token/onetime": refuseOneTime,
  "GET /v1/acl/token/self": readOwnToken,
  "GET /v1/acl/token/:accessorId": readToken,
  "PUT /v1/acl/token/:accessorId": writeToken,
  "DELETE /v1/acl/token/:accessorId": deleteToken,
  "GET /v1/acl/policies": listPolicies,
  "GET /v1/acl/policy/self": listOwnPolicies,
  "GET /v1/acl/policy/:policy": readPolicy,
  "PUT /v1/acl/policy/:policy": writePolicy,
  "DELETE /v1/acl/policy/:policy": deletePolicy,
};
