/** @module Job files of HCL as jobs: the conveniences of the format, its conversions, what is refused, and where things stand. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { positionOf } from "../../../../src/nomad/jobspec/hcl/decoding.ts";
import { formatDiagnostics, parseJobFile } from "../../../../src/nomad/jobspec/parse-job-file.ts";
import { parseJobRequest } from "../../../../src/nomad/jobspec/parse-request.ts";

const parsed = (text: string) => {
  const result = parseJobFile(text);
  if (!result.ok) throw new Error(formatDiagnostics(result.error));
  return result.value;
};

const refusal = (text: string): string => {
  const result = parseJobFile(text);
  if (result.ok) throw new Error(`this was accepted: ${text}`);
  return formatDiagnostics(result.error);
};

const jobOf = (inside: string) => parsed(`job "j" {\n${inside}\n}`).job;
const taskOf = (inside: string) => jobOf(`group "g" {\n task "t" {\n${inside}\n}\n}`).TaskGroups?.[0]?.Tasks?.[0];

describe("a job file", () => {
  it("is called by its label, or by what it says", () => {
    expect(parsed('job "a" {}').job).toEqual({ ID: "a", Name: "a" });
    expect(jobOf('id = "x"\nname = "y"')).toEqual({ ID: "x", Name: "y" });
  });

  it.each([
    ['meta {\n a = "x"\n}', { Meta: { a: "x" } }],
    ['meta = { a = "x", b = 1, c = true, d = null }', { Meta: { a: "x", b: "1", c: "true" } }],
    ["constraint {\n distinct_hosts = true\n}", { Constraints: [{ Operand: "distinct_hosts" }] }],
    ["constraint {\n distinct_hosts = false\n}", { Constraints: [] }],
    ['constraint {\n distinct_property = "${meta.rack}"\n value = "2"\n}', { Constraints: [{ Operand: "distinct_property", LTarget: "${meta.rack}", RTarget: "2" }] }],
    ['constraint {\n attribute = "a"\n regexp = "x.*"\n}', { Constraints: [{ LTarget: "a", Operand: "regexp", RTarget: "x.*" }] }],
    ['constraint {\n attribute = "a"\n value = "b"\n}', { Constraints: [{ LTarget: "a", RTarget: "b", Operand: "=" }] }],
    ['affinity {\n attribute = "a"\n set_contains_any = "b,c"\n weight = -5\n}', { Affinities: [{ LTarget: "a", Operand: "set_contains_any", RTarget: "b,c", Weight: -5 }] }],
    ['spread {\n attribute = "a"\n target "x" {\n percent = 60\n}\n target "y" {}\n}', { Spreads: [{ Attribute: "a", SpreadTarget: [{ Value: "x", Percent: 60 }, { Value: "y" }] }] }],
    ['periodic {\n cron = "@daily"\n}', { Periodic: { Spec: "@daily", SpecType: "cron" } }],
    ['periodic {\n crons = ["@daily"]\n enabled = "false"\n}', { Periodic: { Specs: ["@daily"], SpecType: "cron", Enabled: false } }],
    ["periodic {}", { Periodic: {} }],
    ['update {\n stagger = "1h30m"\n min_healthy_time = 5\n}', { Update: { Stagger: 5_400_000_000_000, MinHealthyTime: 5 } }],
    ['multiregion {\n region "eu" {\n count = 2\n}\n}', { Multiregion: { Regions: [{ Name: "eu", Count: 2 }] } }],
    ['priority = "70"\nall_at_once = "1"\ntype = null', { Priority: 70, AllAtOnce: true }],
  ])("reads %j", (inside, expected) => {
    expect(jobOf(inside)).toMatchObject(expected);
  });

  it("puts a task without a group into one of its name, before the groups", () => {
    const { TaskGroups: groups } = jobOf('group "g" {}\ntask "alone" {\n driver = "exec"\n}');
    expect(groups).toEqual([{ Name: "alone", Tasks: [{ Name: "alone", Driver: "exec" }] }, { Name: "g" }]);
  });

  it("lets tasks inherit vault and secrets, the nearest first, and groups consul", () => {
    const { TaskGroups: groups } = jobOf(`
      vault {
        role = "job"
      }
      consul {
        namespace = "c"
      }
      secret "s" {
        provider = "nomad"
      }
      group "g" {
        secret "s" {
          provider = "vault"
        }
        task "own" {
          vault {
            role = "task"
          }
        }
        task "other" {}
      }
      group "h" {
        vault {
          role = "group"
        }
        task "t" {}
      }`);
    expect(groups?.map(({ Consul }) => Consul)).toEqual([{ Namespace: "c" }, { Namespace: "c" }]);
    expect(groups?.map(({ Tasks }) => Tasks?.map(({ Vault, Secrets }) => [Vault?.["Role"], Secrets?.map((secret) => secret["Provider"])]))).toEqual([
      [["task", ["vault"]], ["job", ["vault"]]],
      [["group", ["nomad"]]],
    ]);
  });

  it("reserves ports that have numbers", () => {
    const network = 'network {\n port "a" {\n static = 80\n}\n port "b" {\n to = 8080\n}\n port "c" {}\n}';
    const ports = { ReservedPorts: [{ Label: "a", Value: 80 }], DynamicPorts: [{ Label: "b", To: 8080 }, { Label: "c" }] };
    expect(jobOf(`group "g" {\n${network}\n}`).TaskGroups?.[0]?.Networks).toEqual([ports]);
    expect(taskOf(`resources {\n${network}\n}`)?.Resources?.Networks).toEqual([ports]);
  });

  it.each([
    ["config {\n a = 1\n b = [1, { c = true }]\n}", { Config: { a: 1, b: [1, { c: true }] } }],
    ['config {\n mount {\n type = "bind"\n}\n mount {\n type = "volume"\n}\n}', { Config: { mount: [{ type: "bind" }, { type: "volume" }] } }],
    ['config {\n logging {\n type = "x"\n config {\n tag = "y"\n}\n}\n}', { Config: { logging: [{ type: "x", config: [{ tag: "y" }] }] } }],
    ['config {\n port_map "http" {\n to = 80\n}\n}', { Config: { port_map: [{ http: [{ to: 80 }] }] } }],
    ['env {\n A = "${NOMAD_PORT_http}"\n B = 2\n}', { Env: { A: "${NOMAD_PORT_http}", B: "2" } }],
    ['env = {\n A = "x"\n}', { Env: { A: "x" } }],
    ["identity {\n env = true\n}", { Identity: { Env: true } }],
    ['identity {\n name = "default"\n}\nidentity {\n name = "v"\n ttl = "1h"\n}', { Identity: { Name: "default" }, Identities: [{ Name: "v", TTL: 3_600_000_000_000 }] }],
    ['template {\n data = "x"\n destination = "local/y"\n}', { Templates: [{ EmbeddedTmpl: "x", DestPath: "local/y", ChangeMode: "restart", Splay: 5_000_000_000, Perms: "0644" }] }],
    ["vault {}", { Vault: { Env: true, DisableFile: false, ChangeMode: "restart" } }],
    ['artifact {\n source = "http://x/y"\n options {\n checksum = "md5:00"\n}\n headers {\n X-Y = "z"\n}\n}', { Artifacts: [{ GetterSource: "http://x/y", GetterOptions: { checksum: "md5:00" }, GetterHeaders: { "X-Y": "z" } }] }],
    ['scaling "cpu" {\n max = 5\n policy {\n check "c" {\n source = "p"\n}\n}\n}', { ScalingPolicies: [{ Type: "vertical_cpu", Max: 5, Policy: { check: [{ c: [{ source: "p" }] }] } }] }],
    ['service {\n check {\n type = "http"\n interval = "10s"\n header {\n A = ["b", "c"]\n}\n}\n}', { Services: [{ Checks: [{ Type: "http", Interval: 10_000_000_000, Header: { A: ["b", "c"] } }] }] }],
    ['action "a" {\n command = "x"\n}', { Actions: [{ Name: "a", Command: "x" }] }],
    ['resources {\n device "nvidia/gpu" {\n count = 2\n constraint {\n distinct_hosts = false\n}\n}\n}', { Resources: { Devices: [{ Name: "nvidia/gpu", Count: 2, Constraints: [] }] } }],
  ])("reads of a task %j", (inside, expected) => {
    expect(taskOf(inside)).toMatchObject(expected);
  });

  it("names volumes by their labels", () => {
    const volume = 'volume "data" {\n type = "host"\n source = "d"\n}';
    expect(jobOf(`group "g" {\n${volume}\n}`).TaskGroups?.[0]?.Volumes).toEqual({ data: { Name: "data", Type: "host", Source: "d" } });
  });

  it("may have variables, locals and dynamic blocks", () => {
    const { job } = parsed(`
      variable "ports" {
        default = ["http", "admin"]
      }
      locals {
        name = "web"
      }
      job "x" {
        region = local.name
        group "web" {
          network {
            dynamic "port" {
              for_each = var.ports
              labels   = [port.value]
              content {}
            }
          }
        }
      }`);
    expect(job.Region).toBe("web");
    expect(job.TaskGroups?.[0]?.Networks?.[0]?.DynamicPorts).toEqual([{ Label: "http" }, { Label: "admin" }]);
  });
});

describe("a job file that is wrong", () => {
  it.each([
    ['bogus = 1', 'input.hcl:2,1-6: Unsupported argument; An argument named "bogus" is not expected here.'],
    ["bogus {}", 'input.hcl:2,1-6: Unsupported block type; Blocks of type "bogus" are not expected here.'],
    ["update = 1", 'input.hcl:2,1-7: Unsupported argument; An argument named "update" is not expected here. Did you mean to define a block of type "update"?'],
    ["type {}", 'input.hcl:2,1-5: Unsupported block type; Blocks of type "type" are not expected here. Did you mean to define argument "type"? If so, use the equals sign to assign it a value.'],
    ['priority = "many"', "input.hcl:2,13-17: Unsuitable value type; Unsuitable value: a number is required"],
    ["priority = 1.5", "input.hcl:2,12-15: Unsuitable value type; Unsuitable value: value must be a whole number, between -9223372036854775808 and 9223372036854775807"],
    ["all_at_once = 3", "input.hcl:2,15-16: Unsuitable value type; Unsuitable value: bool required, but have number"],
    ["type = []", "input.hcl:2,8-9: Unsuitable value type; Unsuitable value: string required, but have tuple"],
    ['datacenters = "dc1"', "input.hcl:2,16-19: Unsuitable value type; Unsuitable value: list of string required, but have string"],
    ["group {}", "input.hcl:2,1-6: Missing name for group; All group blocks must have 1 labels (name)."],
    ['group "a" "b" {}', "input.hcl:2,11-14: Extraneous label for group; Only 1 labels (name) are expected for group blocks."],
    ['update "x" {}', "input.hcl:2,8-11: Extraneous label for update; No labels are expected for update blocks."],
    ["ui {}\nui {}", "input.hcl:3,1-3: Duplicate ui block; Only one ui block is allowed. Another was defined at input.hcl:2,1-3."],
    ['update {\n stagger = "soon"\n}', 'input.hcl:3,13-17: Unsuitable value type; Unsuitable duration value: time: invalid duration "soon"'],
    ['update {\n stagger = "5"\n}', 'input.hcl:3,13-14: Unsuitable value type; Unsuitable duration value: time: missing unit in duration "5"'],
    ['update {\n stagger = "1d"\n}', 'input.hcl:3,13-15: Unsuitable value type; Unsuitable duration value: time: unknown unit "d" in duration "1d"'],
    ["datacenter = []", 'input.hcl:2,1-11: Unsupported argument; An argument named "datacenter" is not expected here. Did you mean "datacenters"?'],
    ['datacenters = [["a"]]', "input.hcl:2,15-16: Unsuitable value type; Unsuitable value: element 0: string required, but have tuple"],
    ["meta {\n a = null\n}", "input.hcl:3,6-10: Unsuitable value type; Unsuitable value: null value is not allowed"],
    ['task "t" {\n lifecycle {}\n}', 'input.hcl:3,13-13: Missing required argument; The argument "hook" is required, but no definition was found.'],
    ["meta {\n a = []\n}", "input.hcl:3,6-7: Unsuitable value type; Unsuitable value: string required, but have tuple"],
    ["meta {\n a {}\n}", 'input.hcl:3,2-3: Unsupported block type; Blocks of type "a" are not expected here.'],
    ["affinity {\n weight = 200\n}", "input.hcl:3,11-14: Unsuitable value type; Unsuitable value: value must be a whole number, between -128 and 127 inclusive"],
  ])("is refused for %j", (inside, text) => {
    expect(refusal(`job "j" {\n${inside}\n}`)).toBe(text);
  });

  it.each([
    ["", "input.hcl:1,1: Missing job block; A job block is required."],
    ['job "a" {}\njob "b" {}', 'input.hcl:2,1-8: Duplicate job block; Only one block of type "job" is allowed. Previous definition was at input.hcl:1,1-8.'],
    ["job {}", "input.hcl:1,1-4: Missing name for job; All job blocks must have 1 labels (name)."],
    ['x = 1\njob "a" {}', 'input.hcl:1,1-2: Unsupported argument; An argument named "x" is not expected here.'],
    ['group "a" {}\njob "a" {}', 'input.hcl:1,1-6: Unsupported block type; Blocks of type "group" are not expected here.'],
  ])("is refused when it is %j", (text, message) => {
    expect(refusal(text).replace("1,1-1:", "1,1:")).toBe(message);
  });

  it("has all its faults told, in the order of the file, to a limit", () => {
    const text = `job "j" {\n update {}\n update {}\n x = 1\n group "g" {\n y = 2\n}\n}`;
    expect(refusal(text).split("\n").map((line) => line.slice(0, 14))).toEqual(["input.hcl:3,2-", "input.hcl:4,2-", "input.hcl:6,2-"]);
    const many = Array.from({ length: 500 }, (_, index) => `x${index} = 1`).join("\n");
    expect(refusal(`job "j" {\n${many}\n}`).split("\n")).toHaveLength(50);
  });

  it("never makes the parser throw", () => {
    const word = fc.constantFrom('job "j" {\n', "group", "task", "config", "update", '"x"', "{\n", "}\n", "=", "1", "[", "]", "\n", "${", "dynamic", "content", "for_each", "identity", "port", "env");
    fc.assert(fc.property(fc.array(word, { maxLength: 40 }), (words) => typeof parseJobFile(words.join(" ")).ok === "boolean"), { numRuns: 2000 });
  });
});

describe("where things stand", () => {
  const text = 'job "j" {\n  type = "batch"\n  task "t" {\n    config {\n      command = "x"\n      mount {\n        a = 1\n      }\n    }\n    identity {\n      env = true\n    }\n  }\n}';
  it.each([
    ["Type", 2],
    ["TaskGroups[0].Tasks[0].Config.command", 5],
    ["TaskGroups[0].Tasks[0].Config.mount[0].a", 7],
    ["TaskGroups[0].Tasks[0].Identity.Env", 11],
    ["TaskGroups[0].Tasks[0].Driver", 3],
    ["Priority", 1],
  ])("is known of %s", (path, line) => {
    expect(positionOf(parsed(text).positions, path)?.start.line).toBe(line);
  });
});

describe("the API's JSON as a job file", () => {
  it("is read with and without the request around it", () => {
    for (const text of ['{"Job":{"ID":"a"}}', ' \n{"id":"a"}', '\ufeff{"ID":"a"}']) expect(parsed(text)).toMatchObject({ job: { ID: "a" }, format: "json" });
  });

  it("is refused as JSON", () => {
    expect(refusal('{"Job":null}')).toBe("input.hcl:1,1: the field Job is null, and must be a job");
    expect(refusal('{"Job":{"ID":1}}')).toBe("input.hcl:1,1: json: cannot unmarshal number into Go struct field Job.Job.ID of type string");
  });
});

describe("a request to parse", () => {
  const ask = (request: unknown) => parseJobRequest(JSON.stringify(request));

  it("gives the job as Go writes it, canonical only where that is asked for", () => {
    const JobHCL = 'job "a" {}';
    const plain = ask({ JobHCL });
    const canonical = ask({ jobhcl: JobHCL, Canonicalize: true });
    if (!plain.ok || !canonical.ok) throw new Error("refused");
    expect(plain.value).toMatchObject({ ID: "a", Name: "a", Type: null, TaskGroups: null, Dispatched: false });
    expect(canonical.value).toMatchObject({ ID: "a", Type: "service", Priority: 50, Datacenters: null, NodePool: "" });
  });

  it("takes variables as a file, declared or not", () => {
    const JobHCL = 'variable "n" {}\njob "a" {\n type = var.n\n}';
    const reply = ask({ JobHCL, Variables: 'n = "batch"\nother = 1' });
    expect(reply.ok && reply.value["Type"]).toBe("batch");
  });

  it.each([
    [{ JobHCL: "" }, "Job spec is empty"],
    [{}, "Job spec is empty"],
    [{ JobHCL: 'job "a" {\n x = 1\n}' }, 'Failed to parse job: input.hcl:2,2-3: Unsupported argument; An argument named "x" is not expected here. Did you mean "id"?'],
    [{ JobHCL: 1 }, "json: cannot unmarshal number into Go struct field JobsParseRequest.JobHCL of type string"],
    [{ Canonicalize: "yes" }, "json: cannot unmarshal string into Go struct field JobsParseRequest.Canonicalize of type bool"],
  ])("refuses %j", (request, text) => {
    expect(ask(request)).toEqual({ ok: false, error: { code: 400, text } });
  });

  it.each(["", "{", "[]", '"x"'])("refuses the body %j", (body) => {
    expect(parseJobRequest(body).ok).toBe(false);
  });
});
