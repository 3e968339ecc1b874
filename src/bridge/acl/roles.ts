/** @module ACL roles: sets of policies that tokens have by one name. Used by http-app.ts. */
import { randomUUID } from "node:crypto";
import type { Identity } from "../../access/authenticate.ts";
import type { AclRoleObject } from "../../api/acl.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { isManagement } from "../../nomad/acl/acl.ts";
import { errorIf, multierror } from "../../nomad/jobspec/validation/multierror.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { hashOf } from "../acl-shapes.ts";
import { type Body, textOf } from "../body.ts";
import type { AclObjects } from "../bridge-deps.ts";
import { empty, json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { aclFailure } from "./failure.ts";

const ROLE_NOT_FOUND = text(404, "ACL role not found");

export function roleView(object: AclRoleObject) {
  const { id, name, description = "", policies } = object.spec;
  return {
    ID: id,
    Name: name,
    Description: description,
    Policies: policies.map((policy) => ({ Name: policy })),
    Hash: hashOf(JSON.stringify([name, description, policies])),
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

/** Others than management see the roles of their own token. */
const maySee = (identity: Identity | undefined, { spec }: AclRoleObject): boolean => identity !== undefined && (isManagement(identity.acl) || identity.roles.includes(spec.id));

const listRoles = ({ acl, identity, query }: RequestContext): Reply =>
  json([...acl.roles.all()].filter((role) => maySee(identity, role) && role.spec.id.startsWith(query.prefix)).map(roleView));

const readRole = ({ acl, params, identity }: RequestContext): Reply => shown(identity, acl.roles.byKey(params["roleId"] ?? ""));
const readRoleByName = ({ acl, params, identity }: RequestContext): Reply => shown(identity, acl.roles.byName(params["roleName"] ?? ""));

function shown(identity: Identity | undefined, role: AclRoleObject | undefined): Reply {
  if (role === undefined) return identity !== undefined && isManagement(identity.acl) ? ROLE_NOT_FOUND : text(403, PERMISSION_DENIED);
  return maySee(identity, role) ? json(roleView(role)) : text(403, PERMISSION_DENIED);
}

async function writeRole({ acl, params, body }: RequestContext): Promise<Reply> {
  const id = textOf(body, "ID");
  if (![undefined, id].includes(params["roleId"])) return text(400, "ACL role ID does not match request path");
  if (id !== "" && acl.roles.byKey(id) === undefined) return text(400, `cannot find role ${id}`);
  const name = textOf(body, "Name");
  const description = textOf(body, "Description");
  const policies = policyNames(body);
  const wrong = checkRole({ name, description, policies });
  if (wrong.length > 0) return text(400, `role 0 invalid: ${multierror(wrong)}`);
  const missing = policies.find((policy) => acl.policy(policy) === undefined);
  if (missing !== undefined) return text(400, `cannot find policy ${missing}`);
  const named = acl.roles.byName(name);
  if (named !== undefined && named.spec.id !== id) return text(400, `role with name ${name} already exists`);
  const key = id === "" ? randomUUID() : id;
  const written = await acl.roles.put(key, { id: key, name, description, policies: [...policies] });
  return written.ok ? json(roleView(written.value)) : aclFailure(written.error);
}

function checkRole({ name, description, policies }: { readonly name: string; readonly description: string; readonly policies: readonly string[] }): readonly string[] {
  return [
    ...errorIf(!/^[a-zA-Z0-9-]{1,128}$/.test(name), `invalid name '${name}'`),
    ...errorIf(description.length > 256, "description longer than 256"),
    ...errorIf(policies.length === 0, "at least one policy should be specified"),
  ];
}

function policyNames(body: Body): readonly string[] {
  const links = body["policies"];
  if (!Array.isArray(links)) return [];
  return [...new Set(links.flatMap((link) => nameOf(link)))];
}

/** A link is an object with a name; its keys may be in any case. */
function nameOf(link: unknown, field = "name"): readonly string[] {
  if (typeof link !== "object" || link === null) return [];
  const found = Object.entries(link).find(([key]) => key.toLowerCase() === field)?.[1] as unknown;
  return typeof found === "string" && found !== "" ? [found] : [];
}

/** IDs of the roles that a token is asked for with, which names them by ID or by name. */
export function rolesOf(acl: AclObjects, body: Body): Result<readonly string[], string> {
  const links = body["roles"];
  if (!Array.isArray(links)) return ok([]);
  const ids: string[] = [];
  for (const link of links) {
    const [id] = nameOf(link, "id");
    const [name] = nameOf(link);
    const role = id === undefined ? acl.roles.byName(name ?? "") : acl.roles.byKey(id);
    if (role === undefined) return err(`cannot find role ${id ?? name ?? ""}`);
    ids.push(role.spec.id);
  }
  return ok([...new Set(ids)]);
}

async function deleteRole({ acl, params }: RequestContext): Promise<Reply> {
  const role = acl.roles.byKey(params["roleId"] ?? "");
  if (role === undefined) return text(500, "ACL role not found");
  const gone = await acl.roles.remove(role);
  return gone.ok ? empty : aclFailure(gone.error);
}

export const ROLE_ROUTES: Routes = {
  "GET /v1/acl/roles": listRoles,
  "PUT /v1/acl/role": writeRole,
  "GET /v1/acl/role/name/:roleName": readRoleByName,
  "GET /v1/acl/role/:roleId": readRole,
  "PUT /v1/acl/role/:roleId": writeRole,
  "DELETE /v1/acl/role/:roleId": deleteRole,
};
