/**
 * @module The job of an HCL file, out of its evaluated body: the same form that JSON decodes to, and where each value stands. Used by
 * parse-job-file.ts.
 * Source: developer.hashicorp.com/nomad/docs/job-specification
 */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { EvaluatedBlock, EvaluatedBody } from "../../hcl/evaluated.ts";
import type { HclError, Range } from "../../hcl/syntax.ts";
import type { DecodedJob } from "../decoded.ts";
import { decodeBlock } from "./decode-body.ts";
import { fail, formatRange, type Positions, positionsOf, startDecoding } from "./decoding.ts";
import { normalise } from "./normalise.ts";
import { extrasOf } from "./shorthand.ts";
import { suggestion } from "./suggest.ts";

export type JobFromHcl = { readonly job: DecodedJob; readonly positions: Positions };

/** The one job of a file, or everything that is wrong with it in HCL's words, each with its place. `filename` is for the errors. */
export function jobFromHcl(body: EvaluatedBody, filename = ""): Result<JobFromHcl, readonly HclError[]> {
  const decoding = startDecoding(filename);
  for (const { name, nameRange } of body.attributes.values()) {
    fail(decoding, nameRange, `Unsupported argument; An argument named "${name}" is not expected here.`);
  }
  const [block, second] = body.blocks.filter(({ type }) => type === "job");
  for (const { type, typeRange } of body.blocks.filter((other) => other.type !== "job")) {
    fail(decoding, typeRange, `Unsupported block type; Blocks of type "${type}" are not expected here.${suggestion(type, ["job"])}`);
  }
  if (second !== undefined && block !== undefined) fail(decoding, headRange(second), `Duplicate job block; Only one block of type "job" is allowed. Previous definition was at ${filename}:${formatRange(headRange(block))}.`);
  if (block === undefined && decoding.errors.length === 0) fail(decoding, body.range, `Missing job block; A job block is required.`);
  const raw = block === undefined ? {} : decodeBlock("Job", block, { decoding, extrasOf });
  if (decoding.errors.length > 0) return err(inOrder(decoding.errors, filename));
  const job = normalise(raw, decoding);
  return ok({ job, positions: positionsOf(decoding, job) });
}

/** From a block's type to the end of its last label. */
const headRange = ({ typeRange, labels }: EvaluatedBlock): Range => ({ start: typeRange.start, end: (labels.at(-1)?.range ?? typeRange).end });

const inOrder = (errors: readonly HclError[], filename: string): readonly HclError[] =>
  errors.toSorted((a, b) => a.position.offset - b.position.offset).map((error) => (filename === "" ? error : { ...error, filename }));
