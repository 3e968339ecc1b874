/** @module One version of a NomadJob, kept as a ControllerRevision that the NomadJob owns. The controller writes them; the bridge reads them. */
import type { KubeObject } from "./meta.ts";
import type { NomadJobSpec } from "./nomad-job.ts";

/** Nomad keeps six versions of a job by default. */
export const KEPT_VERSIONS = 6;

export type JobRevision = KubeObject & {
  /** The job's version, from 0. */
  readonly revision: number;
  readonly data: {
    readonly spec: NomadJobSpec;
    /** Resource version that the NomadJob had with this spec: Nomad's JobModifyIndex. */
    readonly jobModifyIndex: string;
    /** RFC 3339. */
    readonly submittedAt: string;
  };
};
