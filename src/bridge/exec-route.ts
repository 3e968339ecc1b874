/**
 * @module The exec route: accept the upgrade, then authenticate, find, authorise, write the audit line, open, relay. A refusal is a close frame
 * with Nomad's code and text, as Nomad upgrades first.
 */
import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import { asServerError, type Authenticate, type Identity } from "../access/authenticate.ts";
import { auditExecEnd, auditExecStart, type AuditSink, encodeAuditLine } from "../access/audit.ts";
import { authorizeExec, type Grant, mayStillExec, type RequestedAction } from "../access/authorize-exec.ts";
import type { ExecGate } from "../access/exec-gate.ts";
import type { HangupPolicy } from "../contract/frames.ts";
import { messageOf, ok, err, type Result } from "../lib/result.ts";
import { PERMISSION_DENIED } from "../nomad/texts.ts";
import type { Allocation, ClusterState } from "./bridge-deps.ts";
import { closeCodeOf, closeWith } from "./close-frame.ts";
import { allocationFacts, profileOf } from "./exec-facts.ts";
import { relayExec } from "./exec-relay.ts";
import { actionOf } from "./job-action.ts";
import { agreedSecret, readHandshake } from "./exec-handshake.ts";
import { checkWords, type ExecParameters, type ExecProblem, type ExecTarget, readExecParameters, wantsHandshake } from "./exec-request.ts";
import { DEFAULT_TIMES } from "./exec-session.ts";
import type { SessionRegistry } from "./session-registry.ts";

export type ExecRouteDeps = {
  readonly cluster: ClusterState;
  readonly authenticate: Authenticate;
  readonly gate: ExecGate;
  readonly audit: AuditSink;
  readonly sessions: SessionRegistry;
  /** What has become of a pod that no longer runs, in words; undefined while nothing says that it does not. */
  readonly podFate: (podUid: string) => string | undefined;
  readonly onPodGone: (podUid: string, listener: (reason: string) => void) => () => void;
  readonly log: { readonly error: (fields: object, message: string) => void };
  /** Epoch ms. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic: () => number;
};

export type ExecUpgrade = {
  readonly client: WebSocket;
  readonly target: ExecTarget;
  readonly params: URLSearchParams;
  readonly secret: string | undefined;
  /** The client's address, for the audit line. */
  readonly source: string;
};

type Admitted = { readonly parameters: ExecParameters; readonly grant: Grant; readonly jobId: string; readonly policy: HangupPolicy };

/** Never rejects. Resolves when the session is over and its last audit line is written. */
export async function handleExec(deps: ExecRouteDeps, upgrade: ExecUpgrade): Promise<void> {
  // Frames wait in the socket until the relay listens; an error while refusing must not end the process.
  upgrade.client.pause();
  upgrade.client.on("error", () => undefined);
  try {
    const introduced = await introduce(upgrade);
    if (!introduced.ok) return refuse(upgrade.client, introduced.error);
    const admitted = admit(deps, introduced.value);
    if (!admitted.ok) return refuse(upgrade.client, admitted.error);
    await runAudited(deps, introduced.value, admitted.value);
  } catch (bug) {
    deps.log.error({ reason: messageOf(bug), path: upgrade.target }, "exec session failed");
    refuse(upgrade.client, { message: "internal error: the server's log says more" });
  }
}

/** The request with the token that a browser's handshake brings, where it asks for one. */
type Introduced = ExecUpgrade & { readonly release: () => void };

async function introduce(upgrade: ExecUpgrade): Promise<Result<Introduced, ExecProblem>> {
  const wanted = wantsHandshake(upgrade.params);
  if (!wanted.ok) return wanted;
  if (!wanted.value) return ok({ ...upgrade, release: () => undefined });
  const handshake = await readHandshake(upgrade.client);
  if (!handshake.ok) return handshake;
  const secret = agreedSecret(upgrade.secret, handshake.value.token);
  return secret.ok ? ok({ ...upgrade, secret: secret.value, release: handshake.value.release }) : secret;
}

function refuse(client: WebSocket, problem: ExecProblem): void {
  closeWith(client, closeCodeOf(problem.code), problem.message);
}

function admit(deps: ExecRouteDeps, { target, params, secret }: ExecUpgrade): Result<Admitted, ExecProblem> {
  const parameters = readExecParameters(target, params);
  if (!parameters.ok) return parameters;
  const identity = deps.authenticate(secret, deps.now());
  if (!identity.ok) return err(asServerError(identity.error));
  return authorize(deps, parameters.value, identity.value);
}

