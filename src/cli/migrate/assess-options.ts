/** @module The words after `assess` as options, and its help. */
import { err, ok, type Result } from "../../lib/result.ts";
import { type FlagFailure, type FlagTable, parseMixedFlags } from "../go-flags.ts";
import { type Env, GENERAL_FLAGS, type Settings, settingsFrom } from "../settings.ts";
import { sourceEnv } from "./source-env.ts";

export const ASSESS_HELP = `Usage: nomad-bridge assess [options]

  Reads every job of a live Nomad and says how well each would run here. Reads
  only, and needs no cluster.

  lost      something of the job has to change, or to be done without
  decision  somebody has to say something: in the job, or in a profile
  weaker    it runs as it is, with less around it in some respect
  same      it runs as it is

Options (one dash or two; those of reaching Nomad also as variables):

  -from=<address>     Address of Nomad's API. NOMAD_ADDR, and then
                      http://127.0.0.1:4646
  -token=<secret>     It needs read-job and list-jobs. NOMAD_TOKEN, but where
                      -from names another place than NOMAD_ADDR
  -namespace=<ns>     Only this one. NOMAD_NAMESPACE; default: all ("*")
  -config=<file>      BridgeConfig to judge by. Default: Nomad's own defaults
  -format=<format>    text, json or markdown. Default: text
  -stopped            Stopped jobs too
  -region, -ca-cert, -ca-path, -client-cert, -client-key, -tls-server-name and
  -tls-skip-verify are those of nomad-bridge alloc exec.

Children of periodic and parameterized jobs are counted, and not graded.

Exit codes: 0, every job is graded; 1, one could not be read; 2, none could.

Examples:

  What is left to do, for a person:

    $ nomad-bridge assess -from=https://nomad.example:4646

  The jobs that would lose something, for a script:

    $ nomad-bridge assess -format=json | jq -r '.jobs[] | select(.grade == "lost") | .id'

  By the profiles that the cluster will have:

    $ nomad-bridge assess -config=bridge-config.yaml -format=markdown > assessment.md
`;

const FORMATS = ["text", "json", "markdown"] as const;
export type AssessFormat = (typeof FORMATS)[number];

export const ASSESS_FLAGS = { ...GENERAL_FLAGS, from: "string", config: "string", format: "string", stopped: "bool" } as const satisfies FlagTable;

export type AssessOptions = {
  readonly settings: Settings;
  /** "*" is all. */
  readonly namespace: string;
  readonly config: string | undefined;
  readonly format: AssessFormat;
  readonly stopped: boolean;
};

export function readAssessOptions(argv: readonly string[], env: Env): Result<AssessOptions, FlagFailure> {
  const parsed = parseMixedFlags(ASSESS_FLAGS, argv);
  if (!parsed.ok) return parsed;
  const { flags, args } = parsed.value;
  if (args.length > 0) return invalid(`"${args[0]}" is no option; the address of Nomad goes into -from=<address>`);
  const format = FORMATS.find((each) => each === (flags.format ?? "text"));
  if (format === undefined) return invalid(`-format is "${flags.format}"; it must be one of ${FORMATS.join(", ")}`);
  if (flags.config === "") return invalid("-config is empty; leave it out or give it a value");
  const { from, config, stopped } = flags;
  const settings = settingsFrom({ ...flags, ...(from === undefined ? {} : { address: from }) }, sourceEnv(from, env));
  if (!settings.ok) return invalid(settings.error);
  return ok({ settings: settings.value, namespace: settings.value.namespace || "*", config, format, stopped: stopped === true });
}

const invalid = (message: string): Result<never, FlagFailure> => err({ kind: "invalid", message });
