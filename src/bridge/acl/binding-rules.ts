/** @module Binding rules: what someone gets who has come by an auth method. Used by http-app.ts. */
import { randomUUID } from "node:crypto";
import { checkBindingRule } from "../../access/login/bindings.ts";
import type { AclBindingRuleObject } from "../../api/acl.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { hashOf } from "../acl-shapes.ts";
import { type Body, textOf } from "../body.ts";
import { empty, json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { aclFailure } from "./failure.ts";

const NOT_FOUND = text(404, "ACL binding rule not found");

function view(object: AclBindingRuleObject) {
  const { id, description = "", authMethod, selector = "", bindType, bindName = "", createTime, modifyTime } = object.spec;
  return {
    ID: id,
    Description: description,
    AuthMethod: authMethod,
    Selector: selector,
    BindType: bindType,
    BindName: bindName,
    Hash: hashOf(JSON.stringify(object.spec)),
    CreateTime: createTime,
    ModifyTime: modifyTime,
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

function listRules({ acl, search }: RequestContext): Reply {
  const method = search.get("auth-method") ?? "";
  const rules = [...acl.bindingRules.all()].filter(({ spec }) => method === "" || spec.authMethod === method).map(view);
  return json(rules.map(({ ID, Description, AuthMethod, Hash, CreateIndex, ModifyIndex }) => ({ ID, Description, AuthMethod, Hash, CreateIndex, ModifyIndex })));
}

function readRule({ acl, params }: RequestContext): Reply {
  const rule = acl.bindingRules.byKey(params["ruleId"] ?? "");
  return rule === undefined ? NOT_FOUND : json(view(rule));
}

async function writeRule({ acl, params, body, now }: RequestContext): Promise<Reply> {
  const id = params["ruleId"] ?? textOf(body, "ID");
  const before = id === "" ? undefined : acl.bindingRules.byKey(id);
  if (id !== "" && before === undefined) return text(400, `cannot find binding rule ${id}`);
  const { authMethod, ...rule } = sentRule(body, before?.spec);
  const bindType = checkBindingRule({ authMethod, ...rule });
  if (!bindType.ok) return text(400, bindType.error);
  if (acl.authMethods.byName(authMethod) === undefined) return text(400, `ACL auth method ${authMethod} not found`);
  const key = before?.spec.id ?? randomUUID();
  const time = new Date(now).toISOString();
  const written = await acl.bindingRules.put(key, { id: key, authMethod, ...rule, bindType: bindType.value, createTime: before?.spec.createTime ?? time, modifyTime: time });
  return written.ok ? json(view(written.value)) : aclFailure(written.error);
}

/** An update may leave out what stays. */
function sentRule(body: Body, before: Partial<AclBindingRuleObject["spec"]> = {}) {
  const sent = (name: string, kept = "") => (body[name.toLowerCase()] === undefined ? kept : textOf(body, name));
  return {
    authMethod: textOf(body, "AuthMethod") || (before.authMethod ?? ""),
    description: sent("Description", before.description),
    selector: sent("Selector", before.selector),
    bindType: textOf(body, "BindType") || (before.bindType ?? ""),
    bindName: sent("BindName", before.bindName),
  };
}

async function deleteRule({ acl, params }: RequestContext): Promise<Reply> {
  const rule = acl.bindingRules.byKey(params["ruleId"] ?? "");
  if (rule === undefined) return text(500, "ACL binding rule not found");
  const gone = await acl.bindingRules.remove(rule);
  return gone.ok ? empty : aclFailure(gone.error);
}

export const BINDING_RULE_ROUTES: Routes = {
  "GET /v1/acl/binding-rules": listRules,
  "PUT /v1/acl/binding-rule": writeRule,
  "GET /v1/acl/binding-rule/:ruleId": readRule,
  "PUT /v1/acl/binding-rule/:ruleId": writeRule,
  "DELETE /v1/acl/binding-rule/:ruleId": deleteRule,
};
