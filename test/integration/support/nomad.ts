/** @module Nomad's HTTP API and exec sessions of the bridge under test, with nothing of ours but its frames in between. Used by the integration tests. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { inject } from "vitest";
import { type RawData, WebSocket } from "ws";
import { decodeServerFrame, encodeResize, encodeStdin, encodeStdinClose } from "../../../src/nomad/exec-frames.ts";
import { eventually } from "../kubernetes/real-cluster.ts";
import { unique } from "./world.ts";

export type Answer = { readonly status: number; readonly body: string };
export type Asking = { readonly method?: string; readonly body?: unknown; readonly token?: string };

/** One request with the management token, or another; `token: ""` sends none. */
export async function nomad(path: string, { method = "GET", body, token = inject("bridge").token }: Asking = {}): Promise<Answer> {
  const { addr, caFile } = inject("bridge");
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = token === "" ? {} : { "X-Nomad-Token": token };
  const outgoing = request(`${addr}${path}`, { method, headers, ca: readFileSync(caFile), agent: false }, (response) => {
    void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  outgoing.on("error", reject);
  outgoing.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  return await promise;
}

/** The answer's JSON; throws when it is no 200. */
export async function nomadJson<T>(path: string, asking: Asking = {}): Promise<T> {
  const { status, body } = await nomad(path, asking);
  if (status !== 200) throw new Error(`${asking.method ?? "GET"} ${path} answered ${status}: ${body}`);
  return JSON.parse(body) as T;
}

export type Allocation = {
  readonly ID: string;
  readonly Name: string;
  readonly ClientStatus: string;
  readonly DesiredStatus: string;
  readonly TaskStates: Readonly<
    Record<string, { readonly State: string; readonly Failed: boolean; readonly Restarts: number; readonly Events: readonly { readonly Type: string; readonly DisplayMessage: string }[] }>
  >;
};

export const allocationsOf = async (namespace: string, job: string): Promise<readonly Allocation[]> =>
  await nomadJson(`/v1/job/${encodeURIComponent(job)}/allocations?namespace=${namespace}`);

export const allocation = async (id: string): Promise<Allocation> => await nomadJson(`/v1/allocation/${id}`);

export type Token = { readonly accessor: string; readonly secret: string; readonly remove: () => Promise<void> };

/** A client token with one policy of its own. Removing it removes both. */
export async function tokenWith(rules: string): Promise<Token> {
  const policy = unique("test-policy");
  await asked(`/v1/acl/policy/${policy}`, { method: "PUT", body: { Name: policy, Rules: rules } });
  const made = await asked("/v1/acl/token", { method: "PUT", body: { Name: policy, Type: "client", Policies: [policy] } });
  const { AccessorID, SecretID } = JSON.parse(made.body) as { readonly AccessorID: string; readonly SecretID: string };
  const remove = async () => {
    await nomad(`/v1/acl/token/${AccessorID}`, { method: "DELETE" });
    await asked(`/v1/acl/policy/${policy}`, { method: "DELETE" });
  };
  return { accessor: AccessorID, secret: SecretID, remove };
}

export async function asked(path: string, asking: Asking): Promise<Answer> {
  const answer = await nomad(path, asking);
  if (answer.status !== 200) throw new Error(`${asking.method ?? "GET"} ${path} answered ${answer.status}: ${answer.body}`);
  return answer;
}

export type ExecTarget = {
  readonly allocId: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly tty?: boolean;
  /** Secret; absent: the management token; "": none. */
  readonly token?: string;
};

/** How a session ended. `exitCode` only with an exit frame; `afterExit` counts the frames behind it. */
export type Ending = { readonly exitCode?: number; readonly closeCode: number; readonly reason: string; readonly afterExit: number };

export type ExecSession = {
  readonly write: (data: Uint8Array | string) => void;
  readonly closeStdin: () => void;
  readonly resize: (height: number, width: number) => void;
  /** One WebSocket message as it is. */
  readonly send: (frame: string | Uint8Array) => void;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Until stdout holds the text; throws when the session ends without it. */
  readonly says: (text: string) => Promise<void>;
  /** As a client that dies: no close frame. */
  readonly drop: () => void;
  readonly ended: Promise<Ending>;
};

export function execUrl({ allocId, task, command, tty = false }: ExecTarget): string {
  const query = new URLSearchParams({ task, tty: String(tty), command: JSON.stringify(command) });
  return `${inject("bridge").addr.replace(/^http/, "ws")}/v1/client/allocation/${allocId}/exec?${query}`;
}

/** Resolves when the upgrade is done, which is before the bridge has decided anything. */
export async function openExec(target: ExecTarget, url = execUrl(target)): Promise<ExecSession> {
  const { token = inject("bridge").token } = target;
  const headers = token === "" ? {} : { "X-Nomad-Token": token };
  const socket = new WebSocket(url, { ca: readFileSync(inject("bridge").caFile), headers, perMessageDeflate: false });
  const session = sessionOn(socket);
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return session;
}

function sessionOn(socket: WebSocket): ExecSession {
  const heard = { stdout: "", stderr: "", exitCode: undefined as number | undefined, afterExit: 0, over: false };
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  socket.on("error", () => undefined);
  socket.on("message", (data: RawData) => hear(heard, data as Buffer));
  socket.on("close", (closeCode, reason) => {
    heard.over = true;
    resolve({ ...(heard.exitCode === undefined ? {} : { exitCode: heard.exitCode }), closeCode, reason: reason.toString(), afterExit: heard.afterExit });
  });
  const says = async (text: string): Promise<void> => {
    await eventually(() => {
      if (heard.stdout.includes(text)) return true;
      if (heard.over) throw new Error(`the session ended without saying "${text}"; it said: ${heard.stdout}${heard.stderr}`);
      return undefined;
    });
  };
  return {
    write: (data) => socket.send(encodeStdin(Buffer.from(data)), { binary: false }),
    closeStdin: () => socket.send(encodeStdinClose(), { binary: false }),
    resize: (height, width) => socket.send(encodeResize({ height, width }), { binary: false }),
    send: (frame) => socket.send(frame, { binary: typeof frame !== "string" }),
    stdout: () => heard.stdout,
    stderr: () => heard.stderr,
    says,
    drop: () => socket.terminate(),
    ended,
  };
}

function hear(heard: { stdout: string; stderr: string; exitCode: number | undefined; afterExit: number }, data: Buffer): void {
  if (heard.exitCode !== undefined) heard.afterExit++;
  const frame = decodeServerFrame(data);
  if (!frame.ok) throw new Error(`the bridge sent what is no frame: ${frame.error}`);
  heard.stdout += frame.value.stdout?.data?.toString() ?? "";
  heard.stderr += frame.value.stderr?.data?.toString() ?? "";
  heard.exitCode ??= frame.value.exit?.code;
}

export type Finished = Ending & { readonly stdout: string; readonly stderr: string };

/** A whole session; `input` is all of its stdin. */
export async function exec(target: ExecTarget, input = ""): Promise<Finished> {
  const session = await openExec(target);
  if (input !== "") session.write(input);
  session.closeStdin();
  const ending = await session.ended;
  return { ...ending, stdout: session.stdout(), stderr: session.stderr() };
}

/** What a shell script says inside the task; throws unless it ends with 0. */
export async function inTask(allocId: string, task: string, script: string): Promise<string> {
  const { exitCode, reason, stdout, stderr } = await exec({ allocId, task, command: ["/bin/sh", "-c", script] });
  if (exitCode !== 0) throw new Error(`the script in ${task} ended with ${exitCode ?? "no exit code"}: ${reason}${stderr}`);
  return stdout;
}
