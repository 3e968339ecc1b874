/** @module NomadJob → JSON → NomadJob, by the command itself: the same bytes for every fixture and for generated jobs. */
import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobSpec } from "../../../../src/nomad/job.ts";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import { nomadJobObject } from "../../../../src/cli/convert/judge-job.ts";
import { readJobs } from "../../../../src/cli/convert/read-jobs.ts";
import { arbitraryStruct } from "../../nomad/jobspec/arbitrary-job.ts";
import { toYaml } from "../../../../src/lib/yaml.ts";
import { runConvert, sha256 } from "./run-convert.ts";

const GOLDEN = join(import.meta.dirname, "../../../golden");
const INPUTS = readdirSync(join(GOLDEN, "convert")).filter((name) => /^[\w-]+\.(hcl|json)$/.test(name)).map((name) => join("convert", name));

describe("the round trip", () => {
  it.each(INPUTS)("of %s gives the same bytes", async (file) => {
    const first = await runConvert([file], { [file]: readFileSync(join(GOLDEN, file), "utf8") });
    const json = await runConvert(["-to=json", "a.yaml"], { "a.yaml": first.out });
    const back = await runConvert(["a.json"], { "a.json": json.out });
    expect(first.out).not.toBe("");
    expect(back.out).toBe(first.out);
    expect((await runConvert(["a.yaml"], { "a.yaml": first.out })).out).toBe(first.out);
  });

  /** What the command does between its checks, for jobs that Nomad itself would refuse. */
  const read = (text: string): { readonly spec: JobSpec; readonly stop: boolean } => {
    const jobs = readJobs(text, { filename: "a" });
    if (!jobs.ok || jobs.value[0] === undefined) throw new Error(jobs.ok ? "no job" : jobs.error);
    return jobs.value[0];
  };

  it("of any job gives the same object", () => {
    fc.assert(
      fc.property(arbitraryStruct("Job"), fc.boolean(), (raw, stop) => {
        const decoded = decodeJob({ ...raw, ID: "a", Namespace: "default" });
        fc.pre(decoded.ok);
        const { spec } = canonicalise(decoded.value);
        const object = nomadJobObject({ ...spec, Payload: null }, sha256, { stop });
        const there = read(toYaml(object));
        const back = read(JSON.stringify({ Job: { ...there.spec, Stop: there.stop } }));
        expect(nomadJobObject(back.spec, sha256, { stop: back.stop })).toEqual(object);
      }),
      { numRuns: 200 },
    );
  });
});
