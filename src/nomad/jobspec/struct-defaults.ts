/**
 * @module What Nomad's clients fill into a job's structs, wherever they stand in it: the part of the api module's Canonicalize that needs to
 * know nothing else. inherit.ts has the rest.
 */
import type { DecodedStruct } from "./decoded.ts";
import { SECOND_NS } from "./durations.ts";
import { emptyToNull, withDefaults } from "./fill.ts";
import { type FieldType, type StructName, structOf } from "./schema/schema.ts";

type Rule = (value: DecodedStruct) => DecodedStruct;

const defaults =
  (values: DecodedStruct): Rule =>
  (value) =>
    withDefaults(value, values);

const empties =
  (...names: readonly string[]): Rule =>
  (value) =>
    emptyToNull(value, names);

const both =
  (first: Rule, second: Rule): Rule =>
  (value) =>
    second(first(value));

/** A field that is no pointer has its default where it is empty too. */
const zeroDefaults =
  (values: DecodedStruct): Rule =>
  (value) => ({
    ...value,
    ...Object.fromEntries(Object.entries(values).filter(([name]) => !value[name])),
  });

const LOG_CONFIG = { MaxFiles: 10, MaxFileSizeMB: 10, Disabled: false };

const RULES: Partial<Record<StructName, Rule>> = {
  PeriodicConfig: both(
    defaults({ Enabled: true, Spec: "", Specs: [], SpecType: "cron", ProhibitOverlap: false }),
    zeroDefaults({ TimeZone: "UTC" }),
  ),
  JobUIConfig: empties("Links"),
  Multiregion: defaults({ Strategy: {}, Regions: [] }),
  MultiregionStrategy: defaults({ MaxParallel: 0, OnFailure: "" }),
  MultiregionRegion: defaults({ Count: 1, Datacenters: [], Meta: {} }),
  Affinity: defaults({ Weight: 50 }),
  Spread: defaults({ Weight: 50 }),
  EphemeralDisk: defaults({ Sticky: false, Migrate: false, SizeMB: 300 }),
  DisconnectStrategy: defaults({ Replace: true, Reconcile: "best_score" }),
  Task: defaults({ Resources: {}, KillTimeout: 5 * SECOND_NS, LogConfig: {} }),
  LogConfig: defaults(LOG_CONFIG),
  Resources: resources,
  RequestedDevice: defaults({ Count: 1 }),
  NUMAResource: both(zeroDefaults({ Affinity: "none" }), empties("Devices")),
  TaskArtifact: artifact,
  Vault: both(
    defaults({ Env: true, DisableFile: false, Namespace: "", ChangeMode: "restart", ChangeSignal: "SIGHUP", AllowTokenExpiration: false }),
    zeroDefaults({ Cluster: "default" }),
  ),
  Consul: zeroDefaults({ Cluster: "default" }),
  Template: template,
  ChangeScript: defaults({ Command: "", Args: [], Timeout: 5 * SECOND_NS, FailOnError: false, RunOnFirstRender: false }),
  Secret: empties("Config", "Env"),
  VolumeMount: defaults({ PropagationMode: "private", ReadOnly: false, SELinuxLabel: "" }),
  TaskCSIPluginConfig: zeroDefaults({ MountDir: "/csi", StagePublishBaseDir: "/local/csi", HealthTimeout: 30 * SECOND_NS }),
  ServiceWeights: (value) => ({ ...value, Passing: atLeastOne(value["Passing"]), Warning: atLeastOne(value["Warning"]) }),
  ConsulSidecarService: empties("Tags", "Meta"),
  SidecarTask: both(
    empties("Config", "Env", "Meta"),
    defaults({ Resources: {}, LogConfig: {}, KillTimeout: 5 * SECOND_NS, ShutdownDelay: 0 }),
  ),
  ConsulProxy: both(empties("Upstreams", "Config"), exposed),
  ConsulUpstream: empties("Config"),
  ConsulTransparentProxy: empties("ExcludeInboundPorts", "ExcludeOutboundCIDRs", "ExcludeOutboundPorts", "ExcludeUIDs"),
  ConsulGatewayProxy: both(defaults({ ConnectTimeout: 5 * SECOND_NS }), empties("EnvoyGatewayBindAddresses", "Config")),
  ConsulHTTPHeaderModifiers: empties("Add", "Set", "Remove"),
  ConsulIngressService: empties("Hosts"),
  ConsulIngressListener: both(zeroDefaults({ Protocol: "tcp" }), empties("Services")),
  ConsulIngressConfigEntry: empties("Listeners"),
  ConsulTerminatingConfigEntry: empties("Services"),
};

