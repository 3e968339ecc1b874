/** @module The launchers' documents of one allocation, one for each task of the group. Used by acceptTask for their size, and by podForTask. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { Profile } from "../api/bridge-config.ts";
import type { TaskSpec, TemplateSpec } from "../api/task-fields.ts";
import { type DocumentTemplate, type FetchLimits, type LauncherDocument, MAX_DOCUMENT_BYTES } from "../contract/launcher-document.ts";
import { documentAnnotation } from "../contract/pod-metadata.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { AcceptedGroup, AcceptedMember } from "./accepted-task.ts";
import { documentArtifacts } from "./artifacts.ts";
import { documentLifecycle, isStartedAgain } from "./group-tasks.ts";
import { documentPorts, isOnHost, podPorts } from "./job/pod-network.ts";
import type { Refusal } from "./refusal.ts";
import { killTimeoutMs, milliseconds } from "./stop-times.ts";
import { isRootAllowed } from "./task-checks.ts";
import { taskEnvironment } from "./task-environment.ts";
import { mountDestinations } from "./volumes.ts";

export type DocumentPlace = {
  readonly index: number;
  /** What `fetch` never reaches: the API server's addresses, of api-server.ts. */
  readonly denyNetworks: readonly string[];
};

/** Annotations by name, JSON each. The only error is a group whose documents are too large together. */
export function launcherDocuments(accepted: AcceptedGroup, place: DocumentPlace): Result<Readonly<Record<string, string>>, Refusal> {
  const documents = accepted.tasks.map((task) => [documentAnnotation(task.container, task.position), JSON.stringify(launcherDocument(accepted, task, place))] as const);
  const bytes = documents.reduce((sum, [, text]) => sum + new TextEncoder().encode(text).length, 0);
  if (bytes <= MAX_DOCUMENT_BYTES) return ok(Object.fromEntries(documents));
  const what = accepted.tasks.length === 1 ? "command, args, env, meta, artifacts and templates" : `what the ${accepted.tasks.length} tasks say`;
  return err({ reason: "TaskTooLarge", message: `${what} together are ${bytes} bytes, more than the ${MAX_DOCUMENT_BYTES} that fit; move large values into a file` });
}

function launcherDocument(accepted: AcceptedGroup, task: AcceptedMember, { index, denyNetworks }: DocumentPlace): LauncherDocument {
  const { profile, config, source } = accepted;
  const { driver } = accepted.spec;
  const { spec } = task;
  const ports = documentPorts(podPorts(accepted, index), task.name, isOnHost(accepted));
  const identity = { ...source, task: task.name, region: config.region, datacenter: config.datacenter, index, mhzPerCore: profile.mhzPerCore };
  return {
    version: 1,
    task: task.name,
    driver,
    command: spec.command,
    args: spec.args,
    workDir: spec.workDir === "" ? "/" : spec.workDir,
    env: taskEnvironment(spec, identity),
    taskEnv: spec.env,
    nodeValues: task.nodeValues,
    bareVariables: spec.artifactSource !== undefined,
    ...(source.terms === undefined ? {} : { unescaped: true as const }),
    ...(ports.length > 0 ? { ports } : {}),
    ...userFields(spec, driver, profile),
    capabilities: task.capabilities.map((name) => `CAP_${name.toUpperCase()}`),
    mounts: mountDestinations(spec),
    artifacts: documentArtifacts(spec),
    fetch: fetchLimits(profile.artifacts, denyNetworks),
    templates: spec.templates.map(documentTemplate),
    payloadFile: spec.dispatchPayload?.file ?? "",
    logs: { maxFiles: spec.logs.maxFiles, maxFileBytes: spec.logs.maxFileSize * BYTES_PER_MB, disabled: spec.logs.disabled },
    killSignal: spec.killSignal,
    killTimeoutMs: killTimeoutMs(spec, profile),
    shutdownDelayMs: milliseconds(spec.shutdownDelay),
    restartOnSuccess: isStartedAgain(task, source.jobType),
    restart: restartPolicy(spec.restart),
    lifecycle: documentLifecycle(task, accepted.tasks),
  };
}

function userFields({ user }: TaskSpec, driver: ExecTaskSpec["driver"], profile: Profile): Pick<LauncherDocument, "user" | "users" | "deniedUids" | "deniedGids" | "allowRoot"> {
  return {
    user,
    users: Object.fromEntries(Object.entries(profile.users).map(([name, { uid, gid, home }]) => [name, { uid, gid, ...(home === undefined ? {} : { home }) }])),
    deniedUids: profile.deniedHostUids,
    deniedGids: profile.deniedHostGids,
    allowRoot: isRootAllowed(driver, profile),
  };
}

/** Nomad counts log sizes and artifact limits in units of 1024 * 1024 bytes. */
const BYTES_PER_MB = 1024 * 1024;

const fetchLimits = ({ maxSizeMiB, maxFiles, maxRatio, timeout, allowNetworks }: Profile["artifacts"], denyNetworks: readonly string[]): FetchLimits => ({
  maxBytes: maxSizeMiB * BYTES_PER_MB,
  maxFiles,
  maxRatio,
  timeoutMs: milliseconds(timeout),
  allowNetworks,
  denyNetworks,
});

const restartPolicy = ({ attempts, interval, delay, mode, renderTemplates }: TaskSpec["restart"]): LauncherDocument["restart"] => ({
  attempts,
  intervalMs: milliseconds(interval),
  delayMs: milliseconds(delay),
  mode,
  renderTemplates,
});

const documentTemplate = (template: TemplateSpec): DocumentTemplate => ({
  data: template.data ?? "",
  source: template.source ?? "",
  destination: template.destination,
  changeMode: template.changeMode,
  changeSignal: template.changeMode === "signal" ? (template.changeSignal ?? "") : "",
  once: template.once,
  splayMs: milliseconds(template.splay),
  perms: template.perms,
  uid: template.uid ?? 0,
  gid: template.gid ?? 0,
  leftDelimiter: template.leftDelimiter,
  rightDelimiter: template.rightDelimiter,
  env: template.env,
  errMissingKey: template.errMissingKey,
});
