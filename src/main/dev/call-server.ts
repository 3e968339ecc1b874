/** @module One call to the local server, on a connection of its own. Used to wait for it and to bootstrap its ACLs. */
import { readFileSync } from "node:fs";
import { request } from "node:https";

export type ServerCall = {
  /** Such as "https://127.0.0.1:4646". */
  readonly address: string;
  /** PEM file of the CA. */
  readonly ca: string;
  readonly method?: "GET" | "PUT";
  readonly path: string;
  readonly token?: string;
  /** Absent: as long as it takes. */
  readonly timeoutMs?: number;
};

/** Rejects when there is no answer. */
export function callServer({ address, ca, method = "GET", path, token, timeoutMs }: ServerCall): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { "X-Nomad-Token": token };
    const outgoing = request(`${address}${path}`, { method, headers, ca: readFileSync(ca), agent: false, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs ?? 0} ms`)));
    outgoing.on("error", reject);
    outgoing.end();
  });
}
