/** @module `nomad-bridge server`: controller and bridge in one process, for development and for a cluster of one's own. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import pino from "pino";
import { systemClock } from "../kubernetes/clock.ts";
import { clusterAccess } from "../kubernetes/credentials.ts";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { createLogLines } from "../bridge/monitor/log-lines.ts";
import { openAuditFile } from "./audit-file.ts";
import { startBridge } from "./bridge.ts";
import { runController } from "./controller.ts";
import { cachedObjects } from "./memory/cached-objects.ts";
import { giveBackMemory, lastResortCollection } from "./memory/give-back.ts";
import { identityAccess } from "./identity.ts";
import { SERVER_HELP, SERVER_OPTIONS } from "./server-help.ts";

const REQUIRED = ["kubeconfig", "controller-token", "bridge-token", "launcher-image", "fetch-image", "tls-cert", "tls-key"] as const;

type Settings = Readonly<Record<(typeof REQUIRED)[number], string>> & {
  readonly host: string;
  readonly port: number;
  readonly clientCa: string | undefined;
  readonly auditLog: string;
  readonly aclEnabled: boolean;
};

/** Resolves with the exit code when the server has stopped. */
export async function server(argv: readonly string[]): Promise<number> {
  const settings = readSettings(argv);
  if (!settings.ok) {
    if (settings.error === SERVER_HELP) {
      process.stdout.write(SERVER_HELP);
      return 0;
    }
    process.stderr.write(`nomad-bridge server: ${settings.error}\n\n${SERVER_HELP}`);
    return 1;
  }
  return serve(settings.value);
}

function readSettings(argv: readonly string[]): Result<Settings, string> {
  const values = parse(argv);
  if (!values.ok) return values;
  if (values.value.help) return err(SERVER_HELP);
  const missing = REQUIRED.filter((name) => values.value[name] === undefined);
  if (missing.length > 0) return err(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(values.value.listen) ?? [];
  if (host === undefined || Number(port) > 65_535) return err(`--listen is "${values.value.listen}"; write it as 127.0.0.1:4646`);
  const required = Object.fromEntries(REQUIRED.map((name) => [name, values.value[name] ?? ""])) as Record<(typeof REQUIRED)[number], string>;
  return ok({
    ...required,
    host,
    port: Number(port),
    clientCa: values.value["tls-client-ca"],
    auditLog: values.value["audit-log"],
    aclEnabled: !values.value["no-acl"],
  });
}

function parse(argv: readonly string[]) {
  try {
    return ok(parseArgs({ args: [...argv], options: SERVER_OPTIONS, strict: true }).values);
  } catch (error) {
    return err(messageOf(error));
  }
}

async function serve(settings: Settings): Promise<number> {
  const clock = systemClock;
  const logLines = createLogLines();
  const log = pino({ redact: ["token", "secret", "SecretID"] }, pino.multistream([{ stream: pino.destination(1) }, { stream: logLines }]));
  const cluster = await clusterAccess(settings.kubeconfig, process.env);
  if (!cluster.ok) return refuse(cluster.error);
  const stop = stopOnSignals();
  const audit = openAuditFile(settings.auditLog);
  const pool = cachedObjects();
  const controller = runController({
    pool,
    access: identityAccess(cluster.value, "controller", settings["controller-token"], clock),
    images: { launcher: settings["launcher-image"], fetch: settings["fetch-image"] },
    log,
    clock,
    signal: stop.signal,
  });
  const bridge = await startBridge({
    pool,
    access: identityAccess(cluster.value, "bridge", settings["bridge-token"], clock),
    tls: {
      cert: readFileSync(settings["tls-cert"], "utf8"),
      key: readFileSync(settings["tls-key"], "utf8"),
      ...(settings.clientCa === undefined ? {} : { clientCa: readFileSync(settings.clientCa, "utf8") }),
    },
    host: settings.host,
    port: settings.port,
    aclEnabled: settings.aclEnabled,
    audit,
    log,
    logLines,
    clock,
    signal: stop.signal,
  });
  log.info({ address: `${settings.host}:${bridge.port}` }, "serving");
  void giveBackMemory({ clock, signal: stop.signal, resident: () => process.memoryUsage.rss(), collect: lastResortCollection, log });
  await Promise.all([bridge.over, controller]);
  audit.close();
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`nomad-bridge server: ${message}\n`);
  return 1;
}

function stopOnSignals(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort(signal));
  return controller;
}
