/** @module Every function that a job file can call, by name. Used by evaluate.ts. Source: developer.hashicorp.com/nomad/docs/job-specification/hcl2/functions */
import { collectionFunctions } from "./collections.ts";
import { dateFunctions } from "./dates.ts";
import { encodingFunctions } from "./encoding.ts";
import { type FileAccess, fileFunctions } from "./files.ts";
import { formatFunctions } from "./format.ts";
import { give, type HclFunction, plainFunction } from "./function.ts";
import { hashFunctions } from "./hashes.ts";
import { lookupFunctions } from "./lookups.ts";
import { networkFunctions } from "./network.ts";
import { numberFunctions } from "./numbers.ts";
import { regexFunctions } from "./regex.ts";
import { stringFunctions } from "./strings.ts";
import { yamlFunctions } from "./yaml.ts";

/** What functions need from outside. Those that lack theirs say so when they are called. */
export type FunctionSources = {
  /** Absent on a server: nobody may read its files. */
  readonly files?: FileAccess;
  /** A random UUID, version 4. */
  readonly randomUuid?: () => string;
};

export function functionsFrom({ files, randomUuid }: FunctionSources): ReadonlyMap<string, HclFunction> {
  const uuidv4: HclFunction =
    randomUuid === undefined ? { kind: "refused", why: 'The function "uuidv4" is not supported here: it gives another value each time.' } : plainFunction("", () => give(randomUuid()));
  const all: Readonly<Record<string, HclFunction>> = {
    ...numberFunctions, ...stringFunctions, ...formatFunctions, ...regexFunctions, ...collectionFunctions, ...lookupFunctions, ...encodingFunctions,
    ...yamlFunctions, ...hashFunctions, ...networkFunctions, ...dateFunctions, ...fileFunctions(files), uuidv4,
    try: { kind: "special", name: "try" }, can: { kind: "special", name: "can" }, convert: { kind: "special", name: "convert" },
  };
  return new Map(Object.entries(all));
}
