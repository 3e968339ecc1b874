import { describe, expect, it } from "vitest";
import { parseJobFile } from "../../../../src/nomad/jobspec/parse-job-file.ts";

const TASK = { task: { server: { driver: "exec", config: { command: "/bin/sleep", args: ["${NOMAD_ALLOC_INDEX}"] }, resources: { cpu: 50 } } } };

describe("a job file in HCL's JSON syntax", () => {
  it("is the job that the same blocks are in HCL", () => {
    const json = parseJobFile(JSON.stringify({ variable: { n: { default: 2 } }, job: { web: { datacenters: ["dc1"], group: { app: { count: "${var.n}", ...TASK } } } } }));
    const hcl = parseJobFile('variable "n" { default = 2 }\njob "web" {\n datacenters = ["dc1"]\n group "app" {\n count = var.n\n task "server" {\n driver = "exec"\n config {\n command = "/bin/sleep"\n args = ["${NOMAD_ALLOC_INDEX}"]\n }\n resources { cpu = 50 }\n }\n }\n}');
    expect([json.ok, hcl.ok]).toEqual([true, true]);
    expect(json.ok && json.value.job).toEqual(hcl.ok && hcl.value.job);
  });

  it.each(['{"job": {"ID": "web", "TaskGroups": []}}', '{"Job": {"ID": "web"}}', '{"ID": "web"}'])("is told from the API's JSON: %s", (text) => {
    expect(parseJobFile(text)).toMatchObject({ ok: true, value: { format: "json", job: { ID: "web" } } });
  });
});
