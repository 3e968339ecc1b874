/**
 * @module Puts what is ours into a cluster: kinds, identities, rights, admission policies, the first BridgeConfig. Used by `up` and the tests;
 * idempotent. Runs with the person's own credential, as break-glass where the admission policies ask for it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../api/meta.ts";
import type { ClusterAccess } from "../kubernetes/credentials.ts";
import { type ConnectedKubeClient, createKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { KubeError, Resource } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { LABEL } from "../contract/pod-metadata.ts";
import { RESOURCES } from "./resources.ts";

export type InstallOptions = {
  readonly access: ClusterAccess;
  /** The folder manifests/. */
  readonly manifests: string;
  /** Namespaces to manage; made where they do not exist. */
  readonly namespaces: readonly string[];
  /** The BridgeConfig "default" to apply where there is none yet; a person's own is never touched. */
  readonly config: KubeObject;
  readonly log: (line: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const FIELD_MANAGER = "nomad-bridge-install";

/** The name that the cluster's audit log shows for what needs break-glass. */
const INSTALLER = { user: "nomad-bridge:installer", groups: ["system:masters", "nomad-bridge:break-glass"] };

/** `error` says which object was refused, and the API server's own words. */
export async function install(options: InstallOptions): Promise<Result<undefined, string>> {
  const client = installerClient(options.access);
  try {
    return await installAll(client, options);
  } finally {
    await client.close();
  }
}

/** Acts as break-glass: for installing, and for tokens of the two identities. */
export const installerClient = (access: ClusterAccess): ConnectedKubeClient => createKubeClient(access, { impersonate: INSTALLER });

async function installAll(client: ConnectedKubeClient, options: InstallOptions): Promise<Result<undefined, string>> {
  const crds = readManifests(join(options.manifests, "crds"));
  options.log(`installing ${crds.length} kinds, identities, rights and admission policies`);
  const steps: (() => Promise<Result<undefined, string>>)[] = [
    () => applyAll(client, crds),
    () => kindsServed(client, options),
    () => applyAll(client, readManifests(options.manifests)),
    () => manageNamespaces(client, options),
    () => applyConfig(client, options),
  ];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** The files of one folder in order of their names. managed-namespace.yaml is applied to each namespace instead. */
function readManifests(folder: string): readonly KubeObject[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml") && file !== "managed-namespace.yaml");
  return files.sort().flatMap((file) => readObjects(join(folder, file)));
}

/** The objects of one YAML file. A file of ours that is not YAML is a bug and throws. */
export function readObjects(path: string): readonly KubeObject[] {
  return parseAllDocuments(readFileSync(path, "utf8")).map((document) => document.toJS() as KubeObject);
}

async function applyAll(client: ConnectedKubeClient, objects: readonly KubeObject[]): Promise<Result<undefined, string>> {
  for (const object of objects) {
    const applied = await client.apply(resourceOf(object), object, applyOptions(object));
    if (!applied.ok) return err(`${object.kind} "${object.metadata.name}" was not installed: ${applied.error.message}`);
  }
  return ok(undefined);
}

const applyOptions = ({ metadata }: KubeObject) => ({
  fieldManager: FIELD_MANAGER,
  force: true,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});

const IRREGULAR: Readonly<Record<string, string>> = { ValidatingAdmissionPolicy: "validatingadmissionpolicies" };
const CLUSTER_SCOPED = new Set([
  "Namespace",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleBinding",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "BridgeConfig",
]);

/** Enough for the kinds that our manifests hold. */
function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/") as [string, string]) : ["", apiVersion];
  return { group, version, kind, plural: IRREGULAR[kind] ?? `${kind.toLowerCase()}s`, namespaced: !CLUSTER_SCOPED.has(kind) };
}

/** A definition is accepted a moment before its kind can be used. */
async function kindsServed(client: ConnectedKubeClient, { clock, signal }: InstallOptions): Promise<Result<undefined, string>> {
  let last: KubeError | undefined;
  for (let attempt = 0; attempt < 100 && !signal.aborted; attempt++) {
    const lists = await Promise.all(
      [RESOURCES.execTasks, RESOURCES.bridgeConfigs, RESOURCES.aclPolicies, RESOURCES.aclTokens].map((resource) => client.list({ resource })),
    );
    const failed = lists.find((list) => !list.ok);
    if (failed === undefined || failed.ok) return ok(undefined);
    last = failed.error;
    await clock.sleep(200, signal);
  }
  return err(`the API server does not serve our kinds yet: ${last?.message ?? "cancelled"}`);
}

async function manageNamespaces(client: ConnectedKubeClient, options: InstallOptions): Promise<Result<undefined, string>> {
  for (const name of options.namespaces) {
    const done = await manageNamespace(client, options.manifests, name);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** Label and role bindings: what a person does by hand with manifests/managed-namespace.yaml. */
export async function manageNamespace(client: ConnectedKubeClient, manifests: string, name: string): Promise<Result<undefined, string>> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { [LABEL.managed]: "true" } } };
  const bindings = readObjects(join(manifests, "managed-namespace.yaml")).map((object) => ({ ...object, metadata: { ...object.metadata, namespace: name } }));
  return applyAll(client, [namespace, ...bindings]);
}

async function applyConfig(client: ConnectedKubeClient, { config, log }: InstallOptions): Promise<Result<undefined, string>> {
  const present = await client.get({ resource: RESOURCES.bridgeConfigs, name: config.metadata.name });
  if (present.ok) return ok(undefined);
  if (present.error.kind !== "status" || present.error.code !== 404) return err(`cannot read BridgeConfig: ${present.error.message}`);
  log(`applying BridgeConfig "${config.metadata.name}"`);
  return applyAll(client, [config]);
}
