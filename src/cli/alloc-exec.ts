/**
 * @module The command alloc exec, in the place of Nomad's own: same options, same checks in the same order, same texts.
 * Source: developer.hashicorp.com/nomad/commands/alloc/exec
 */
import { err, ok, type Result } from "../lib/result.ts";
import { ALLOC_EXEC_HELP } from "./alloc-exec-help.ts";
import { allocationByPrefix, allocationOfJob, taskOf, type ResolveDeps } from "./allocation.ts";
import { createClient, type NomadClient } from "./client.ts";
import type { CommandIo } from "./command-io.ts";
import { runSession, type SessionEnd } from "./exec-session.ts";
import { parseGoFlags, type FlagTable } from "./go-flags.ts";
import { GENERAL_FLAGS, settingsFrom, wantsColor, type GeneralFlags } from "./settings.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const FLAGS = { ...GENERAL_FLAGS, task: "string", job: "bool", group: "string", i: "bool", t: "bool", e: "string" } as const satisfies FlagTable;
const CLUSTERS = { it: ["i", "t"], ti: ["t", "i"] };

export type ExecOptions = {
  readonly general: GeneralFlags;
  /** Prefix of an allocation ID, or of a job ID with `byJob`. */
  readonly target: string;
  readonly command: readonly string[];
  readonly byJob: boolean;
  readonly group: string;
  readonly task: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** One byte, or undefined for none. */
  readonly escape: number | undefined;
};
export type OptionsFailure = { readonly kind: "help" } | { readonly kind: "flags" | "usage"; readonly message: string };
type Target = { readonly id: string; readonly task: string };

const FAILURE = 1;
/** What a shell shows for a program that a broken pipe ended: 128 + SIGPIPE. */
const BROKEN_PIPE = 141;
const HELP_HINT = "For additional help try 'nomad-bridge alloc exec -help'";

/** Runs the whole command. @returns the exit code for the process, 0 to 255 */
export async function allocExec(io: CommandIo, argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, io.isTerminal(0) && io.isTerminal(1));
  if (!options.ok) return refuse(io, options.error);
  const show = errorPrinter(io, options.value.general);
  const settings = settingsFrom(options.value.general, io.env);
  const client = settings.ok ? createClient(settings.value) : settings;
  if (!client.ok) return show(`Error initializing client: ${client.error}`);
  const deps = { client: client.value, now: io.now, random: io.random };
  const namespace = settings.ok ? settings.value.namespace : "";
  const target = await findTarget(deps, options.value, namespace);
  if (!target.ok) return show(target.error);
  const end = await execute(io, client.value, options.value, target.value);
  return exitCode(io, end, show);
}

/** The options, or the first thing wrong with them in the order of Nomad's own checks. @param defaultTty what -t is without the flag */
export function readOptions(argv: readonly string[], defaultTty: boolean): Result<ExecOptions, OptionsFailure> {
  const parsed = parseGoFlags(FLAGS, argv, CLUSTERS);
  if (!parsed.ok) return err(parsed.error.kind === "help" ? parsed.error : { kind: "flags", message: parsed.error.message });
  const { flags, args } = parsed.value;
  const { job: byJob = false, i: stdin = true, t: tty = defaultTty, e: escape = "~" } = flags;
  const [target, ...command] = args;
  const usage = (message: string): Result<never, OptionsFailure> => err({ kind: "usage", message });
  if (target === undefined) return usage(byJob ? "A job ID is required" : "An allocation ID is required");
  if (!byJob && target.length === 1) return usage("Alloc ID must contain at least two characters");
  if (command.length === 0) return usage("A command is required");
  if (tty && !stdin) return usage("-i must be enabled if running with tty");
  if (escape !== "none" && Buffer.byteLength(escape) > 1) return usage("-e requires 'none' or a single character");
  return ok({
    general: flags,
    target,
    command,
    byJob,
    group: flags.group ?? "",
    task: flags.task ?? "",
    stdin,
    tty,
    escape: escape === "none" ? undefined : Buffer.from(escape)[0],
  });
}

/** Nomad prints its help on stdout, after the error if there is one. */
function refuse(io: CommandIo, failure: OptionsFailure): number {
  if (failure.kind === "help") {
    io.stdout.write(ALLOC_EXEC_HELP);
    return 0;
  }
  io.stderr.write(`${failure.message}\n`);
  if (failure.kind === "flags") io.stdout.write(ALLOC_EXEC_HELP);
  else io.stderr.write(`${HELP_HINT}\n`);
  return FAILURE;
}

type Show = (message: string) => typeof FAILURE;

/** Prints an error, red where colour is wanted, and gives the exit code of failure. */
function errorPrinter(io: CommandIo, flags: GeneralFlags): Show {
  const color = wantsColor(flags, io.env, io.isTerminal(2));
  return (message) => {
    io.stderr.write(color ? `\u001B[31m${message}\u001B[0m\n` : `${message}\n`);
    return FAILURE;
  };
}

async function findTarget(deps: ResolveDeps, options: ExecOptions, namespace: string): Promise<Result<Target, string>> {
  const found = options.byJob
    ? await allocationOfJob(deps, { job: options.target, group: options.group, namespace })
    : await allocationByPrefix(deps, options.target);
  if (!found.ok) return found;
  const task = taskOf(found.value, options.task);
  return task.ok ? ok({ id: found.value.id, task: task.value }) : task;
}

async function execute(io: CommandIo, client: NomadClient, options: ExecOptions, target: Target): Promise<SessionEnd> {
  const terminal = options.tty ? openTerminal(io.stdin(), io.stdout) : ok<Terminal | undefined>(undefined);
  if (!terminal.ok) return { kind: "failed", message: terminal.error };
  const signal = io.termination();
  const query = { command: JSON.stringify(options.command), task: target.task, tty: String(options.tty) };
  const socket = await client.openSocket(`/v1/client/allocation/${encodeURIComponent(target.id)}/exec`, query, signal);
  if (!socket.ok) return { kind: "failed", message: socket.error };
  const input = { stdin: options.stdin ? io.stdin() : undefined, escape: options.tty ? options.escape : undefined };
  return await runSession(socket.value, { input, outputs: io, terminal: terminal.value }, signal);
}

function exitCode(io: CommandIo, end: SessionEnd, show: Show): number {
  switch (end.kind) {
    case "exited":
      return wrapped(end.code);
    case "escaped":
      io.stderr.write("\nConnection closed\n");
      return FAILURE;
    case "output-closed":
      return BROKEN_PIPE;
    case "failed":
      return show(`failed to exec into task: ${end.message}`);
  }
}

/** Nomad's negative codes for "unknown" wrap as in any process, but nothing may wrap into success. */
function wrapped(code: number): number {
  const byte = code & 0xff;
  return byte === 0 && code !== 0 ? FAILURE : byte;
}
