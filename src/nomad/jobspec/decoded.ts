/**
 * @module A job between its text and its canonical form: Go's nil is an absent field or null, everything that is there has its type. Made by
 * decode-job.ts and job-from-hcl.ts, read by canonicalise.ts.
 */
import type { Job } from "../job.ts";

/** One struct of the schema. Lists are arrays, maps and structs records; a field that is not there is Go's zero value. */
export type DecodedStruct = { readonly [field: string]: unknown };

/** The same with the types of the canonical job; `unknown` stays what it is. */
export type Decoded<T> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Decoded<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Decoded<NonNullable<T[Key]>> | null }
      : T;

/** What the job's schema has beside the canonical job. */
export type DecodedJob = Omit<Decoded<Job>, "Status" | "Type"> & { readonly Type?: string | null; readonly Status?: string | null };
