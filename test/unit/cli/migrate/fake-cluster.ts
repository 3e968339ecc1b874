/** @module A tiny Nomad API that keeps jobs in memory, and answers some of them oddly. For assess and import. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type FakeJob = { readonly ID: string; readonly Namespace?: string; readonly ParentID?: string; readonly Stop?: boolean; readonly [field: string]: unknown };

export type FakeCluster = {
  readonly address: string;
  /** By "namespace/ID": what a read gives. */
  readonly jobs: Map<string, FakeJob>;
  /** "METHOD /path", in the order they came. */
  readonly requests: string[];
  readonly tokens: Set<string>;
  /** The most requests that were open together. */
  readonly mostAtOnce: () => number;
  readonly close: () => Promise<void>;
};

export type FakeClusterOptions = {
  readonly jobs?: readonly FakeJob[];
  /** Status and body in place of a job, by its ID, or of the list by "". */
  readonly odd?: Readonly<Record<string, readonly [number, string]>>;
  /** An error of validation, by the job's ID. */
  readonly invalid?: Readonly<Record<string, string>>;
  /** Absent: no such list. */
  readonly namespaces?: readonly string[];
  /** Closes connections that were idle, once for each, as a server does that restarts. */
  readonly forgetful?: boolean;
  /** Answers nothing at paths that begin so. */
  readonly dies?: string;
  /** Of validation. */
  readonly warnings?: string;
};

const keyOf = ({ Namespace, ID }: FakeJob) => `${Namespace ?? "default"}/${ID}`;

export async function startFakeCluster({ jobs: given = [], odd = {}, invalid = {}, namespaces, forgetful = false, dies, warnings = "" }: FakeClusterOptions = {}): Promise<FakeCluster> {
  const jobs = new Map(given.map((job) => [keyOf(job), job]));
  const requests: string[] = [];
  const tokens = new Set<string>();
  let open = 0;
  let most = 0;
  const answer = async (request: IncomingMessage): Promise<readonly [number, unknown]> => {
    const url = new URL(request.url ?? "", "http://fake");
    const namespace = url.searchParams.get("namespace") ?? "default";
    requests.push(`${request.method} ${url.pathname}`);
    tokens.add(String(request.headers["x-nomad-token"] ?? ""));
    if (request.method === "PUT") {
      const { Job: job, JobModifyIndex: index } = JSON.parse(await text(request)) as { Job: FakeJob; JobModifyIndex?: number };
      if (url.pathname === "/v1/validate/job") return [200, { Error: invalid[job.ID] ?? "", Warnings: warnings }];
      const there = jobs.get(keyOf(job));
      if ((there?.["JobModifyIndex"] ?? 0) !== index) return [500, "Enforcing job modify index"];
      jobs.set(keyOf(job), { ...job, JobModifyIndex: 7 });
      return [200, { EvalID: "e" }];
    }
    if (url.pathname === "/v1/namespaces" && namespaces !== undefined) return [200, namespaces.map((Name) => ({ Name }))];
    const id = decodeURIComponent(url.pathname.slice("/v1/job/".length));
    const strange = odd[url.pathname === "/v1/jobs" ? "" : id];
    if (strange !== undefined) return strange;
    if (url.pathname === "/v1/jobs") return [200, [...jobs.values()].filter((job) => namespace === "*" || (job.Namespace ?? "default") === namespace)];
    const job = jobs.get(`${namespace}/${id}`);
    return job === undefined ? [404, "job not found"] : [200, job];
  };
  const used = new WeakSet();
  const server = createServer((request, response) => {
    if (forgetful && used.has(request.socket)) return void request.socket.resetAndDestroy();
    used.add(request.socket);
    if (dies !== undefined && (request.url ?? "").startsWith(dies)) {
      requests.push(`${request.method} ${request.url}`);
      return void request.socket.destroy();
    }
    open += 1;
    most = Math.max(most, open);
    void answer(request).then(([status, body]) => {
      open -= 1;
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobs,
    requests,
    tokens,
    mostAtOnce: () => most,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** A small job that runs here. */
export const execJob = (ID: string, more: Readonly<Record<string, unknown>> = {}): FakeJob => ({
  ID,
  Name: ID,
  Type: "service",
  TaskGroups: [{ Name: "g", Count: 1, Networks: [{ Mode: "bridge" }], Tasks: [{ Name: "t", Driver: "exec", Config: { command: "/bin/true" }, Env: { API_TOKEN: "hunter2" } }] }],
  JobSummary: { Summary: { g: { Running: 2, Starting: 1, Queued: 5 } } },
  ...more,
});
