/** @module The bridge: caches, access, the HTTPS server and the exec route joined. One of `server`'s two halves. */
import type { AddressInfo } from "node:net";
import { createAuthenticator } from "../access/authenticate.ts";
import { execGate } from "../access/exec-gate.ts";
import { operationGate } from "../access/operation-gate.ts";
import { type ExecUpgrade, handleExec } from "../bridge/exec-route.ts";
import type { ClusterState } from "../bridge/bridge-deps.ts";
import { drainOf } from "../bridge/cluster/drained.ts";
import { createHttpApp } from "../bridge/http-app.ts";
import { createHttpsServer, type TlsFiles } from "../bridge/https-server.ts";
import { createSessionRegistry, type SessionRegistry } from "../bridge/session-registry.ts";
import { createKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { ClusterAccess } from "../kubernetes/credentials.ts";
import { createPodExecOpener } from "../kubernetes/pod-exec.ts";
import type { Log } from "../kubernetes/types.ts";
import { accessStore, aclObjects } from "./acl-objects.ts";
import { podLogReader } from "./pod-log.ts";
import { taskMarks } from "./task-marks.ts";
import type { AuditFile } from "./audit-file.ts";
import { type BridgeCaches, bridgeCaches, cachesSynced } from "./caches.ts";
import { type ChangeFeed, createChangeFeed } from "../bridge/blocking/change-feed.ts";
import { createEventBroker, type EventBroker } from "../bridge/events/event-stream.ts";
import { reportChanges } from "./change-reports.ts";
import { reportEvents } from "./event-reports.ts";
import type { LogLines } from "../bridge/monitor/log-lines.ts";
import { createLogins } from "./login/logins.ts";
import type { CachedObjects } from "./memory/cached-objects.ts";
import { jobObjects } from "./job-objects.ts";
import { nodeMarks } from "./node-marks.ts";
import { clusterState, podFate, podGoneNotifier } from "./cluster-state.ts";

export type BridgeOptions = {
  readonly access: ClusterAccess;
  readonly tls: TlsFiles;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly aclEnabled: boolean;
  readonly audit: AuditFile;
  /** Those of the process. */
  readonly pool: CachedObjects;
  readonly log: Log;
  /** What `log` writes, for who monitors the server. */
  readonly logLines: LogLines;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

export type Bridge = { readonly port: number; readonly over: Promise<void> };

/** What open sessions get to end when the server stops; the launcher's linger is a part of it. */
const DRAIN_MS = 5_000;

/** Each is one exec in a pod, as a session is. */
const STREAM_LIMITS = { all: 2000, perAccessor: 500 } as const;

/** Between two looks for tokens that have expired. */
const RECHECK_MS = 2_000;

/** Resolves when the bridge answers. Rejects when its port cannot be had. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { access, log, clock, signal, pool } = options;
  const client = createKubeClient(access, { clock });
  const caches = bridgeCaches({ client, log, clock, signal, pool });
  await cachesSynced(caches);
  const feed = changeFeed();
  const events = createEventBroker({ startTimer });
  const now = () => clock.now();
  const cluster = clusterState(caches, now);
  const stopReports = reportChanges(feed, caches, (node) => drainOf({ cluster, now: now() }, node) !== undefined);
  const sessions = createSessionRegistry();
  const streams = createSessionRegistry(STREAM_LIMITS, "logs and files");
  const { server, stopEvents, setAddress, sessionsOver } = assemble(options, { caches, cluster, client, feed, events, sessions, streams });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(options.port, options.host, resolve);
  await listening;
  const { port } = server.address() as AddressInfo;
  setAddress(`${options.host}:${port}`);
  const stopRechecks = recheckSessions(caches, [sessions, streams]);
  const over = stopped(signal).then(async () => {
    stopRechecks();
    stopReports();
    feed.close();
    stopEvents();
    events.close();
    sessions.endAll("the server is shutting down; start the session again");
    streams.endAll("the server is shutting down; ask again");
    server.close();
    server.closeIdleConnections();
    // Their last audit lines are written when they are over; one that hangs does not hold the server up for long.
    await Promise.race([sessionsOver(), clock.sleep(DRAIN_MS)]);
    await client.close();
  });
  return { port, over };
}

/** Blocking queries beyond these, of all and of one token, are refused until others have been answered. */
const MAX_HELD_QUERIES = { all: 5_000, ofOne: 1_000 };

const startTimer = (ms: number, fire: () => void) => {
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
};

function changeFeed(): ChangeFeed {
  return createChangeFeed({ random: Math.random, startTimer, defer: setImmediate }, MAX_HELD_QUERIES);
}

type Parts = { readonly cluster: ClusterState; readonly feed: ChangeFeed; readonly events: EventBroker; readonly caches: BridgeCaches; readonly client: ReturnType<typeof createKubeClient>; readonly sessions: SessionRegistry; readonly streams: SessionRegistry };

function assemble(options: BridgeOptions, { caches, cluster, client, feed, events, sessions, streams }: Parts) {
  const { access, log, clock, audit, tls } = options;
  const now = () => clock.now();
  const authenticate = createAuthenticator({ store: accessStore(caches), aclEnabled: options.aclEnabled });
  const gateDeps = { openPodExec: createPodExecOpener(access), podUid: (namespace: string, name: string) => caches.pods.get(namespace, name)?.metadata.uid, now };
  const gate = execGate(gateDeps);
  const route = { cluster, authenticate, gate, audit: audit.append, sessions, onPodGone: podGoneNotifier(caches), podFate: (uid: string) => podFate(caches, uid), log, now, monotonic: () => clock.monotonic() };
  let address = "";
  const clientRoutes = { gate: operationGate(gateDeps), audit: audit.append, streams, podLog: podLogReader(client), markTasks: taskMarks(client, caches, log), now, monotonic: () => clock.monotonic(), sleep: (ms: number) => clock.sleep(ms) };
  const acl = aclObjects(client, caches);
  const app = createHttpApp({ cluster, acl, logins: createLogins(client, now), nodes: nodeMarks(client, caches), jobs: jobObjects(client, caches), client: clientRoutes, events, logLines: options.logLines, feed, authenticate, address: () => address, log, now });
  const running = new Set<Promise<void>>();
  const onExec = (upgrade: ExecUpgrade): void => {
    const session = handleExec(route, upgrade).finally(() => running.delete(session));
    running.add(session);
  };
  const server = createHttpsServer({ app, tls, onExec });
  const stopEvents = reportEvents({ broker: events, feed, cluster, acl, now }, caches);
  return { server, stopEvents, setAddress: (known: string) => (address = known), sessionsOver: () => Promise.all(running) };
}

function recheckSessions({ tokens, policies, roles, namespaces, configs }: BridgeCaches, registries: readonly SessionRegistry[]): () => void {
  const recheck = () => registries.forEach((sessions) => sessions.recheck());
  const timer = setInterval(recheck, RECHECK_MS);
  const stop = [tokens.onChange(recheck), policies.onChange(recheck), roles.onChange(recheck), namespaces.onChange(recheck), configs.onChange(recheck)];
  return () => {
    clearInterval(timer);
    for (const each of stop) each();
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
