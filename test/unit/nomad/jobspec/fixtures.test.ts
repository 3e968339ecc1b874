/** @module Job files as people write them, and the canonical job that each must become: test/golden/jobs. UPDATE_GOLDEN=1 writes them anew. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobSpec } from "../../../../src/nomad/job.ts";
import { canonicalise, clientCanonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { diffJobs } from "../../../../src/nomad/jobspec/diff/diff-jobs.ts";
import { encodeJob } from "../../../../src/nomad/jobspec/encode-job.ts";
import { formatDiagnostics, parseJobFile } from "../../../../src/nomad/jobspec/parse-job-file.ts";
import { type FieldType, STRUCT_NAMES, type StructName, structOf } from "../../../../src/nomad/jobspec/schema/schema.ts";
import { validateJob } from "../../../../src/nomad/jobspec/validation/validate-job.ts";
import { askGo } from "./job-oracle.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "golden", "jobs");
const FILES = globSync("*.{nomad.hcl,json}", { cwd: FOLDER }).filter((file) => !file.endsWith(".out.json")).sort();

const textOf = (file: string): string => readFileSync(join(FOLDER, file), "utf8");
const goldenOf = (file: string): string => join(FOLDER, `${basename(file).replace(/(?:\.nomad)?\.(?:hcl|json)$/, "")}.out.json`);

const decodedOf = (file: string) => {
  const parsed = parseJobFile(textOf(file), { filename: file });
  if (!parsed.ok) throw new Error(formatDiagnostics(parsed.error, file));
  return parsed.value.job;
};

const specOf = (file: string): JobSpec => canonicalise(decodedOf(file)).spec;

/** Job files with faults that only validation sees. */
const INVALID = new Set(["api-largest-numbers.json", "services-without-names.nomad.hcl", "web-canary.nomad.hcl"]);

describe("a job file", () => {
  it("is there in number", () => {
    expect(FILES.length).toBeGreaterThanOrEqual(60);
  });

  it.each(FILES)("%s becomes the canonical job beside it", (file) => {
    const { spec, readOnly } = canonicalise(decodedOf(file));
    const { errors, warnings } = validateJob(spec);
    const text = `${JSON.stringify({ spec, readOnly, errors, warnings }, null, 2)}\n`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(goldenOf(file), text);
    expect(text).toBe(readFileSync(goldenOf(file), "utf8"));
  });

  it.each(FILES)("%s is valid, or known not to be", (file) => {
    expect(validateJob(specOf(file)).errors.length > 0).toBe(INVALID.has(file));
  });

  it.each(FILES)("%s is the same after JSON and back", (file) => {
    const spec = specOf(file);
    const again = decodeJob(JSON.parse(JSON.stringify(spec)));
    if (!again.ok) throw new Error(again.error);
    expect(canonicalise(again.value).spec).toEqual(spec);
    expect(diffJobs(spec, canonicalise(again.value).spec).Type).toBe("None");
  });

  it("becomes what the Go api module makes of it", async () => {
    const decoded = FILES.filter((file) => file !== "api-largest-numbers.json").map(decodedOf);
    const answers = await askGo(decoded.map((job) => ({ Op: "canonicalise", JSON: JSON.stringify({ Job: encodeJob(job) }) })));
    for (const [index, job] of decoded.entries()) {
      expect(JSON.parse(JSON.stringify(encodeJob(clientCanonicalise(job))))).toEqual(answers[index]?.Result ?? answers[index]?.Error);
    }
  }, 300_000);
});

describe("the job's schema", () => {
  it("occurs in these files, field by field", () => {
    const seen = new Set<string>();
    for (const file of FILES) collect("Job", decodedOf(file), seen);
    const all = STRUCT_NAMES.flatMap((name) => structOf(name).fields.map((field) => `${name}.${field.name}`));
    expect(all.filter((field) => !seen.has(field))).toEqual([]);
  });
});

function collect(struct: StructName, value: object, into: Set<string>): void {
  for (const { name, type } of structOf(struct).fields) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (item === undefined) continue;
    into.add(`${struct}.${name}`);
    collectInside(type, item, into);
  }
}

function collectInside(type: FieldType, value: unknown, into: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (type.kind === "struct") collect(type.struct, value, into);
  if (type.kind === "list" || type.kind === "map") for (const item of Object.values(value)) collectInside(type.item, item, into);
}
