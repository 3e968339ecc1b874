/** @module Everything between nothing and a bridge that answers: cluster, installation, tokens, server, ACL bootstrap, environment. Used by `up`, the demo and the tests. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { withHostLock } from "../../../local-cluster/host-lock.ts";
import { runCommand } from "../../../local-cluster/run-command.ts";
import { createTokenMinter } from "../../kubernetes/token-minter.ts";
import { type ClusterAccess, clusterAccess } from "../../kubernetes/credentials.ts";
import { systemClock } from "../../kubernetes/clock.ts";
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { toYaml } from "../../lib/yaml.ts";
import { type IdentityName, SYSTEM_NAMESPACE } from "../identity.ts";
import { install, installerClient, readObjects } from "../install.ts";
import { callServer } from "./call-server.ts";
import { findCluster, type FoundCluster } from "./find-cluster.ts";
import { CHECKOUT, homePaths, type HomePaths, readIfThere, readUpState, writePrivate, writeUpState } from "./home.ts";
import { localBridgeConfig } from "./local-config.ts";
import { ensureServer, type LocalServer } from "./local-server.ts";

export type BringUpOptions = {
  /** Absolute; see home.ts. */
  readonly home: string;
  /** Namespaces to manage. */
  readonly namespaces: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

export type Running = {
  readonly address: string;
  /** PEM file of the CA that signed the bridge's certificate. */
  readonly ca: string;
  /** Secret of a management token. */
  readonly token: string;
  readonly kubeconfig: string;
  readonly launcherImage: string;
  readonly envFile: string;
  /** Programs to call by path: kubectl and nomad-bridge, where they are ours. */
  readonly bin: { readonly kubectl: string; readonly nomadBridge: string };
};

/** Idempotent, and safe after a crash at any point: each step looks first at what is there. */
export async function bringUp(options: BringUpOptions): Promise<Result<Running, string>> {
  const paths = homePaths(options.home);
  mkdirSync(paths.home, { recursive: true, mode: 0o700 });
  return withHostLock(`up ${options.home}`, () => options.log("another up or down is at work here; waiting for it"), () => locked(options, paths));
}

async function locked(options: BringUpOptions, paths: HomePaths): Promise<Result<Running, string>> {
  const { env, log, signal } = options;
  const built = await runCommand(process.execPath, [join(CHECKOUT, "tools", "build.ts")], { signal });
  if (!built.ok) return err(`the program could not be built: ${built.error}`);
  const cluster = await findCluster({ paths, env, log, signal });
  if (!cluster.ok) return cluster;
  recordCluster(paths, cluster.value);
  const access = await clusterAccess(cluster.value.kubeconfig, {});
  if (!access.ok) return access;
  const prepared = await prepareCluster(options, { paths, cluster: cluster.value, access: access.value });
  if (!prepared.ok) return prepared;
  const server = await ensureServer({ paths, images: cluster.value.images, log, signal });
  if (!server.ok) return server;
  const token = await managementToken(paths, server.value, log);
  return token.ok ? ok(writeEnvironment(paths, { cluster: cluster.value, server: server.value, token: token.value })) : token;
}

function recordCluster(paths: HomePaths, { kind, kubeconfig }: FoundCluster): void {
  const before = readUpState(paths);
  writeUpState(paths, { version: 1, cluster: kind, kubeconfig, ...(before?.server === undefined ? {} : { server: before.server }) });
}

type Prepared = { readonly paths: HomePaths; readonly cluster: FoundCluster; readonly access: ClusterAccess };

async function prepareCluster({ namespaces, log, signal }: BringUpOptions, { paths, cluster, access }: Prepared): Promise<Result<undefined, string>> {
  const sample = readObjects(join(CHECKOUT, "manifests", "samples", "bridge-config.yaml"))[0];
  const config = cluster.kind === "local" || sample === undefined ? localBridgeConfig(["*"]) : sample;
  const installed = await install({ access, manifests: join(CHECKOUT, "manifests"), namespaces, config, log, clock: systemClock, signal });
  if (!installed.ok) return installed;
  // The server learns where the API server is, and nothing that lets it be anyone but itself.
  writePrivate(paths.serverKubeconfig, serverKubeconfig(access));
  return mintTokens(paths, access);
}

async function mintTokens(paths: HomePaths, access: ClusterAccess): Promise<Result<undefined, string>> {
  const client = installerClient(access);
  try {
    for (const name of ["controller", "bridge"] as const satisfies readonly IdentityName[]) {
      const mint = createTokenMinter(client, { namespace: SYSTEM_NAMESPACE, name });
      writePrivate(paths.token(name), await mint());
    }
    return ok(undefined);
  } catch (error) {
    return err(messageOf(error));
  } finally {
    await client.close();
  }
}

function serverKubeconfig(access: ClusterAccess): string {
  const ca = access.ca === undefined ? {} : { "certificate-authority-data": Buffer.from(access.ca).toString("base64") };
  const cluster = { server: `${access.server}${access.basePath}`, ...ca, ...(access.serverName === undefined ? {} : { "tls-server-name": access.serverName }) };
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "server",
    clusters: [{ name: "server", cluster }],
    contexts: [{ name: "server", context: { cluster: "server", user: "server" } }],
    users: [{ name: "server", user: {} }],
  });
}

async function managementToken(paths: HomePaths, server: LocalServer, log: (line: string) => void): Promise<Result<string, string>> {
  const known = readIfThere(paths.managementToken);
  if (known !== undefined && (await callServer({ ...server, path: "/v1/acl/token/self", token: known })).status === 200) return ok(known);
  log("bootstrapping ACLs");
  const answer = await callServer({ ...server, method: "PUT", path: "/v1/acl/bootstrap" });
  if (answer.status === 200) {
    const secret = (JSON.parse(answer.body) as { readonly SecretID: string }).SecretID;
    writePrivate(paths.managementToken, secret);
    return ok(secret);
  }
  return err(
    `ACLs of this cluster were bootstrapped before, and the token is not in ${paths.managementToken} (${answer.body}). ` +
      "Put it there, or start over: kubectl --as=me --as-group=nomad-bridge:break-glass delete acltoken bootstrap",
  );
}

type Parts = { readonly cluster: FoundCluster; readonly server: LocalServer; readonly token: string };

function writeEnvironment(paths: HomePaths, { cluster, server, token }: Parts): Running {
  const nomadBridge = join(paths.bin, "nomad-bridge");
  const program = join(CHECKOUT, "dist", "nomad-bridge.js");
  writePrivate(nomadBridge, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(program)} "$@"\n`, 0o700);
  chmodSync(nomadBridge, 0o755);
  const path = [paths.bin, ...(cluster.binDir === undefined ? [] : [cluster.binDir])].join(":");
  const variables = { KUBECONFIG: cluster.kubeconfig, NOMAD_ADDR: server.address, NOMAD_TOKEN: token, NOMAD_CACERT: server.ca };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  writePrivate(paths.env, [...lines, `export PATH=${quote(path)}:"$PATH"`, "unset NOMAD_NAMESPACE NOMAD_REGION", ""].join("\n"));
  return {
    address: server.address,
    ca: server.ca,
    token,
    kubeconfig: cluster.kubeconfig,
    launcherImage: cluster.images.launcher,
    envFile: paths.env,
    bin: { kubectl: cluster.binDir === undefined ? "kubectl" : join(cluster.binDir, "kubectl"), nomadBridge },
  };
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
