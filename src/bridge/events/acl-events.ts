/** @module Events of ACL objects; no secret is in any of them. Used by main, which hears of the changes. Source: behaviour of a Nomad 1.11 agent. */
import type { AclPolicyObject, AclRoleObject, AclTokenObject } from "../../api/acl.ts";
import { roleView } from "../acl/roles.ts";
import { policyView, tokenView } from "../acl-shapes.ts";
import type { AclObjects } from "../bridge-deps.ts";
import type { ObjectChange } from "./cluster-events.ts";
import type { EventType, NomadEvent } from "./event.ts";

type Written = { readonly topic: NomadEvent["topic"]; readonly upserted: EventType; readonly deleted: EventType };

const POLICY: Written = { topic: "ACLPolicy", upserted: "ACLPolicyUpserted", deleted: "ACLPolicyDeleted" };
const ROLE: Written = { topic: "ACLRole", upserted: "ACLRoleUpserted", deleted: "ACLRoleDeleted" };
const TOKEN: Written = { topic: "ACLToken", upserted: "ACLTokenUpserted", deleted: "ACLTokenDeleted" };

export const policyEvent = (index: number, change: ObjectChange<AclPolicyObject>): NomadEvent =>
  aclEvent(POLICY, change, { key: change.object.spec.name, filterKeys: [], index, view: () => policyView(change.object) });

/** Can be asked for by its name as well. */
export const roleEvent = (index: number, change: ObjectChange<AclRoleObject>): NomadEvent =>
  aclEvent(ROLE, change, { key: change.object.spec.id, filterKeys: [change.object.spec.name], index, view: () => roleView(change.object) });

export const tokenEvent = (index: number, change: ObjectChange<AclTokenObject>, acl: Pick<AclObjects, "roles">): NomadEvent =>
  aclEvent(TOKEN, change, { key: change.object.spec.accessorId, filterKeys: [], index, view: () => tokenView(acl, change.object) });

type Subject = Pick<NomadEvent, "key" | "filterKeys" | "index"> & { readonly view: () => object };

const aclEvent = ({ topic, upserted, deleted }: Written, { type }: ObjectChange<unknown>, { view, ...subject }: Subject): NomadEvent => ({
  topic,
  type: type === "deleted" ? deleted : upserted,
  namespace: "",
  payload: () => ({ [topic]: view() }),
  ...subject,
});
