/** @module What a Nomad job says of a group and an ExecTask has no words for. Part of a JobGroup, and used by podForTask. */

export type GroupTerms = {
  /** Whole seconds after which an allocation is ended: max_run_duration. 0: it may run as long as it likes. */
  readonly maxRunSeconds: number;
};

/** What of it makes another pod. */
export const hashedTerms = (terms: GroupTerms): unknown => terms;
