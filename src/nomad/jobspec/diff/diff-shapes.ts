/**
 * @module What Nomad's plan shows of each struct of a job: which fields, which parts, under which names and in which order. Used by diff-objects.ts.
 * Source: plans of a Nomad 1.11.2 agent, field by field. Spreads, a job's own policies, a task's lifecycle and restart policy, and task networks'
 * bandwidth are not shown by Nomad either.
 */

export type Part = {
  /** The field of the struct. */
  readonly field: string;
  /** What the object is called. */
  readonly name: string;
  readonly shape: Shape;
  /**
   * `one`: a struct. `set`: a list whose items are equal or not, so that a change takes one away and adds one. `paired`: a list whose items are the
   * same by `key`, and those that are left over by their order. `keyed`: by `key` alone. `texts`: a list of texts. `free`: any form, a field for each
   * leaf. `map`: structs by name.
   */
  readonly kind: "one" | "set" | "paired" | "keyed" | "texts" | "free" | "map";
  readonly key?: string;
  /** Whether what has not changed is shown beside what has; default: yes. */
  readonly context?: boolean;
};

export type Shape = {
  /** "Field", or "Field:Name" where it is shown under another one. A map of texts is shown as `Field[key]`. */
  readonly fields: readonly string[];
  readonly parts?: readonly Part[];
};

const NOTHING: Shape = { fields: [] };

const shape = (fields: string, parts: readonly Part[] = []): Shape => ({ fields: fields.split(" "), parts });
const one = (field: string, of: Shape, name = field): Part => ({ field, name, shape: of, kind: "one" });
const set = (field: string, name: string, of: Shape): Part => ({ field, name, shape: of, kind: "set" });
const paired = (field: string, name: string, of: Shape, key = "Name"): Part => ({ field, name, shape: of, kind: "paired", key });
const keyed = (field: string, name: string, of: Shape, key = "Name"): Part => ({ field, name, shape: of, kind: "keyed", key });
const texts = (field: string): Part => ({ field, name: field, shape: NOTHING, kind: "texts" });
const free = (field: string, name = field): Part => ({ field, name, shape: NOTHING, kind: "free" });
const withoutContext = (part: Part): Part => ({ ...part, context: false });

const CONSTRAINT = shape("LTarget Operand RTarget");
const AFFINITY = shape("LTarget Operand RTarget Weight");
const CONSUL = shape("Cluster Namespace Partition");
const IDENTITY = shape("ChangeMode ChangeSignal Env File Filepath Name ServiceName TTL", [texts("Audience"), texts("ExtraClaims")]);

const CHECK = shape(
  "AddressMode Body Command Expose FailuresBeforeCritical FailuresBeforeWarning GRPCService GRPCUseTLS InitialStatus Interval Method Name Notes OnUpdate Path PortLabel Protocol SuccessBeforePassing TLSServerName TLSSkipVerify TaskName Timeout Type",
  [texts("Args"), free("Header"), one("CheckRestart", shape("Grace IgnoreWarnings Limit"))],
);

const SERVICE = shape("Address AddressMode CanaryMeta Cluster EnableTagOverride Kind Meta Name Namespace OnUpdate PortLabel Provider TaggedAddresses TaskName", [
  texts("CanaryTags"),
  texts("Tags"),
  keyed("Checks", "Check", CHECK),
  free("Connect", "ConsulConnect"),
  one("Identity", IDENTITY),
  one("Weights", shape("Passing Warning")),
]);

const NETWORK = shape("Hostname Mode", [
  set("ReservedPorts", "Static Port", shape("HostNetwork IgnoreCollision Label To Value")),
  set("DynamicPorts", "Dynamic Port", shape("HostNetwork Label To")),
  one("DNS", shape("Servers Searches Options")),
  one("CNI", shape("Args:"), "CNIConfig"),
]);

