/** @module The conveniences of a job file put in their places, as Nomad's own parser leaves them. Used by job-from-hcl.ts. */
import type { DecodedJob, DecodedStruct } from "../decoded.ts";
import { SECOND_NS } from "../durations.ts";
import { withDefaults } from "../fill.ts";
import { mapStructs } from "../struct-defaults.ts";
import type { StructName } from "../schema/schema.ts";
import { type Decoding, movedFrom } from "./decoding.ts";
import { DROPPED, INHERITED } from "./shorthand.ts";

type Structs = readonly DecodedStruct[];

/** The job as Nomad's parser gives it: tasks in groups, static ports reserved, identities by name, templates and vault with their defaults. */
export function normalise(raw: DecodedStruct, decoding: Decoding): DecodedJob {
  const placed = withGroups(raw, decoding);
  return mapStructs("Job", placed, {
    change: (name, value) => NORMALISE[name]?.(value) ?? value,
    made: (made, from) => movedFrom(decoding, from, made),
  });
}

const without = (struct: DecodedStruct, names: readonly string[]): DecodedStruct =>
  Object.fromEntries(Object.entries(struct).filter(([name]) => !names.includes(name)));

const structs = (value: unknown): Structs => (value ?? []) as Structs;

function withGroups(job: DecodedStruct, decoding: Decoding): DecodedStruct {
  const alone = structs(job[INHERITED.tasks]).map((task) => movedFrom(decoding, task, { Name: task["Name"], Tasks: [task] }));
  const groups = [...alone, ...structs(job["TaskGroups"])].map((group) => withInherited(group, job, decoding));
  const rest = without(job, Object.values(INHERITED));
  const named: DecodedStruct = { ...rest, Name: rest["Name"] ?? rest["ID"] };
  return movedFrom(decoding, job, groups.length === 0 ? named : { ...named, TaskGroups: groups });
}

/** A task's own vault block and secrets win over its group's, and those over the job's. */
function withInherited(group: DecodedStruct, job: DecodedStruct, decoding: Decoding): DecodedStruct {
  const vault = group[INHERITED.vault] ?? job[INHERITED.vault];
  const secrets = uniqueByName([...structs(group[INHERITED.secrets]), ...structs(job[INHERITED.secrets])]);
  const tasks = structs(group["Tasks"]).map((task) => {
    const own = task["Vault"] ?? vault;
    const all = uniqueByName([...structs(task["Secrets"]), ...secrets]);
    return movedFrom(decoding, task, { ...task, ...(own === undefined ? {} : { Vault: own }), ...(all.length === 0 ? {} : { Secrets: all }) });
  });
  const consul = group["Consul"] ?? job[INHERITED.consul];
  const rest = without(group, Object.values(INHERITED));
  return movedFrom(decoding, group, { ...rest, ...(consul === undefined ? {} : { Consul: consul }), ...(tasks.length === 0 ? {} : { Tasks: tasks }) });
}

const uniqueByName = (secrets: Structs): Structs => secrets.filter((secret, index) => secrets.findIndex(({ Name }) => Name === secret["Name"]) === index);

type Normalise = (value: DecodedStruct) => DecodedStruct;

const NORMALISE: Partial<Record<StructName, Normalise>> = {
  Job: (job) => withoutDropped(job),
  TaskGroup: (group) => withoutDropped(group),
  RequestedDevice: (device) => withoutDropped(device),
  Task: (task) => withIdentities(withoutDropped(task)),
  Constraint: (constraint) => withDefaults(constraint, { Operand: "=" }),
  Affinity: (affinity) => withDefaults(affinity, { Operand: "=" }),
  PeriodicConfig: (periodic) => ("Spec" in periodic || "Specs" in periodic ? { ...periodic, SpecType: "cron" } : periodic),
  NetworkResource: network,
  Vault: (vault) => withDefaults(vault, { Env: true, DisableFile: false, ChangeMode: "restart" }),
  Template: (template) => withDefaults(template, { ChangeMode: "restart", Splay: 5 * SECOND_NS, Perms: "0644", ErrMissingKey: false }),
};

/** `distinct_hosts = false` takes its constraint away. */
function withoutDropped(struct: DecodedStruct): DecodedStruct {
  const constraints = structs(struct["Constraints"]);
  if (constraints.every(({ Operand }) => Operand !== DROPPED)) return struct;
  return { ...struct, Constraints: constraints.filter(({ Operand }) => Operand !== DROPPED) };
}

/** An identity without a name, or with the default one, is the task's own. */
function withIdentities(task: DecodedStruct): DecodedStruct {
  const identities = structs(task["Identities"]);
  const isOwn = ({ Name: name }: DecodedStruct): boolean => name === undefined || name === "" || name === "default";
  const own = identities.findLast(isOwn);
  if (own === undefined) return task;
  const named = identities.filter((identity) => !isOwn(identity));
  return { ...without(task, ["Identities"]), Identity: own, ...(named.length === 0 ? {} : { Identities: named }) };
}

/** A port with a number of its own is reserved. */
function network(value: DecodedStruct): DecodedStruct {
  const ports = structs(value["DynamicPorts"]);
  const isStatic = ({ Value: number }: DecodedStruct): boolean => typeof number === "number" && number > 0;
  const reserved = [...structs(value["ReservedPorts"]), ...ports.filter(isStatic)];
  const dynamic = ports.filter((port) => !isStatic(port));
  return {
    ...without(value, ["DynamicPorts", "ReservedPorts"]),
    ...(reserved.length === 0 ? {} : { ReservedPorts: reserved }),
    ...(dynamic.length === 0 ? {} : { DynamicPorts: dynamic }),
  };
}
