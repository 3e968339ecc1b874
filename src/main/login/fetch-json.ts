/** @module JSON from an issuer: over TLS, with its own CA where one is given, bounded in size and time, and no redirects. Used by logins. */
import { Agent, fetch } from "undici";
import { err, messageOf, ok, type Result } from "../../lib/result.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

export type FetchOptions = {
  /** PEM; none: the system's. */
  readonly ca: readonly string[];
  readonly form?: Readonly<Record<string, string>>;
  readonly authorization?: string;
};

/** The error names the address without its query, which may hold a secret. */
export async function fetchJson(url: string, options: FetchOptions): Promise<Result<Readonly<Record<string, unknown>>, string>> {
  // Over HTTP/2 an issuer that takes no body until the time is up would have the process loop for ever: see src/kubernetes/transport.ts.
  const agent = new Agent({ allowH2: false, connect: options.ca.length === 0 ? {} : { ca: [...options.ca] } });
  try {
    const response = await fetch(url, {
      dispatcher: agent,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: "application/json", ...(options.authorization === undefined ? {} : { authorization: options.authorization }) },
      ...(options.form === undefined ? {} : { method: "POST", body: new URLSearchParams(options.form) }),
    });
    const text = await boundedText(response.body);
    if (text === undefined) return err(`${plain(url)} answered with more than ${MAX_BYTES} bytes`);
    if (!response.ok) return err(`${plain(url)} answered ${response.status}${problemIn(text)}`);
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? ok(value as Readonly<Record<string, unknown>>) : err(`${plain(url)} answered with no JSON object`);
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return err(`${plain(url)} cannot be used: ${messageOf(cause ?? error)}`);
  } finally {
    void agent.close();
  }
}

const plain = (url: string): string => (URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : "the address");

/** What RFC 6749 has for an error; its words are the issuer's. */
function problemIn(text: string): string {
  try {
    const { error, error_description: description } = JSON.parse(text) as Record<string, unknown>;
    return typeof error === "string" ? `: ${error.slice(0, 100)}${typeof description === "string" ? `, ${description.slice(0, 300)}` : ""}` : "";
  } catch {
    return "";
  }
}

async function boundedText(body: AsyncIterable<Uint8Array> | null): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
