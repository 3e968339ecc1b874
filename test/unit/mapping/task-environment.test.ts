import { describe, expect, it } from "vitest";
import { type ExecTaskSpec, execTaskSpec } from "../../../src/api/exec-task.ts";
import { allocationName, taskEnvironment } from "../../../src/mapping/task-environment.ts";

const IDENTITY = { namespace: "team", region: "eu", datacenter: "fra1", jobId: "shop", jobName: "shop", parentId: "", group: "front", task: "nginx", index: 2, mhzPerCore: 2500 };
const environment = (spec: Partial<ExecTaskSpec> = {}) => taskEnvironment(execTaskSpec.parse({ command: "x", ...spec }), IDENTITY);

describe("taskEnvironment", () => {
  it("is what Nomad gives, as far as it is known before the pod exists", () => {
    expect(environment()).toEqual({
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      NOMAD_ALLOC_DIR: "/alloc", NOMAD_TASK_DIR: "/local", NOMAD_SECRETS_DIR: "/secrets",
      NOMAD_ALLOC_NAME: "shop.front[2]", NOMAD_ALLOC_INDEX: "2", NOMAD_TASK_NAME: "nginx", NOMAD_GROUP_NAME: "front",
      NOMAD_JOB_ID: "shop", NOMAD_JOB_NAME: "shop", NOMAD_NAMESPACE: "team", NOMAD_REGION: "eu", NOMAD_DC: "fra1",
      NOMAD_CPU_LIMIT: "100", NOMAD_MEMORY_LIMIT: "300",
    });
  });

  it("leaves to the launcher what only the pod knows", () => {
    for (const name of ["NOMAD_ALLOC_ID", "NOMAD_SHORT_ALLOC_ID", "HOME", "USER", "LOGNAME"]) expect(environment()).not.toHaveProperty(name);
  });

  it("names the memory limit only where there is one of its own", () => {
    expect(environment({ resources: { cpu: 250, memory: 64, memoryMax: 128, secrets: 1 } })).toMatchObject({ NOMAD_CPU_LIMIT: "250", NOMAD_MEMORY_LIMIT: "64", NOMAD_MEMORY_MAX_LIMIT: "128" });
  });

  it("derives the MHz from whole cores", () => {
    expect(environment({ resources: { cpu: 100, cores: 3, memory: 64, secrets: 1 } })).toMatchObject({ NOMAD_CPU_LIMIT: "7500" });
  });

  it.each<[Record<string, string>, object]>([
    [{ key: "v" }, { NOMAD_META_key: "v", NOMAD_META_KEY: "v" }],
    [{ "my-key.v2": "v" }, { NOMAD_META_my_key_v2: "v", NOMAD_META_MY_KEY_V2: "v" }],
    [{ "ключ": "" }, { NOMAD_META_____: "" }],
  ])("gives meta %j as %j", (meta, expected) => expect(environment({ meta })).toMatchObject(expected));

  it("asks the launcher for the list of cores where the task has some of its own", () => {
    expect(environment({ resources: { cpu: 100, cores: 2, memory: 64, secrets: 1 } })).toMatchObject({ NOMAD_CPU_CORES: "" });
    expect(environment()).not.toHaveProperty("NOMAD_CPU_CORES");
  });

  it("leaves the job's own env to the launcher, which interpolates it", () => {
    expect(environment({ env: { PATH: "/bin", OWN: "${x}" }, meta: { a: "meta" } })).toMatchObject({ NOMAD_META_a: "meta", PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" });
  });
});

describe("allocationName", () => {
  it("is job, group and index", () => expect(allocationName({ jobId: "a/b", group: "g", index: 0 })).toBe("a/b.g[0]"));
});
