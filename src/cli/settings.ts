/**
 * @module Where and how to reach the Nomad API: the general options of every command, and the NOMAD_ variables behind them.
 * Source: developer.hashicorp.com/nomad/commands#command-contexts
 */
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { parseGoBool } from "../lib/go-bool.ts";
import type { FlagTable, FlagValues } from "./go-flags.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export const GENERAL_FLAGS = {
  address: "string",
  region: "string",
  namespace: "string",
  token: "string",
  "no-color": "bool",
  "force-color": "bool",
  "ca-cert": "string",
  "ca-path": "string",
  "client-cert": "string",
  "client-key": "string",
  "tls-server-name": "string",
  "tls-skip-verify": "bool",
} as const satisfies FlagTable;
export type GeneralFlags = FlagValues<typeof GENERAL_FLAGS>;

/** Paths of PEM files, not yet read; an empty string is "not set". */
export type TlsSettings = {
  readonly caCert: string;
  readonly caPath: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly serverName: string;
  readonly skipVerify: boolean;
};
export type Settings = {
  /** Scheme and host, such as "https://nomad.example:4646", without a path. */
  readonly origin: string;
  /** The unix socket to dial in place of the host of `origin`. */
  readonly socketPath: string | undefined;
  readonly region: string;
  readonly namespace: string;
  readonly token: string;
  /** "user:password" for HTTP basic authentication, or empty. */
  readonly basicAuth: string;
  readonly tls: TlsSettings;
};

const DEFAULT_ADDRESS = "http://127.0.0.1:4646";
const UNIX_SCHEME = "unix://";

/** A flag that is set and not empty wins over its variable. The error is for a person and names the address. */
export function settingsFrom(flags: GeneralFlags, env: Env): Result<Settings, string> {
  const pick = (flag: string | undefined, variable: string): string => flag || (env[variable] ?? "");
  const address = parseAddress(pick(flags.address, "NOMAD_ADDR") || DEFAULT_ADDRESS);
  if (!address.ok) return address;
  return ok({
    origin: address.value.origin,
    socketPath: address.value.socketPath,
    region: pick(flags.region, "NOMAD_REGION"),
    namespace: pick(flags.namespace, "NOMAD_NAMESPACE"),
    token: pick(flags.token, "NOMAD_TOKEN"),
    basicAuth: (env["NOMAD_HTTP_AUTH"] ?? "") || address.value.userInfo,
    tls: {
      caCert: pick(flags["ca-cert"], "NOMAD_CACERT"),
      caPath: pick(flags["ca-path"], "NOMAD_CAPATH"),
      clientCert: pick(flags["client-cert"], "NOMAD_CLIENT_CERT"),
      clientKey: pick(flags["client-key"], "NOMAD_CLIENT_KEY"),
      serverName: pick(flags["tls-server-name"], "NOMAD_TLS_SERVER_NAME"),
      skipVerify: flags["tls-skip-verify"] === true || parseGoBool(env["NOMAD_SKIP_VERIFY"] ?? "") === true,
    },
  });
}

/** Whether errors may be red: on a terminal, unless switched off; forced colour wins over the terminal, not over "off". */
export function wantsColor(flags: GeneralFlags, env: Env, isTerminal: boolean): boolean {
  if (flags["no-color"] === true || isSet(env["NOMAD_CLI_NO_COLOR"]) || isSet(env["NO_COLOR"])) return false;
  return flags["force-color"] === true || isSet(env["NOMAD_CLI_FORCE_COLOR"]) || isTerminal;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

type Address = { readonly origin: string; readonly socketPath: string | undefined; readonly userInfo: string };

function parseAddress(text: string): Result<Address, string> {
  if (text.startsWith(UNIX_SCHEME)) {
    return ok({ origin: "http://localhost", socketPath: text.slice(UNIX_SCHEME.length), userInfo: "" });
  }
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return err(`invalid address '${text}': it must start with http://, https:// or unix://, such as ${DEFAULT_ADDRESS}`);
  }
  try {
    return ok({ origin: url.origin, socketPath: undefined, userInfo: userInfoOf(url) });
  } catch (error) {
    return err(`invalid address '${url.origin}': user or password: ${messageOf(error)}`);
  }
}

/** Throws on a percent sign that starts no escape. */
function userInfoOf(url: URL): string {
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  return password === "" ? user : `${user}:${password}`;
}
