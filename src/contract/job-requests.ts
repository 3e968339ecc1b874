/**
 * @module What the bridge asks of the controller beyond a job's spec: stops of single allocations, and a word on its deployment. It is the
 * JSON of one annotation on the NomadJob or ExecTask. State and no log: asking twice for the same changes nothing, so a controller may
 * read it as often as it likes.
 */
import { readScaling, type ScalingEvents } from "./scaling-events.ts";

/** A stop of one allocation, by its ID; it is replaced as Nomad would. */
export type StopRequest = {
  /** Epoch ms. */
  readonly at: number;
  readonly noShutdownDelay?: boolean;
  /** Whether a batch allocation is placed again too. */
  readonly reschedule?: boolean;
  /** Resource version of the job when it was asked. Absent in what older servers wrote. */
  readonly index?: number;
};

/** What was said of the deployment of that ID; of any other it means nothing. */
export type DeploymentRequest = {
  readonly id: string;
  /** Groups to promote; "*" is all of them. */
  readonly promote?: readonly string[];
  readonly paused?: boolean;
  readonly failed?: boolean;
  readonly healthy?: readonly string[];
  readonly unhealthy?: readonly string[];
};

export type VersionTag = { readonly version: number; readonly description: string; /** Unix ns. */ readonly taggedTime: number };

/** A write that changed nothing of the job, such as a registration of what is registered: there is no version that could have its evaluation. */
export type AskedEvaluation = {
  /** Epoch ms; of a job's no two are the same. */
  readonly at: number;
  readonly trigger: AskedTrigger;
  /** Of the job, then. */
  readonly version: number;
  /** Resource version of the job, then. */
  readonly index: number;
};

const ASKED_TRIGGERS = ["job-register", "job-deregister", "job-scaling"] as const;
export type AskedTrigger = (typeof ASKED_TRIGGERS)[number];

export type JobRequests = {
  /** The newest MAX_ASKED, oldest first. */
  readonly evaluations?: readonly AskedEvaluation[];
  /** The newest MAX_STOPS, by allocation ID. */
  readonly stop?: Readonly<Record<string, StopRequest>>;
  readonly deployment?: DeploymentRequest;
  /** Epoch ms: allocations that failed before it are placed again at once, whatever their reschedule policy says. */
  readonly reschedule?: number;
  /** A version that a person called stable, or not. */
  readonly stable?: { readonly version: number; readonly stable: boolean };
  /** By the tag's name. */
  readonly tags?: Readonly<Record<string, VersionTag>>;
  /** Why a version came to be, in Nomad's words for an evaluation, by the version; only where it is not plain registration. */
  readonly triggers?: Readonly<Record<string, string>>;
  /** Priority of a version's evaluation, by the version; only where it was asked for, and is not the job's. */
  readonly priorities?: Readonly<Record<string, number>>;
  /** By the group's name. */
  readonly scaling?: ScalingEvents;
};

const MAX_STOPS = 200;
const MAX_ASKED = 10;

/**
 * What is not of the right form asks for nothing, member by member: the annotation can be written by whoever may write the object, and every
 * server reads it.
 */
export function readJobRequests(text: string | undefined): JobRequests {
  const { evaluations, stop, deployment, reschedule, stable, tags, triggers, priorities, scaling } = recordOf(parsed(text));
  const asked = Array.isArray(evaluations) ? evaluations.slice(-MAX_ASKED).flatMap((each: unknown) => askedOf(each) ?? []) : [];
  const stops = valuesOf(stop, stopOf).slice(0, MAX_STOPS);
  const said = deploymentOf(deployment);
  const called = stableOf(stable);
  const named = valuesOf(tags, tagOf);
  const noted = valuesOf(triggers, textOf);
  const urgent = valuesOf(priorities, priorityOf);
  const scaled = readScaling(scaling);
  return {
    ...(asked.length === 0 ? {} : { evaluations: asked }),
    ...(stops.length === 0 ? {} : { stop: Object.fromEntries(stops) }),
    ...(said === undefined ? {} : { deployment: said }),
    ...(isTime(reschedule) ? { reschedule } : {}),
    ...(called === undefined ? {} : { stable: called }),
    ...(named.length === 0 ? {} : { tags: Object.fromEntries(named) }),
    ...(noted.length === 0 ? {} : { triggers: Object.fromEntries(noted) }),
    ...(urgent.length === 0 ? {} : { priorities: Object.fromEntries(urgent) }),
    ...(Object.keys(scaled).length === 0 ? {} : { scaling: scaled }),
  };
}

/** Kubernetes lets all annotations of an object have as much. */
const MAX_TEXT_CHARS = 256 * 1024;

