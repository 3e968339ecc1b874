/**
 * @module A job as Nomad's servers give it back: null for lists and maps with nothing in them, no policies of the job's own that its groups have taken
 * over, and its namespace with each service. What it gives can be registered again, and makes no new version. Used by the bridge wherever it answers with a whole job.
 * Source: jobs read back from a Nomad 1.11.2 agent
 */
import type { Job, Service } from "../job.ts";
import type { DecodedStruct } from "./decoded.ts";
import { type FieldType, type StructName, structOf } from "./schema/schema.ts";

export function jobAsRead(job: Job): DecodedStruct {
  const read = withoutEmpty("Job", noted(job));
  return Object.fromEntries(Object.entries(read).filter(([name]) => name !== "Reschedule" && name !== "Migrate"));
}

/** Services say the namespace that they are in. */
function noted(job: Job) {
  const inNamespace = (services: readonly Service[]) => services.map((service) => ({ ...service, Namespace: job.Namespace }));
  const groups = job.TaskGroups.map((group) => ({
    ...group,
    Services: inNamespace(group.Services),
    Tasks: group.Tasks.map((task) => ({ ...task, Services: inNamespace(task.Services) })),
  }));
  return { ...job, TaskGroups: groups };
}

/** The one list that Nomad gives empty. */
const KEPT_EMPTY = "PeriodicConfig.Specs";

/** What a server's own structs have not. */
const UNKNOWN = new Set(["Service.CheckRestart", "ServiceCheck.Advertise", "ScalingPolicy.Namespace"]);

/** Structs of which a server leaves out what says nothing. */
const OMITS_ZEROS = new Set<StructName>(["NetworkResource", "Port"]);

/** Under another name than the one it came by. */
const RENAMED: Readonly<Record<string, string>> = { "JobUILink.URL": "Url" };

/** Fields that the schema does not have stay as they are. */
function withoutEmpty(name: StructName, struct: DecodedStruct): DecodedStruct {
  const types = structOf(name).byName;
  const entries = Object.entries(struct).flatMap(([field, value]): readonly (readonly [string, unknown])[] => {
    const path = `${name}.${field}`;
    const type = types.get(field)?.type;
    const read = type === undefined || path === KEPT_EMPTY ? value : nullWhereEmpty(type, value);
    const isLeftOut = UNKNOWN.has(path) || (OMITS_ZEROS.has(name) && !read);
    return isLeftOut ? [] : [[RENAMED[path] ?? field, read]];
  });
  return Object.fromEntries(entries);
}

function nullWhereEmpty(type: FieldType, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (type.kind === "struct") return withoutEmpty(type.struct, value as DecodedStruct);
  if (type.kind !== "list" && type.kind !== "map") return value;
  if (Object.keys(value).length === 0) return null;
  if (type.kind === "list") return (value as readonly unknown[]).map((item) => nullWhereEmpty(type.item, item));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, nullWhereEmpty(type.item, item)]));
}
