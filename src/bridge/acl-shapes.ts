/** @module ACL objects as Nomad's API shows them. Used by the ACL handlers. */
import { createHash } from "node:crypto";
import type { AclPolicyObject, AclTokenObject } from "../api/acl.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { indexOf } from "../mapping/nomad-job.ts";
import { parsePolicy } from "../nomad/acl/parse-policy.ts";
import type { AclObjects } from "./bridge-deps.ts";
import { rulesJson } from "../nomad/acl/policy.ts";

/** @param secret only for whoever has just made the token or presents it: it is stored nowhere */
export function tokenView(acl: Pick<AclObjects, "roles">, object: AclTokenObject, secret = "") {
  const { accessorId, name = "", type, policies = [], roles = [], global = false, createTime, expirationTime, expirationTtl = "0s", secretHash } = object.spec;
  return {
    AccessorID: accessorId,
    SecretID: secret,
    Name: name,
    Type: type,
    Policies: policies,
    Roles: roles.map((id) => ({ ID: id, Name: acl.roles.byKey(id)?.spec.name ?? "" })),
    Global: global,
    Hash: Buffer.from(secretHash, "hex").toString("base64"),
    CreateTime: createTime,
    ...(expirationTime === undefined ? {} : { ExpirationTime: expirationTime }),
    ...(expirationTtl === "0s" ? {} : { ExpirationTTL: normalDuration(expirationTtl) }),
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

/** Lists never hold a secret, not even an empty one. */
export function tokenStub(acl: Pick<AclObjects, "roles">, object: AclTokenObject) {
  const { SecretID: _, ...stub } = tokenView(acl, object);
  return stub;
}

export function policyView(object: AclPolicyObject) {
  const { name, description = "", rules } = object.spec;
  const parsed = parsePolicy(rules, "lenient");
  return {
    Name: name,
    Description: description,
    Rules: rules,
    RulesJSON: parsed.ok ? rulesJson(parsed.value) : null,
    Hash: hashOf(`${name}\0${description}\0${rules}`),
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

export function policyStub(object: AclPolicyObject) {
  const { Name, Description, Hash, CreateIndex, ModifyIndex } = policyView(object);
  return { Name, Description, Hash, CreateIndex, ModifyIndex };
}

export const hashOf = (text: string) => createHash("sha256").update(text).digest("base64");

function normalDuration(text: string): string {
  const ms = parseDuration(text);
  return ms.ok ? formatDuration(ms.value) : text;
}