function parsed(text: string | undefined): unknown {
  if (text === undefined || text.length > MAX_TEXT_CHARS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** {} for anything that is no object. */
const recordOf = (value: unknown): Members => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {});

/** The members that are what they should be. */
const valuesOf = <T>(value: unknown, read: (member: unknown) => T | undefined): readonly (readonly [string, T])[] =>
  Object.entries(recordOf(value)).flatMap(([key, member]) => {
    const one = read(member);
    return one === undefined ? [] : [[key, one] as const];
  });

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
/** Epoch ms that a date can be made of. */
const isTime = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= 8.64e15;
const isVersion = (value: unknown): value is number => Number.isSafeInteger(value);
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const priorityOf = (value: unknown): number | undefined => (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100 ? Number(value) : undefined);
const textsOf = (value: unknown): readonly string[] | undefined => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : undefined);

function askedOf(value: unknown): AskedEvaluation | undefined {
  const { at, trigger, version, index } = recordOf(value);
  const known = ASKED_TRIGGERS.find((each) => each === trigger);
  return isTime(at) && known !== undefined && isVersion(version) && isVersion(index) ? { at, trigger: known, version, index } : undefined;
}

function stopOf(value: unknown): StopRequest | undefined {
  const { at, noShutdownDelay, reschedule, index } = recordOf(value);
  if (!isTime(at)) return undefined;
  return { at, ...(noShutdownDelay === true ? { noShutdownDelay } : {}), ...(reschedule === true ? { reschedule } : {}), ...(isVersion(index) ? { index } : {}) };
}

function deploymentOf(value: unknown): DeploymentRequest | undefined {
  const { id, paused, failed, ...lists } = recordOf(value);
  if (typeof id !== "string") return undefined;
  const [promote, healthy, unhealthy] = [textsOf(lists["promote"]), textsOf(lists["healthy"]), textsOf(lists["unhealthy"])];
  return {
    id,
    ...(promote === undefined ? {} : { promote }),
    ...(typeof paused === "boolean" ? { paused } : {}),
    ...(typeof failed === "boolean" ? { failed } : {}),
    ...(healthy === undefined ? {} : { healthy }),
    ...(unhealthy === undefined ? {} : { unhealthy }),
  };
}

function stableOf(value: unknown): JobRequests["stable"] {
  const { version, stable } = recordOf(value);
  return isVersion(version) && typeof stable === "boolean" ? { version, stable } : undefined;
}

function tagOf(value: unknown): VersionTag | undefined {
  const { version, description = "", taggedTime = 0 } = recordOf(value);
  return isVersion(version) && typeof description === "string" && isNumber(taggedTime) ? { version, description, taggedTime } : undefined;
}

export const writeJobRequests = (requests: JobRequests): string => JSON.stringify(requests);

/** The requests with one more evaluation that was asked for; the oldest goes when there are too many. */
export function withEvaluation(requests: JobRequests, asked: AskedEvaluation): JobRequests {
  const before = requests.evaluations ?? [];
  const at = Math.max(asked.at, (before.at(-1)?.at ?? 0) + 1);
  return { ...requests, evaluations: [...before, { ...asked, at }].slice(-MAX_ASKED) };
}

/** The requests with one more stop; the oldest go when there are too many. */
export function withStop(requests: JobRequests, allocId: string, stop: StopRequest): JobRequests {
  const kept = Object.entries(requests.stop ?? {})
    .filter(([id]) => id !== allocId)
    .toSorted(([, a], [, b]) => b.at - a.at)
    .slice(0, MAX_STOPS - 1);
  return { ...requests, stop: Object.fromEntries([[allocId, stop], ...kept]) };
}

const MAX_TRIGGERS = 6;

/** The requests with the trigger of a new version; those of the oldest versions go. */
export const withTrigger = (requests: JobRequests, version: number, trigger: string | undefined): JobRequests => ({ ...requests, triggers: ofVersions(requests.triggers, version, trigger) });

/** The same of its evaluation's priority. */
export function withPriority({ priorities, ...requests }: JobRequests, version: number, priority: number | undefined): JobRequests {
  const kept = ofVersions(priorities, version, priority);
  return Object.keys(kept).length === 0 ? requests : { ...requests, priorities: kept };
}

function ofVersions<T>(values: Readonly<Record<string, T>> | undefined, version: number, value: T | undefined): Readonly<Record<string, T>> {
  const kept = Object.entries(values ?? {}).filter(([each]) => Number(each) > version - MAX_TRIGGERS && Number(each) < version);
  return Object.fromEntries(value === undefined ? kept : [...kept, [String(version), value]]);
}
