/** @module Where the API server is and as whom we speak to it: a kubeconfig, the pod's own service account, or a minted token. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { Cluster, User } from "@kubernetes/client-node/dist/config_types.js";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { systemClock, type Clock } from "./clock.ts";

/** The bearer token to send now. Called before every request, so it answers from memory whenever it can. Rejects when there is none. */
export type TokenProvider = () => Promise<string>;

export type ClusterAccess = {
  /** Scheme, host and port, such as "https://10.0.0.1:6443". */
  readonly server: string;
  /** What stands between host and API path, such as "/k8s/clusters/a"; usually "". */
  readonly basePath: string;
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, when it is not the host. */
  readonly serverName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly token?: TokenProvider;
  /** The context's or the pod's own namespace. */
  readonly namespace?: string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_FILE_MAX_AGE_MS = 60_000;

/**
 * Access by the current context of a kubeconfig file, or without a path by the service account of the pod we run in.
 * The error says what is missing and never quotes a credential.
 */
export async function clusterAccess(kubeconfigPath: string | undefined, environment: Environment, clock: Clock = systemClock): Promise<Result<ClusterAccess, string>> {
  try {
    if (kubeconfigPath === undefined) return await inClusterAccess(environment, clock);
    return await kubeconfigAccess(kubeconfigPath, clock);
  } catch (thrown) {
    return err(`cannot read the Kubernetes credentials${kubeconfigPath === undefined ? " of this pod" : ` in ${kubeconfigPath}`}: ${messageOf(thrown)}`);
  }
}

/** The same server and CA with another identity's bearer token; the client certificate is left out. */
export function tokenAccess(base: ClusterAccess, token: TokenProvider): ClusterAccess {
  const { cert: _cert, key: _key, ...rest } = base;
  return { ...rest, token };
}

/** Re-reads the file when the last reading is older than a minute (a kubelet rotates it); an unreadable file leaves the old token in use. */
export function fileToken(path: string, clock: Clock): TokenProvider {
  let known: { readonly token: string; readonly readAt: number } | undefined;
  return async () => {
    if (known !== undefined && clock.monotonic() - known.readAt < TOKEN_FILE_MAX_AGE_MS) return known.token;
    try {
      known = { token: (await readFile(path, "utf8")).trim(), readAt: clock.monotonic() };
    } catch (thrown) {
      if (known === undefined) throw new Error(`no token in ${path}: ${messageOf(thrown)}`, { cause: thrown });
    }
    return known.token;
  };
}

async function inClusterAccess(environment: Environment, clock: Clock): Promise<Result<ClusterAccess, string>> {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"];
  if (host === undefined || port === undefined) {
    return err("no kubeconfig given, and KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod; pass a kubeconfig");
  }
  return ok({
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    basePath: "",
    ca: await readFile(`${SERVICE_ACCOUNT}/ca.crt`, "utf8"),
    token: fileToken(`${SERVICE_ACCOUNT}/token`, clock),
    namespace: (await readFile(`${SERVICE_ACCOUNT}/namespace`, "utf8")).trim(),
  });
}

type RawContext = { readonly name?: string; readonly context?: { readonly cluster?: string; readonly user?: string; readonly namespace?: string } };
type RawKubeconfig = {
  readonly "current-context"?: string;
  readonly contexts?: readonly RawContext[];
  readonly clusters?: unknown;
  readonly users?: readonly { readonly name?: string; readonly user?: { readonly tokenFile?: string } }[];
};

async function kubeconfigAccess(path: string, clock: Clock): Promise<Result<ClusterAccess, string>> {
  // Loaded on demand: a pod never needs them. The library's own config module would load its whole generated API (0.4 s).
  const { newClusters, newUsers } = await import("@kubernetes/client-node/dist/config_types.js");
  const raw = parse(await readFile(path, "utf8")) as RawKubeconfig | null;
  const contextName = raw?.["current-context"];
  const context = raw?.contexts?.find((entry) => entry.name === contextName)?.context;
  if (raw === null || context === undefined) return err(`kubeconfig ${path} has no context "${contextName ?? ""}" as its current one`);
  const cluster = newClusters(raw.clusters ?? []).find((entry) => entry.name === context.cluster);
  if (cluster === undefined) return err(`kubeconfig ${path} names cluster "${context.cluster ?? ""}", but does not describe it`);
  const user = newUsers(raw.users ?? []).find((entry) => entry.name === context.user);
  const tokenFile = raw.users?.find((entry) => entry.name === context.user)?.user?.tokenFile;
  return await accessOf({ cluster, user, tokenFile, folder: dirname(resolve(path)), namespace: context.namespace, clock });
}

type Parsed = {
  readonly cluster: Cluster;
  readonly user: User | undefined;
  readonly tokenFile: string | undefined;
  readonly folder: string;
  readonly namespace: string | undefined;
  readonly clock: Clock;
};

async function accessOf(parsed: Parsed): Promise<Result<ClusterAccess, string>> {
  const { cluster, user, folder } = parsed;
  if (cluster.proxyUrl !== undefined) return err(`cluster "${cluster.name}" has a proxy-url, which is not supported; reach the API server directly`);
  if (user?.authProvider !== undefined) return err(`user "${user.name}" has an auth-provider, which Kubernetes removed; use an exec plugin or a token`);
  if (user?.password !== undefined) return err(`user "${user.name}" has a password, which Kubernetes removed; use a token or a certificate`);
  const url = new URL(cluster.server);
  const ca = await pem(cluster.caData, cluster.caFile, folder);
  const cert = await pem(user?.certData, user?.certFile, folder);
  const key = await pem(user?.keyData, user?.keyFile, folder);
  const token = tokenOf(parsed);
  return ok({
    server: url.origin,
    basePath: url.pathname.replace(/\/+$/, ""),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
    ...(cluster.skipTLSVerify ? { insecureSkipTlsVerify: true } : {}),
    ...(parsed.namespace === undefined ? {} : { namespace: parsed.namespace }),
  });
}

function tokenOf({ user, tokenFile, folder, clock }: Parsed): TokenProvider | undefined {
  if (user === undefined) return undefined;
  if (tokenFile !== undefined) return fileToken(resolve(folder, tokenFile), clock);
  const { token } = user;
  if (token !== undefined) return async () => await Promise.resolve(token);
  return user.exec === undefined ? undefined : execPluginToken(user);
}

/** One run of the plugin at a time; the library keeps its token until it expires. */
function execPluginToken(user: User): TokenProvider {
  const ask = async (): Promise<string> => {
    const { ExecAuth } = await import("@kubernetes/client-node/dist/exec_auth.js");
    plugin ??= new ExecAuth();
    const options: { headers?: Record<string, string> } = {};
    await plugin.applyAuthentication(user, options);
    const header = options.headers?.["Authorization"];
    if (header === undefined) throw new Error(`the exec plugin of user "${user.name}" gave no token; plugins that give a certificate are not supported`);
    return header.replace(/^Bearer /, "");
  };
  let plugin: { readonly applyAuthentication: (user: User, options: object) => Promise<void> } | undefined;
  let running: Promise<string> | undefined;
  return async () => {
    running ??= ask().finally(() => {
      running = undefined;
    });
    return await running;
  };
}

async function pem(base64: string | undefined, file: string | undefined, folder: string): Promise<string | undefined> {
  if (base64 !== undefined) return Buffer.from(base64, "base64").toString("utf8");
  return file === undefined ? undefined : await readFile(resolve(folder, file), "utf8");
}
