import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { Node } from "../../../../src/api/pod.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { toYaml } from "../../../../src/lib/yaml.ts";
import { services } from "../../../../src/mapping/job/service-objects.ts";
import { jobGroups, refusalOf } from "../../../../src/mapping/job/job-groups.ts";
import { acceptGroup, type AcceptedGroup, podForTask } from "../../../../src/mapping/pod-for-task.ts";
import { sha256 } from "../mapping-fixtures.ts";
import { jobOf, type LooseJob, nodeOf, objectOf } from "./job-fixtures.ts";

const IMAGES = { launcher: "registry.example/launcher:1", fetch: "registry.example/fetch:1" };
const FOLDER = join(import.meta.dirname, "../../../golden/pod-for-job");

type Case = { readonly config: object; readonly job: LooseJob; readonly index?: number; readonly payloadSecret?: string; readonly nodes?: readonly Partial<Node["metadata"]>[] };

/** The pods with their launchers' documents beside them, the Services, and the findings of the job. */
function outcomeOf({ config: given, job: loose, index = 0, payloadSecret, nodes }: Case): unknown {
  const config = bridgeConfigSpec.parse(given);
  const job = jobOf(loose);
  const mapped = jobGroups(objectOf(job, payloadSecret === undefined ? {} : { payloadSecret }), job, config);
  const refusal = refusalOf(mapped);
  if (refusal !== undefined) return { refused: refusal };
  const accepted = mapped.groups.map(({ group }) => (group.ok ? acceptGroup(group.value, config, sha256) : group));
  const groups: AcceptedGroup[] = [];
  for (const group of accepted) {
    if (!group.ok) return { refused: group.error };
    groups.push(group.value);
  }
  const place = { index, serial: 1, reschedules: 0, ...(nodes === undefined ? {} : { nodes: nodes.map((metadata) => ({ node: nodeOf(metadata), config })) }) };
  const pods = groups.map((group) => podForTask(group, place, IMAGES));
  const found = services(groups, sha256);
  return {
    pods: pods.map((pod) => (pod.ok ? shown(pod.value) : { refused: pod.error })),
    ...(found.length > 0 ? { services: found } : {}),
    findings: [...mapped.findings, ...mapped.groups.flatMap(({ findings }) => findings), ...groups.flatMap(({ findings }) => findings)],
  };
}

const DOCUMENT = new RegExp(`^${ANNOTATION.launcher}(-(?!protocol$).+)?$`);

/** A launcher's document as an object, where a person can read it. */
function shown(pod: KubeObject) {
  const entries = Object.entries(pod.metadata.annotations ?? {}).map(([name, text]) => [name, DOCUMENT.test(name) ? (JSON.parse(text) as unknown) : text] as const);
  return { ...pod, metadata: { ...pod.metadata, annotations: Object.fromEntries(entries) } };
}

const cases = globSync("*.in.yaml", { cwd: FOLDER }).map((file) => basename(file, ".in.yaml")).sort();

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

describe("pods of Nomad jobs, beside their golden files", () => {
  it("have cases, and no result without a case", () => {
    expect(cases.length).toBeGreaterThanOrEqual(15);
    expect(globSync("*.out.yaml", { cwd: FOLDER }).map((file) => basename(file, ".out.yaml")).sort()).toEqual(cases);
  });

  it.each(cases)("%s", (name) => {
    const text = toYaml(outcomeOf(parse(readFileSync(join(FOLDER, `${name}.in.yaml`), "utf8")) as Case));
    const path = join(FOLDER, `${name}.out.yaml`);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
    expect(text).toBe(readIfThere(path) ?? `no ${path}: run the tests with UPDATE_GOLDEN=1 and read what it wrote`);
  });
});
