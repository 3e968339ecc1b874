/** @module Proofs from elsewhere, with the network: keys and issuers are asked over TLS, each answer bounded in size and time. Used by the bridge. */
import { randomBytes } from "node:crypto";
import { type AclAuthMethodObject, aclAuthMethodSpec } from "../../api/acl.ts";
import type { KubeObject } from "../../api/meta.ts";
import type { Logins } from "../../bridge/bridge-deps.ts";
import type { KubeClient } from "../../kubernetes/types.ts";
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { objectName } from "../acl-objects.ts";
import { SYSTEM_NAMESPACE } from "../identity.ts";
import { RESOURCES } from "../resources.ts";
import { verifyToken } from "./jwt.ts";
import type { MethodContext, MethodSecret } from "./method-context.ts";
import { oidcAuthUrl, oidcComplete } from "./oidc.ts";

type SecretObject = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** An admission policy holds us to names like this. */
const secretName = (method: string): string => `nb-auth-${objectName(method)}`;

const NO_SECRET: MethodSecret = { clientSecret: "", stateKey: "" };

export function createLogins(client: KubeClient, now: () => number): Logins {
  const secretOf = async (name: string): Promise<Result<MethodSecret, string>> => {
    const found = await client.get<SecretObject>({ resource: RESOURCES.secrets, namespace: SYSTEM_NAMESPACE, name });
    if (!found.ok) return err("the secret of the auth method is gone; write the method again");
    const value = (key: string) => Buffer.from(found.value.data?.[key] ?? "", "base64").toString("utf8");
    return ok({ clientSecret: value("clientSecret"), stateKey: value("stateKey") });
  };
  /** Whatever goes wrong on the way to the issuer is the issuer's fault, or the configuration's: a value, never a crash. */
  const withMethod = async <T>(object: AclAuthMethodObject, work: (context: MethodContext) => Promise<Result<T, string>>): Promise<Result<T, string>> => {
    const { config, type } = aclAuthMethodSpec.parse(object.spec);
    const secret = type === "OIDC" ? await secretOf(config.oidcClientSecret) : ok(NO_SECRET);
    if (!secret.ok) return secret;
    try {
      return await work({ config, secret: secret.value, now: now() });
    } catch (error) {
      return err(messageOf(error));
    }
  };
  return {
    verifyJwt: async (method, token) => withMethod(method, (context) => verifyToken(context, token)),
    authUrl: async (method, beginning) => withMethod(method, (context) => oidcAuthUrl(context, beginning)),
    completeOidc: async (method, end) => withMethod(method, (context) => oidcComplete(context, end)),
    keepSecret: async (methodName, clientSecret) => keepSecret(client, secretName(methodName), clientSecret),
    forgetSecret: async (methodName) => {
      // What is left behind serves nobody: the method that named it is gone.
      await client.remove({ resource: RESOURCES.secrets, namespace: SYSTEM_NAMESPACE, name: secretName(methodName) });
    },
  };
}

async function keepSecret(client: KubeClient, name: string, clientSecret: string): Promise<Result<string, string>> {
  const metadata = { name, namespace: SYSTEM_NAMESPACE };
  const data = { clientSecret: Buffer.from(clientSecret).toString("base64"), stateKey: Buffer.from(randomBytes(32).toString("base64url")).toString("base64") };
  const object = { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data };
  await client.remove({ resource: RESOURCES.secrets, ...metadata });
  const created = await client.create(RESOURCES.secrets, object);
  return created.ok ? ok(name) : err(`the client's secret could not be kept: ${created.error.message}`);
}