export const JOB_SHAPE = shape("AllAtOnce Dispatched Meta Name Namespace NodePool Priority Region Stop Type", [
  texts("Datacenters"),
  set("Constraints", "Constraint", CONSTRAINT),
  set("Affinities", "Affinity", AFFINITY),
  one("Periodic", shape("Enabled ProhibitOverlap Spec SpecType TimeZone", [withoutContext(texts("Specs"))])),
  one("ParameterizedJob", shape("Payload", [texts("MetaOptional"), texts("MetaRequired")])),
  one("UI", shape("Description", [keyed("Links", "Link", shape("Label URL:Url"), "Label")])),
]);

export const GROUP_SHAPE = shape("Count MaxClientDisconnect MaxRunDuration Meta PreventRescheduleOnLost ShutdownDelay StopAfterClientDisconnect", [
  set("Constraints", "Constraint", CONSTRAINT),
  set("Affinities", "Affinity", AFFINITY),
  one("RestartPolicy", shape("Attempts Delay Interval Mode RenderTemplates")),
  one("Migrate", shape("HealthCheck HealthyDeadline MaxParallel MinHealthyTime")),
  one("ReschedulePolicy", shape("Attempts Delay DelayFunction Interval MaxDelay Unlimited")),
  one("EphemeralDisk", shape("Migrate SizeMB Sticky")),
  one("Update", shape("AutoPromote AutoRevert Canary HealthCheck HealthyDeadline MaxParallel MinHealthyTime ProgressDeadline")),
  one("Disconnect", shape("LostAfter Reconcile Replace StopOnClientAfter")),
  set("Networks", "Network", NETWORK),
  one("Consul", CONSUL),
  withoutContext(one("Scaling", shape("Enabled Max Min", [withoutContext(free("Policy"))]))),
  paired("Services", "Service", SERVICE),
  { field: "Volumes", name: "Volume", shape: shape("AccessMode AttachmentMode Name PerAlloc ReadOnly Source Sticky Type", [one("MountOptions", shape("FSType MountFlags"))]), kind: "map" },
]);

const RESOURCES = shape("CPU Cores DiskMB IOPS MemoryMB MemoryMaxMB SecretsMB", [
  set("Networks", "Network", NETWORK),
  keyed("Devices", "Device", shape("Count Name")),
  one("NUMA", shape("Affinity", [texts("Devices")])),
]);

/** Nomad calls a template's wait by the name of the template. */
export const WAIT_NAME = "Template";

const TEMPLATE = shape(
  "ChangeMode ChangeSignal DestPath EmbeddedTmpl Envvars ErrMissingKey Gid LeftDelim Once Perms RightDelim SourcePath Splay Uid VaultGrace",
  [one("Wait", shape("Max Min"), WAIT_NAME), one("ChangeScript", shape("Command FailOnError Timeout", [texts("Args")]))],
);

export const TASK_SHAPE = shape("Driver Env KillSignal KillTimeout Kind Leader Meta ShutdownDelay User", [
  set("Constraints", "Constraint", CONSTRAINT),
  set("Affinities", "Affinity", AFFINITY),
  free("Config"),
  one("Resources", RESOURCES),
  one("LogConfig", shape("Disabled MaxFileSizeMB MaxFiles")),
  one("DispatchPayload", shape("File")),
  keyed("Artifacts", "Artifact", shape("Chown GetterHeaders GetterInsecure GetterMode GetterOptions GetterSource RelativeDest"), "RelativeDest"),
  paired("Services", "Service", SERVICE),
  free("Vault"),
  one("Consul", CONSUL),
  paired("Templates", "Template", TEMPLATE, "DestPath"),
  one("Identity", IDENTITY),
  keyed("Identities", "Identity", IDENTITY),
  keyed("Actions", "Action", shape("Command Name", [texts("Args")])),
  keyed("VolumeMounts", "VolumeMount", shape("Destination PropagationMode ReadOnly SELinuxLabel Volume"), "Volume"),
  keyed("Secrets", "Secret", shape("Name Path Provider", [free("Config"), free("Env")])),
]);