function authorize(deps: ExecRouteDeps, asked: ExecParameters, identity: Identity): Result<Admitted, ExecProblem> {
  const now = deps.now();
  const allocation = deps.cluster.allocation(asked.allocId);
  const profile = allocation === undefined ? undefined : profileOf(allocation.pod, deps.cluster.config());
  const facts = allocation === undefined ? undefined : allocationFacts(allocation, profile, now);
  const { allocId, task } = asked;
  const action = actionIn(deps, allocation, asked);
  const command = action?.command ?? asked.command;
  const grant = authorizeExec(identity, { allocId, allocation: facts, task, command, sessionId: randomUUID(), ...(action === undefined ? {} : { action }) }, now);
  if (!grant.ok) return grant;
  const words = checkWords(command);
  if (!words.ok) return words;
  if (allocation === undefined) return err({ message: PERMISSION_DENIED });
  return ok({ parameters: { ...asked, command }, grant: grant.value, jobId: allocation.job.jobId, policy: profile?.hangup ?? "hangup" });
}

/** What the job says of the action that is asked for: looked up before the rights, and told only after them. */
function actionIn({ cluster }: ExecRouteDeps, allocation: Allocation | undefined, { action, task }: ExecParameters): (RequestedAction & { readonly command: readonly string[] }) | undefined {
  if (action === undefined) return undefined;
  const job = cluster.job(action.namespace, action.jobId);
  const command = allocation === undefined ? undefined : actionOf(cluster, allocation, { task, name: action.name });
  const whose = job === undefined ? "unknown" : job.uid === allocation?.job.uid ? "own" : "other";
  return { ...action, job: whose, found: command !== undefined, command: command ?? [] };
}

/** No line, no session: what nobody could account for is not opened. */
async function runAudited(deps: ExecRouteDeps, upgrade: Introduced, admitted: Admitted): Promise<void> {
  const { parameters, grant, jobId } = admitted;
  const { task, command, tty } = parameters;
  const slot = deps.sessions.open(grant.accessorId, stillAllowed(deps, upgrade, grant));
  if (!slot.ok) return refuse(upgrade.client, { message: slot.error, code: 429 });
  try {
    const startedAt = deps.monotonic();
    const start = auditExecStart(grant, { jobId, task, command, tty, source: upgrade.source }, deps.now());
    const written = deps.audit(encodeAuditLine(start));
    if (!written.ok) return refuse(upgrade.client, { message: `the audit log cannot be written, so no session is opened: ${written.error}` });
    const session = relay(deps, upgrade, { admitted, revoked: slot.value.revoked });
    upgrade.release();
    const report = await session;
    const end = auditExecEnd(start, { ...report, durationMs: Math.round(deps.monotonic() - startedAt) }, deps.now());
    const ended = deps.audit(encodeAuditLine(end));
    if (!ended.ok) deps.log.error({ reason: ended.error, session: grant.sessionId }, "the end of an exec session could not be audited");
  } finally {
    slot.value.close();
  }
}

/** The question of rights once more while the session runs: a token, a policy, a profile may change, a namespace may be given up. */
function stillAllowed(deps: ExecRouteDeps, { secret }: ExecUpgrade, grant: Grant): () => boolean {
  return () => {
    const identity = deps.authenticate(secret, deps.now());
    if (!identity.ok || !deps.cluster.isManaged(grant.namespace)) return false;
    const allocation = deps.cluster.allocation(grant.allocId);
    // An allocation that is gone is no matter of rights.
    if (allocation === undefined) return true;
    return mayStillExec(identity.value, allocationFacts(allocation, profileOf(allocation.pod, deps.cluster.config()), deps.now()));
  };
}

function relay(deps: ExecRouteDeps, { client }: ExecUpgrade, session: { readonly admitted: Admitted; readonly revoked: AbortSignal }) {
  const { parameters, grant, policy } = session.admitted;
  return relayExec({
    client,
    settings: { argv: parameters.command, tty: parameters.tty, policy, podUid: grant.allocId, times: DEFAULT_TIMES },
    open: async (handlers, signal) => {
      const opened = await deps.gate(grant, handlers, signal);
      return opened.ok ? opened : err({ kind: "refused", message: opened.error.message });
    },
    now: deps.monotonic,
    podFate: () => deps.podFate(grant.allocId),
    onPodGone: (listener) => deps.onPodGone(grant.allocId, listener),
    stdinQueueBytes: deps.sessions.stdinQueueBytes,
    revoked: session.revoked,
  });
}
