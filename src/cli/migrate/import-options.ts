/** @module The words after `import` as options, and its help. */
import { err, ok, type Result } from "../../lib/result.ts";
import { type FlagFailure, type FlagTable, parseMixedFlags } from "../go-flags.ts";
import { type Env, GENERAL_FLAGS, type Settings, settingsFrom } from "../settings.ts";
import { sourceEnv } from "./source-env.ts";

export const IMPORT_HELP = `Usage: nomad-bridge import [options] -to=<address>

  Reads the jobs of a live Nomad and registers them at another address of
  Nomad's API, that of nomad-bridge. Without -yes it only says what it would do.

  Each namespace must be there before its jobs come. Nothing is ever deleted,
  and nothing is changed at the source: its jobs go on running until somebody
  stops them there. A second run does nothing where the jobs are the same, so
  it goes on where Ctrl-C or a failure has ended the first one. Children of
  periodic and parameterized jobs are left out: their parents make new ones.

Options (one dash or two):

  -from=<address>      Address of the source. NOMAD_ADDR, and then
                       http://127.0.0.1:4646
  -token=<secret>      Token of the source. NOMAD_TOKEN, but where -from names
                       another place than NOMAD_ADDR
  -namespace=<ns>      Only this one. NOMAD_NAMESPACE; default: all ("*")
  -to=<address>        Address of the bridge. NOMAD_TO_ADDR
  -to-token=<secret>   Its token, with submit-job. NOMAD_TO_TOKEN
  -to-namespace=<ns>   Namespace of all jobs there. Default: each job's own
  -to-ca-cert=<file>   NOMAD_TO_CACERT. The source has -ca-cert and its like,
  -to-tls-skip-verify  as nomad-bridge alloc exec has
  -yes                 Does it
  -dry-run             Does not, even with -yes; without -yes it is the default
  -stopped             Stopped jobs too; they stay stopped
  -overwrite           Jobs that are there already and differ, too
  -format=<format>     text or json. Default: text

Exit codes: 0, all is done, or could be; 1, a job could not be read or would be
refused; 2, nothing was done; 130, interrupted.

Examples:

  What would come over:

    $ nomad-bridge import -from=https://nomad.example:4646 -to=https://bridge.example:4646

  Bring it over, into one namespace:

    $ nomad-bridge import -to=https://bridge.example:4646 -to-namespace=team-a -yes
`;

export const IMPORT_FLAGS = {
  ...GENERAL_FLAGS,
  from: "string",
  to: "string",
  "to-token": "string",
  "to-namespace": "string",
  "to-ca-cert": "string",
  "to-tls-skip-verify": "bool",
  yes: "bool",
  "dry-run": "bool",
  stopped: "bool",
  overwrite: "bool",
  format: "string",
} as const satisfies FlagTable;

export type ImportOptions = {
  readonly source: Settings;
  readonly target: Settings;
  /** "*" is all. */
  readonly namespace: string;
  /** Undefined: each job's own. */
  readonly toNamespace: string | undefined;
  readonly yes: boolean;
  readonly stopped: boolean;
  readonly overwrite: boolean;
  readonly format: "text" | "json";
};

export function readImportOptions(argv: readonly string[], env: Env): Result<ImportOptions, FlagFailure> {
  const parsed = parseMixedFlags(IMPORT_FLAGS, argv);
  if (!parsed.ok) return parsed;
  const { flags, args } = parsed.value;
  if (args.length > 0) return invalid(`"${args[0]}" is no option; the addresses go into -from=<address> and -to=<address>`);
  const format = (["text", "json"] as const).find((each) => each === (flags.format ?? "text"));
  if (format === undefined) return invalid(`-format is "${flags.format}"; it must be one of text, json`);
  const to = flags.to ?? env["NOMAD_TO_ADDR"] ?? "";
  if (to === "") return invalid("where do the jobs go? Write -to=<address>, that of nomad-bridge server");
  const source = settingsFrom({ ...flags, ...(flags.from === undefined ? {} : { address: flags.from }) }, sourceEnv(flags.from, env));
  if (!source.ok) return invalid(source.error);
  // The source's token and certificates are none of the target's business.
  const ofTarget = { NOMAD_TOKEN: env["NOMAD_TO_TOKEN"], NOMAD_CACERT: env["NOMAD_TO_CACERT"] };
  const target = settingsFrom(targetFlags(to, flags), ofTarget);
  if (!target.ok) return invalid(target.error);
  if (target.value.origin === source.value.origin && target.value.socketPath === source.value.socketPath) return invalid(`-from and -to are both ${source.value.origin}: the jobs are there already`);
  const { yes = false, stopped = false, overwrite = false } = flags;
  return ok({ source: source.value, target: target.value, namespace: source.value.namespace || "*", toNamespace: flags["to-namespace"], yes: yes && flags["dry-run"] !== true, stopped, overwrite, format });
}

type ToFlags = { readonly "to-token"?: string; readonly "to-ca-cert"?: string; readonly "to-tls-skip-verify"?: boolean };

const targetFlags = (address: string, flags: ToFlags) => ({
  address,
  ...(flags["to-token"] === undefined ? {} : { token: flags["to-token"] }),
  ...(flags["to-ca-cert"] === undefined ? {} : { "ca-cert": flags["to-ca-cert"] }),
  ...(flags["to-tls-skip-verify"] === undefined ? {} : { "tls-skip-verify": flags["to-tls-skip-verify"] }),
});

const invalid = (message: string): Result<never, FlagFailure> => err({ kind: "invalid", message });
