/** @module How each field of one task is mapped, and what of it the task can see. A field without a rule does not compile. Used by findings.ts. */
import type { ArtifactSpec, TaskSpec, TemplateSpec } from "../api/task-fields.ts";
import { durationMs } from "../lib/duration.ts";
import { effectiveCapabilities, LINUX_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import { clipped, type Note, noteIf, type Rule, type RuleContext } from "./finding-rule.ts";
import { hasUrlSecret, isBeneath, literalSecrets, missingFunctions, missingVariable, SECRET_HEADER, SECRET_OPTION, taskPath } from "./task-texts.ts";

export const TASK_RULES = {
  command: {
    nomad: "config.command",
    level: "same",
    how: "searched by the launcher in Nomad's order, made executable, run without a shell; interpolated, and an unknown variable fails the task",
    notes: (spec) => failingVariable([spec.command], spec),
  },
  args: {
    nomad: "config.args",
    level: "same",
    how: "interpolated by the launcher as Nomad's driver config is; an unknown variable fails the task",
    notes: (spec) => failingVariable(spec.args, spec),
  },
  env: {
    nomad: "env",
    level: "same",
    how: "beside Nomad's own variables, over which it wins; interpolated, and an unknown variable stays as it is written",
    notes: (spec) => [...keptVariable(Object.values(spec.env), spec), ...literalSecrets(spec.env).map(secretNote)],
  },
  user: {
    nomad: "user",
    level: "same",
    how: "resolved by the launcher in the profile's table, then in the chroot's passwd; gid 0 as on Nomad 1.11; root has 13 capabilities and capAdd, on Nomad all of them",
    notes: rootNotes,
  },
  capAdd: {
    nomad: "config.cap_add",
    level: "same",
    how: "Nomad's set arithmetic; raised to ambient by the launcher, so that they hold for every user",
    notes: nodeLevelNotes,
  },
  capDrop: { nomad: "config.cap_drop", level: "same", how: "Nomad's set arithmetic" },
  workDir: {
    nomad: "config.work_dir",
    level: "same",
    how: "interpolated; the launcher changes directory, for the task and for exec sessions",
    notes: (spec) => failingVariable([spec.workDir], spec),
  },
  artifacts: {
    nomad: "artifact",
    level: "equivalent",
    how: "fetched by an init container as the task's user, after the prestart tasks and before all others; on Nomad just before the task. hg:: and gcs:: cannot be fetched",
    notes: artifactNotes,
  },
  artifactSource: {
    nomad: "config.artifact_source",
    level: "same",
    how: "one artifact in mode file, made executable, at local/<name>; bare $NAME is interpolated in command and args, as then",
    notes: (spec) => noteIf(hasUrlSecret(spec.artifactSource ?? ""), `carries a secret in its URL: use artifacts with credentials`, { level: "weaker" }),
  },
  checksum: { nomad: "config.checksum", level: "same", how: "checked as the artifact's checksum option; refused without an artifactSource" },
  templates: {
    nomad: "template",
    level: "weaker",
    how: "rendered by the launcher before the task starts and while it runs; functions that read Consul, Vault or Nomad's variables do not exist; no change_mode script",
    notes: (spec, context) => spec.templates.flatMap((template, i) => templateNotes(template, `[${i}]`, context)),
  },
  volumeMounts: {
    nomad: "volume_mount",
    level: "equivalent",
    how: "a mount of the group's volume; propagation host-to-task as on Nomad, bidirectional is refused, as the container would have to be privileged, and so is a place inside a read-only directory of the node, below /alloc, /local or /tmp, or below another mount, where a link of the task's could lead the mount elsewhere",
  },
  dispatchPayload: { nomad: "dispatch_payload", level: "equivalent", how: "read from a Secret, 16 KiB at most, and written below local/ before the task starts" },
  resources: {
    nomad: "resources",
    level: "equivalent",
    how: "cpu as a request without a limit, memory as request and memoryMax or memory as limit, cores as whole CPUs; /secrets has the size of secrets",
    notes: resourceNotes,
  },
  meta: { nomad: "meta", level: "same", how: "NOMAD_META_<key> in both spellings; interpolated" },
  logs: { nomad: "logs", level: "same", how: "rotated under /alloc/logs by the launcher, and on the container's streams for kubectl logs" },
  killSignal: {
    nomad: "kill_signal",
    level: "equivalent",
    how: "sent by the launcher when Kubernetes asks the pod to stop; the task is not process 1, so a signal without a handler acts at once",
    notes: (spec, { group, profile }) =>
      noteIf(
        spec.killSignal !== "SIGKILL" && (group.pidMode ?? profile.defaultPidMode) === "private" && group.driver === "exec",
        `the task is not process 1 here: ${spec.killSignal} ends it at once where it has no handler; on Nomad it would go on until killTimeout`,
      ),
  },
  killTimeout: {
    nomad: "kill_timeout",
    level: "same",
    how: "then SIGKILL, by the launcher; at most the profile's maxKillTimeout",
    notes: (spec, { profile }) =>
      noteIf(
        durationMs(spec.killTimeout) > durationMs(profile.maxKillTimeout),
        `is ${profile.maxKillTimeout} at most under profile "${profile.name}": ${spec.killTimeout} is cut to that`,
      ),
  },
  shutdownDelay: {
    nomad: "shutdown_delay",
    level: "equivalent",
    how: "the launcher waits so long between the pod's leaving Kubernetes' services and the kill signal; there are no Nomad or Consul services to leave",
  },
  restart: {
    nomad: "restart",
    level: "equivalent",
    how: "counted by the launcher, container started again by kubelet, whose own back-off counts where it is longer than delay",
    notes: restartNotes,
  },
  leader: { nomad: "leader", level: "same", how: "when it ends, the launchers of the group stop the other tasks" },
} as const satisfies Record<keyof TaskSpec, Rule<TaskSpec>>;

function failingVariable(texts: readonly string[], { env }: TaskSpec): readonly Note[] {
  const missing = missingVariable(texts, env);
  return missing === undefined ? [] : [{ level: "lost", message: `\${${clipped(missing.name)}} has no value here, and the task fails at its start: ${missing.why}` }];
}

function keptVariable(texts: readonly string[], { env }: TaskSpec): readonly Note[] {
  const missing = missingVariable(texts, env);
  return missing === undefined ? [] : [{ level: "lost", message: `\${${clipped(missing.name)}} has no value here and reaches the task as it is written: ${missing.why}` }];
}

const secretNote = (name: string): Note => ({
  level: "weaker",
  at: `.${name}`,
  message:
    "looks like a secret, and whoever may read this object or its pod can read it; keep it in a Secret: dispatchPayload writes one to a file, and a template with env: true makes variables of a file",
});

function rootNotes({ user, capAdd, capDrop }: TaskSpec, { group, profile }: RuleContext): readonly Note[] {
  if ((user !== "root" && !/^0+$/.test(user)) || group.driver === "raw_exec") return [];
  const effective = effectiveCapabilities({ capAdd, capDrop, allowCaps: profile.allowCaps });
  const count = effective.ok ? effective.value.length : 0;
  return [{ level: "weaker", message: `root keeps ${count} of its ${LINUX_CAPABILITIES.length} capabilities here, on Nomad all: what is missing must be in the profile's allowCaps and in capAdd` }];
}

/** With one of these a process gets out of its container; the bridge then asks for more (access/node-level.ts). */
const NODE_CAPABILITIES: ReadonlySet<string> = new Set(["sys_admin", "dac_read_search", "sys_module", "sys_rawio", "sys_boot", "bpf", "mac_admin"]);

function nodeLevelNotes({ capAdd, capDrop }: TaskSpec, { profile }: RuleContext): readonly Note[] {
  const effective = effectiveCapabilities({ capAdd, capDrop, allowCaps: profile.allowCaps });
  const leadOut = effective.ok ? effective.value.filter((name) => NODE_CAPABILITIES.has(name)) : [];
  return noteIf(leadOut.length > 0, `alloc exec into this task needs alloc-node-exec too: ${leadOut.join(", ")} can lead out of its container`, { level: "equivalent" });
}

function artifactNotes(spec: TaskSpec, context: RuleContext): readonly Note[] {
  if (spec.artifacts.length === 0) return [];
  const when = context.group.tasks.length === 0 ? "" : ", together with what the group's other tasks fetch and not just before the task";
  return [
    { message: `fetched by an init container${when}; the files belong to the task's user, on Nomad only with chown` },
    ...spec.artifacts.flatMap((artifact, i) => oneArtifactNotes(artifact, `[${i}]`, context)),
    ...keptVariable(spec.artifacts.flatMap(({ source, destination, options, headers }) => [source, destination, ...Object.values(options), ...Object.values(headers)]), spec),
  ];
}

function oneArtifactNotes({ source, destination, headers, options }: ArtifactSpec, at: string, context: RuleContext): readonly Note[] {
  const getter = /^(hg|gcs)::/.exec(source)?.[1];
  const secret = hasUrlSecret(source) || Object.keys(headers).some((name) => SECRET_HEADER.test(name)) || Object.keys(options).some((name) => SECRET_OPTION.test(name));
  return [
    ...noteIf(getter !== undefined, `${getter ?? ""}:: sources cannot be fetched here: serve the file over https, or use git:: or s3::`, { level: "lost", at: `${at}.source` }),
    ...noteIf(secret, "carries a secret that whoever may read this object can read: keep it in a Secret, and name that in credentials", { level: "weaker", at }),
    ...writableNotes(destination, `${at}.destination`, context),
  ];
}

function templateNotes(template: TemplateSpec, at: string, context: RuleContext): readonly Note[] {
  return [
    ...missingFunctions(template).map(({ name, why }): Note => ({ level: "lost", at, message: `the function ${name} does not exist here, and the task fails at its start: ${why}` })),
    ...writableNotes(template.destination, `${at}.destination`, context),
  ];
}

const WRITABLE = ["/alloc", "/local", "/secrets", "/tmp"];

/** Only an image's root can be written to, and of a copy what was copied. */
function writableNotes(destination: string, at: string, { group, profile }: RuleContext): readonly Note[] {
  const { type, directories } = profile.chroot;
  if (group.driver === "raw_exec" || type === "image") return [];
  const copied = type === "hostCopy" ? directories.map(({ host, task = host }) => task) : [];
  const path = taskPath(destination);
  const fails = ![...WRITABLE, ...copied].some((directory) => isBeneath(path, directory));
  return noteIf(fails, `${clipped(path)} cannot be written, as / is read-only: use a destination below local/, secrets/ or ../alloc/`, { level: "lost", at });
}

function resourceNotes({ resources }: TaskSpec): readonly Note[] {
  return [
    ...noteIf(resources.cores !== undefined, "the cores are the task's own only on nodes whose kubelet has the static CPU manager; on others NOMAD_CPU_CORES lists all that it shares", {
      level: "weaker",
      at: ".cores",
    }),
    ...noteIf(resources.secrets > 1, "what lies in /secrets counts as the task's memory", { at: ".secrets" }),
  ];
}

/** Seconds that kubelet lets pass before each restart of a container that ended at once: measured. It adds no more than 300. */
const KUBELET_GAPS = [0.8, 14, 24, 43, 82, 161] as const;
const LONGEST_GAP = 300;
/** Kubelet forgets its back-off after a container has run so long; the launcher that waits for the next interval counts as running. */
const BACK_OFF_RESET_MS = 600_000;

function restartNotes({ restart }: TaskSpec): readonly Note[] {
  const delay = durationMs(restart.delay) / 1000;
  const endless = restart.mode === "delay" && durationMs(restart.interval) < BACK_OFF_RESET_MS;
  const gaps = endless || restart.attempts > KUBELET_GAPS.length ? [...KUBELET_GAPS, LONGEST_GAP] : KUBELET_GAPS.slice(0, restart.attempts);
  const longer = gaps.findIndex((gap) => gap > delay);
  const longest = gaps.at(-1) ?? 0;
  return noteIf(
    longer >= 0,
    `kubelet waits up to ${longest} s between restarts of a task that ends quickly: longer than the delay of ${restart.delay} from restart ${longer + 1} on`,
  );
}