/** `Expose` alone: the field that it has replaced stays as it is. */
function exposed(proxy: DecodedStruct): DecodedStruct {
  const expose = proxy["Expose"] as DecodedStruct | null | undefined;
  return expose === null || expose === undefined ? proxy : { ...proxy, Expose: emptyToNull(expose, ["Paths", "Path"]) };
}

const atLeastOne = (value: unknown): number => (typeof value === "number" && value > 0 ? value : 1);

/** CPU has its default only where neither it nor cores is written. */
function resources(value: DecodedStruct): DecodedStruct {
  const cpu = (value["Cores"] ?? null) === null ? 100 : 0;
  return withDefaults(value, { Cores: 0, CPU: cpu, MemoryMB: 300 });
}

function artifact(value: DecodedStruct): DecodedStruct {
  const filled = withDefaults(emptyToNull(value, ["GetterOptions", "GetterHeaders"]), { GetterMode: "any", GetterInsecure: false, GetterSource: "" });
  const destination = filled["GetterMode"] === "file" ? fileDestination(String(filled["GetterSource"])) : "local/";
  return withDefaults(filled, { RelativeDest: destination });
}

/** `local/` and the last element of the source, as Go's path.Base and filepath.Join have it. */
function fileDestination(source: string): string {
  if (source === "") return "local";
  const base = trimTrailingSlashes(source).split("/").at(-1) ?? "";
  if (base === "" || base === ".") return "local";
  return base === ".." ? "." : `local/${base}`;
}

function trimTrailingSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}

function template(value: DecodedStruct): DecodedStruct {
  const mode = value["ChangeMode"] ?? "restart";
  const signal = value["ChangeSignal"];
  const withSignal = typeof signal === "string" ? { ...value, ChangeSignal: signal.toUpperCase() } : value;
  return withDefaults(withSignal, {
    SourcePath: "",
    DestPath: "",
    EmbeddedTmpl: "",
    ChangeMode: "restart",
    ChangeSignal: mode === "signal" ? "SIGHUP" : "",
    Once: false,
    Splay: 5 * SECOND_NS,
    Perms: "0644",
    LeftDelim: "{{",
    RightDelim: "}}",
    Envvars: false,
    ErrMissingKey: false,
    VaultGrace: 0,
  });
}

/** A struct of the schema with what its clients would fill in, at every depth. */
export function withStructDefaults(name: StructName, value: DecodedStruct): DecodedStruct {
  return mapStructs(name, value, { change: (struct, found) => RULES[struct]?.(found) ?? found });
}

export type StructChange = {
  readonly change: (name: StructName, value: DecodedStruct) => DecodedStruct;
  /** Told of each struct that was made, and what of. */
  readonly made?: (made: DecodedStruct, from: DecodedStruct) => void;
};

/** Applies `change` to a struct and then to each struct inside of what it made. */
export function mapStructs(name: StructName, value: DecodedStruct, by: StructChange): DecodedStruct {
  const changed = by.change(name, value);
  const inside = structOf(name).fields.flatMap(({ name: field, type }) => {
    const found = changed[field];
    if (found === null || found === undefined || !holdsStruct(type)) return [];
    return [[field, mapInside(type, found, by)] as const];
  });
  const made = { ...changed, ...Object.fromEntries(inside) };
  by.made?.(made, value);
  return made;
}

function holdsStruct(type: FieldType): boolean {
  if (type.kind === "list" || type.kind === "map") return holdsStruct(type.item);
  return type.kind === "struct";
}

function mapInside(type: FieldType, value: unknown, by: StructChange): unknown {
  if (type.kind === "struct") return mapStructs(type.struct, value as DecodedStruct, by);
  if (type.kind === "list") return (value as readonly unknown[]).map((item) => mapInside(type.item, item, by));
  if (type.kind !== "map") return value;
  return Object.fromEntries(Object.entries(value as DecodedStruct).map(([key, item]) => [key, mapInside(type.item, item, by)]));
}
