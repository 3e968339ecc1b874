/** @module One task of a group as Nomad's job JSON has it. Used by nomad-job.ts. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { ArtifactSpec, GroupTask, TaskSpec, TemplateSpec } from "../api/task-fields.ts";
import { durationMs } from "../lib/duration.ts";
import type { Resources, RestartPolicy, Task, TaskArtifact, Template } from "../nomad/job.ts";

const NS_PER_MS = 1_000_000;

const nanoseconds = (text: string): number => Math.round(durationMs(text) * NS_PER_MS);

export type TaskSource = {
  readonly name: string;
  readonly spec: TaskSpec;
  readonly lifecycle?: GroupTask["lifecycle"] | undefined;
  /** What holds for every task of the group. */
  readonly group: ExecTaskSpec;
  readonly resources: Resources;
};

export function nomadTask({ name, spec, lifecycle, group, resources }: TaskSource): Task {
  return {
    Name: name,
    Driver: group.driver,
    User: spec.user,
    Lifecycle: lifecycle === undefined ? null : { Hook: lifecycle.hook, Sidecar: lifecycle.sidecar },
    Config: driverConfig(spec, group),
    Env: spec.env,
    Meta: spec.meta,
    Resources: resources,
    RestartPolicy: restartPolicy(spec.restart),
    Artifacts: spec.artifacts.map(nomadArtifact),
    Templates: spec.templates.map(nomadTemplate),
    VolumeMounts: spec.volumeMounts.map(({ volume, destination, readOnly, propagationMode }) => ({
      Volume: volume,
      Destination: destination,
      ReadOnly: readOnly,
      PropagationMode: propagationMode,
      SELinuxLabel: "",
    })),
    DispatchPayload: spec.dispatchPayload === undefined ? null : { File: spec.dispatchPayload.file },
    KillTimeout: nanoseconds(spec.killTimeout),
    KillSignal: spec.killSignal,
    ShutdownDelay: nanoseconds(spec.shutdownDelay),
    LogConfig: { MaxFiles: spec.logs.maxFiles, MaxFileSizeMB: spec.logs.maxFileSize, Disabled: spec.logs.disabled },
    Leader: spec.leader,
    ...NOT_IN_A_TASK,
  };
}

/** What a task of Nomad may have and one of an ExecTask has not. */
const NOT_IN_A_TASK = {
  Constraints: [],
  Affinities: [],
  Services: [],
  Vault: null,
  Consul: null,
  CSIPluginConfig: null,
  Kind: "",
  ScalingPolicies: [],
  Secrets: [],
  Identity: null,
  Identities: [],
  Actions: [],
  Schedule: null,
} as const satisfies Partial<Task>;

export const restartPolicy = ({ attempts, interval, delay, mode, renderTemplates }: TaskSpec["restart"]): RestartPolicy => ({
  Attempts: attempts,
  Interval: nanoseconds(interval),
  Delay: nanoseconds(delay),
  Mode: mode,
  RenderTemplates: renderTemplates,
});

/** Under the driver's own keys, and only what the task says itself. */
function driverConfig(spec: TaskSpec, { pidMode, ipcMode }: ExecTaskSpec): Record<string, unknown> {
  return {
    command: spec.command,
    args: spec.args,
    ...(spec.artifactSource === undefined ? {} : { artifact_source: spec.artifactSource }),
    ...(spec.checksum === undefined ? {} : { checksum: spec.checksum }),
    ...(spec.capAdd.length > 0 ? { cap_add: spec.capAdd } : {}),
    ...(spec.capDrop.length > 0 ? { cap_drop: spec.capDrop } : {}),
    ...(pidMode === undefined ? {} : { pid_mode: pidMode }),
    ...(ipcMode === undefined ? {} : { ipc_mode: ipcMode }),
    ...(spec.workDir === "" ? {} : { work_dir: spec.workDir }),
  };
}

const nomadArtifact = (artifact: ArtifactSpec): TaskArtifact => ({
  GetterSource: artifact.source,
  GetterOptions: artifact.options,
  GetterHeaders: artifact.headers,
  GetterMode: artifact.mode,
  GetterInsecure: artifact.insecure,
  RelativeDest: artifact.destination,
  Chown: artifact.chown,
});

const nomadTemplate = (template: TemplateSpec): Template => ({
  SourcePath: template.source ?? "",
  DestPath: template.destination,
  EmbeddedTmpl: template.data ?? "",
  ChangeMode: template.changeMode,
  ChangeScript: null,
  ChangeSignal: template.changeSignal ?? "",
  Splay: nanoseconds(template.splay),
  Perms: template.perms,
  Uid: template.uid ?? null,
  Gid: template.gid ?? null,
  LeftDelim: template.leftDelimiter,
  RightDelim: template.rightDelimiter,
  Envvars: template.env,
  Once: template.once,
  VaultGrace: 0,
  Wait: null,
  ErrMissingKey: template.errMissingKey,
});
