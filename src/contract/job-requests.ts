/**
 * @module What the bridge asks of the controller beyond a job's spec: stops of single allocations, and a word on its deployment. It is the
 * JSON of one annotation on the NomadJob or ExecTask. State and no log: asking twice for the same changes nothing, so a controller may
 * read it as often as it likes.
 */

/** A stop of one allocation, by its ID; it is replaced as Nomad would. */
export type StopRequest = {
  /** Epoch ms. */
  readonly at: number;
  readonly noShutdownDelay?: boolean;
  /** Whether a batch allocation is placed again too. */
  readonly reschedule?: boolean;
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

export type JobRequests = {
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
};

const MAX_STOPS = 200;

/** What is not valid JSON of the right form asks for nothing: only the bridge writes the annotation. */
export function readJobRequests(text: string | undefined): JobRequests {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

export const writeJobRequests = (requests: JobRequests): string => JSON.stringify(requests);

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
export function withTrigger(requests: JobRequests, version: number, trigger: string | undefined): JobRequests {
  const kept = Object.entries(requests.triggers ?? {}).filter(([each]) => Number(each) > version - MAX_TRIGGERS && Number(each) < version);
  return { ...requests, triggers: Object.fromEntries(trigger === undefined ? kept : [...kept, [String(version), trigger]]) };
}
