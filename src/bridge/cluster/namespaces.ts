/** @module Namespaces: those of Kubernetes with our label are Nomad's. Used by http-app.ts. */
import type { Identity } from "../../access/authenticate.ts";
import { sha256 } from "../../access/sha256.ts";
import type { KubeObject } from "../../api/meta.ts";
import { LABEL } from "../../contract/pod-metadata.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { allowNamespace } from "../../nomad/acl/acl.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { isSubdomain } from "../../mapping/object-names.ts";
import { textOf } from "../body.ts";
import { listReply } from "../lists/list-page.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";

/** Where a person says what a namespace is for. */
const DESCRIPTION_ANNOTATION = "nomad-bridge.dev/description";

function listNamespaces({ cluster, query, identity }: RequestContext): Reply {
  const name = ({ metadata }: KubeObject) => metadata.name;
  return listReply({ rows: cluster.namespaces(), key: name, id: name, namespace: name, show: nomadNamespace }, { options: { ...query, namespace: "*" }, allowsNamespace: (namespace) => mayUse(identity, namespace) });
}

function readNamespace({ cluster, params, identity }: RequestContext): Reply {
  const name = params["namespace"] ?? "";
  if (!mayUse(identity, name)) return text(403, PERMISSION_DENIED);
  const found = namespaceNamed(cluster, name);
  return found === undefined ? text(404, "Namespace not found") : json(nomadNamespace(found));
}

const namespaceNamed = (cluster: RequestContext["cluster"], name: string): KubeObject | undefined => [...cluster.namespaces()].find(({ metadata }) => metadata.name === name);

const mayUse = (identity: Identity | undefined, namespace: string): boolean => identity !== undefined && allowNamespace(identity.acl, namespace);

/** Kubernetes' own label and ours say nothing that a client of Nomad's would have put there. */
const IS_MACHINERY = /^(kubernetes\.io\/metadata\.name|([^/]+\.)?nomad-bridge\.dev\/.*)$/;

function nomadNamespace(object: KubeObject) {
  const { name, annotations = {}, labels = {} } = object.metadata;
  const meta = Object.entries(labels).filter(([key]) => !IS_MACHINERY.test(key));
  const Description = annotations[DESCRIPTION_ANNOTATION] ?? (name === "default" ? "Default shared namespace" : "");
  const Meta = meta.length === 0 ? null : Object.fromEntries(meta);
  return {
    Name: name,
    Description,
    Quota: "",
    Capabilities: null,
    NodePoolConfiguration: null,
    VaultConfiguration: null,
    ConsulConfiguration: null,
    Meta,
    // A fingerprint of what may be changed, for who looks for changes.
    Hash: Buffer.from(sha256(JSON.stringify([name, Description, Meta])), "hex").toString("base64"),
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

/** Kubernetes' own rights decide who makes a namespace, and nothing of Nomad's could stand in for them. */
const refused = (commands: string): Reply => text(501, `namespaces are Kubernetes' own here: run ${commands}`);

/** As it can be given to a shell. */
const nameIn = ({ params, body }: RequestContext): string => {
  const name = params["namespace"] ?? textOf(body, "name");
  return isSubdomain(name) ? name : "NAME";
};

function refuseApply(context: RequestContext): Reply {
  const name = nameIn(context);
  if (namespaceNamed(context.cluster, name) === undefined) return refused(`"kubectl create namespace ${name}" and "kubectl label namespace ${name} ${LABEL.managed}=true"`);
  return refused(`"kubectl annotate --overwrite namespace ${name} ${DESCRIPTION_ANNOTATION}=TEXT" for its description, "kubectl label --overwrite namespace ${name} KEY=VALUE" for its meta`);
}

const refuseDelete = (context: RequestContext): Reply => refused(`"kubectl delete namespace ${nameIn(context)}"`);

export const NAMESPACE_ROUTES: Routes = {
  "GET /v1/namespaces": listNamespaces,
  "GET /v1/namespace/:namespace": readNamespace,
  "PUT /v1/namespace": refuseApply,
  "PUT /v1/namespaces": refuseApply,
  "PUT /v1/namespace/:namespace": refuseApply,
  "DELETE /v1/namespace/:namespace": refuseDelete,
};
