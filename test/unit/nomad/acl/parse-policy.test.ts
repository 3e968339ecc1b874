import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../../src/nomad/acl/parse-policy.ts";
import { EMPTY_POLICY, type Policy, rulesJson } from "../../../../src/nomad/acl/policy.ts";

const READ = [
  "list-jobs", "parse-job", "read-job", "csi-list-volume", "csi-read-volume", "read-job-scaling", "list-scaling-policies", "read-scaling-policy",
  "host-volume-read",
];
const WRITE = [
  ...READ, "scale-job", "submit-job", "dispatch-job", "read-logs", "read-fs", "alloc-exec", "alloc-lifecycle", "csi-mount-volume",
  "csi-write-volume", "submit-recommendation", "host-volume-create",
];
const SCALE = ["list-scaling-policies", "read-scaling-policy", "read-job-scaling", "scale-job", "read-job", "submit-recommendation"];

function policyOf(text: string): Policy {
  const result = parsePolicy(text, "strict");
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const namespace = (text: string): unknown => policyOf(text).namespaces[0];

describe("parsePolicy", () => {
  it.each([
    ["deny", ["deny"]],
    ["read", READ],
    ["scale", SCALE],
    ["write", WRITE],
  ])("reads namespace policy %s as its capabilities", (policy, capabilities) => {
    expect(namespace(`namespace "a" { policy = "${policy}" }`)).toEqual({ name: "a", policy, capabilities, variables: [] });
  });

  it.each([
    ["adds named capabilities to those of the policy", 'namespace "a" { policy = "read" capabilities = ["alloc-exec", "read-job"] }', [...READ, "alloc-exec"]],
    ["lets deny stand alone", 'namespace "a" {\n policy = "write"\n capabilities = ["deny"]\n}', ["deny"]],
    ["takes a last comma", 'namespace "a" {\n capabilities = [\n "read-fs",\n "read-logs",\n ]\n}', ["read-fs", "read-logs"]],
    ["adds what host-volume-write implies", 'namespace "a" { capabilities = ["host-volume-write"] }', ["host-volume-write", "host-volume-register", "host-volume-create", "host-volume-delete", "host-volume-read"]],
    ["adds what host-volume-register implies", 'namespace "a" { capabilities = ["host-volume-register"] }', ["host-volume-register", "host-volume-create", "host-volume-read"]],
    ["adds what host-volume-create implies", 'namespace "a" { capabilities = ["host-volume-create"] }', ["host-volume-create", "host-volume-read"]],
    ["leaves a rule without words empty", 'namespace "a" {}', []],
  ])("%s", (_name, text, capabilities) => {
    expect(policyOf(text).namespaces[0]?.capabilities).toEqual(capabilities);
  });

  it("reads every kind of rule", () => {
    const policy = policyOf(`
      # team policy
      namespace "team-*" {
        policy = "read"
        variables {
          path "nomad/jobs/*" { capabilities = ["read", "write"] }
          path "*" { capabilities = ["deny", "read"] }
        }
      }
      namespace "*" { policy = "deny" }
      node_pool "gpu_1" { policy = "write" }
      host_volume "data-*" { policy = "read" }
      agent { policy = "read" }
      node { policy = "write" }
      quota { policy = "deny" }
      plugin { policy = "list" }
      sentinel { policy = "write" }
      operator {
        policy = "read"
        capabilities = ["snapshot-save"]
      }
    `);
    expect(policy).toEqual({
      namespaces: [
        {
          name: "team-*",
          policy: "read",
          capabilities: READ,
          variables: [{ path: "nomad/jobs/*", capabilities: ["read", "write", "list"] }, { path: "*", capabilities: ["deny"] }],
        },
        { name: "*", policy: "deny", capabilities: ["deny"], variables: [] },
      ],
      nodePools: [{ name: "gpu_1", policy: "write", capabilities: ["delete", "read", "write"] }],
      hostVolumes: [{ name: "data-*", policy: "read", capabilities: ["mount-readonly"] }],
      levels: { agent: "read", node: "write", quota: "deny", plugin: "list", sentinel: "write" },
      operator: { policy: "read", capabilities: ["license-read", "keyring-read", "snapshot-save"] },
    });
  });

  it("reads an empty text as no rules", () => {
    expect(policyOf("")).toEqual(EMPTY_POLICY);
  });

  it.each([
    ["objects by name", '{"namespace": {"a": {"policy": "read"}, "b": {"capabilities": ["read-fs"]}}, "agent": {"policy": "write"}}'],
    ["lists of objects", ' \n{"namespace": [{"a": [{"policy": "read"}]}, {"b": {"capabilities": ["read-fs"]}}], "agent": [{"policy": "write"}]}'],
    ["HCL with objects", 'namespace = { a = { policy = "read" }, b = { capabilities = ["read-fs"] } }\nagent = { policy = "write" }'],
    ["HCL", 'namespace "a" { policy = "read" }\nnamespace b { capabilities = ["read-fs"] }\nagent { policy = "write" }'],
  ])("reads the same rules from %s", (_name, text) => {
    expect(policyOf(text)).toEqual({
      namespaces: [
        { name: "a", policy: "read", capabilities: READ, variables: [] },
        { name: "b", policy: "", capabilities: ["read-fs"], variables: [] },
      ],
      nodePools: [],
      hostVolumes: [],
      levels: { agent: "write" },
    });
  });

  it("reads variables from JSON", () => {
    const text = '{"namespace": {"a": {"variables": {"path": {"x/*": {"capabilities": ["list"]}}}}}}';
    expect(policyOf(text).namespaces[0]?.variables).toEqual([{ path: "x/*", capabilities: ["list"] }]);
  });
});

describe("parsePolicy refuses", () => {
  it.each([
    ["a syntax error", 'namespace "a" {\n policy = \n}', "Failed to parse ACL Policy: line 2, column 11: expected a value, but found a line end"],
    ["a JSON syntax error", '{"namespace": }', 'Failed to parse ACL Policy: line 1, column 15: expected a value, but found "}"'],
    ["a policy that is not a string", 'namespace "a" {\n policy = 5\n}', 'Failed to parse ACL Policy: line 2, column 11: "policy" must be a string'],
    ["a template as a policy", 'agent {\n policy = "${read}"\n}', 'Failed to parse ACL Policy: line 2, column 11: "policy" must be a string'],
    ["capabilities that are not a list", 'namespace "a" { capabilities = "x" }', 'Failed to parse ACL Policy: line 1, column 32: "capabilities" must be a list of strings'],
    ["a capability that is not a string", 'namespace "a" { capabilities = [1] }', 'Failed to parse ACL Policy: line 1, column 33: "capabilities" must be a list of strings'],
    ["comments alone", "# nothing", "Invalid policy: # nothing"],
    ["a JSON object without rules", "{}", "Invalid policy: {}"],
    ["an unknown block", 'namespaces "a" { policy = "read" }', "Invalid or duplicate policy keys: namespaces"],
    ["an unknown attribute", 'namespace "a" {\n policy = "read"\n capability = ["x"]\n}\nfoo = 1', "Invalid or duplicate policy keys: capability, foo"],
    ["a policy set twice", 'namespace "a" {\n policy = "read"\n policy = "deny"\n}', "Invalid or duplicate policy keys: policy"],
    ["agent twice", 'agent { policy = "read" }\nagent { policy = "deny" }', "Invalid or duplicate policy keys: agent"],
    ["a key twice in JSON", '{"agent": {"policy": "deny", "policy": "write"}}', "Invalid or duplicate policy keys: policy"],
    ["a second label", 'namespace "a" "b" { policy = "read" }', "Invalid or duplicate policy keys: namespace"],
    ["a label where none belongs", 'agent "a" { policy = "read" }', "Invalid or duplicate policy keys: agent"],
    ["a namespace that is a string", 'namespace = "a"', "Invalid or duplicate policy keys: namespace"],
    ["a namespace without a name", 'namespace { policy = "read" }', 'Invalid namespace name: "" (line 1)'],
    ["a namespace with a bad name", 'namespace "a b" { policy = "read" }', 'Invalid namespace name: "a b" (line 1)'],
    ["a namespace name with an underscore", 'namespace "a_b" { policy = "read" }', 'Invalid namespace name: "a_b" (line 1)'],
    ["a namespace name that is too long", `namespace "${"a".repeat(129)}" {}`, `Invalid namespace name: "${"a".repeat(129)}" (line 1)`],
    ["an unknown capability", '\nnamespace "a" { capabilities = ["read-job", "fly"] }', "Invalid namespace capability 'fly': namespace \"a\" (line 2)"],
    ["an unknown namespace policy", 'namespace "a" { policy = "list" }', "Invalid namespace policy 'list': namespace \"a\" (line 1)"],
    ["a policy named like an inherited property", 'namespace "a" { policy = "constructor" }', "Invalid namespace policy 'constructor': namespace \"a\" (line 1)"],
    ["an unknown agent policy", 'agent { policy = "list" }', "Invalid agent policy: 'list' (line 1)"],
    ["an agent without policy", "agent {}", "Invalid agent policy: '' (line 1)"],
    ["an unknown node pool policy", 'node_pool "a" { policy = "scale" }', "Invalid node pool policy 'scale': node pool \"a\" (line 1)"],
    ["an unknown node pool capability", 'node_pool "a" { capabilities = ["mount"] }', "Invalid node pool capability 'mount': node pool \"a\" (line 1)"],
    ["a bad node pool name", 'node_pool "a.b" { policy = "read" }', 'Invalid node pool name: "a.b" (line 1)'],
    ["an unknown host volume capability", 'host_volume "a" { capabilities = ["mount"] }', "Invalid host volume capability 'mount': host volume \"a\" (line 1)"],
    ["an unknown operator capability", 'operator { capabilities = ["fly"] }', "Invalid operator capability 'fly': operator (line 1)"],
    ["a variable path that begins with a slash", 'namespace "a" {\n variables {\n path "/x" {}\n }\n}', 'Invalid variables path "/x": it must not begin with "/" (line 3)'],
    ["a variable path without a name", 'namespace "a" {\n variables {\n path {}\n }\n}', "Invalid variables path: a path needs a label (line 3)"],
    ["an unknown variables capability", 'namespace "a" {\n variables {\n path "x" { capabilities = ["submit-job"] }\n }\n}', "Invalid variables capability 'submit-job': path \"x\" (line 3)"],
  ])("%s", (_name, text, error) => {
    expect(parsePolicy(text, "strict")).toEqual({ ok: false, error });
  });

  it("lets unknown and repeated keys pass when lenient, and nothing else", () => {
    expect(parsePolicy('namespace "a" {\n policy = "read"\n color = "red"\n}\nfoo = 1', "lenient").ok).toBe(true);
    expect(parsePolicy('namespace "a" { capabilities = ["fly"] }', "lenient").ok).toBe(false);
  });

  it("never throws on any text", () => {
    const words = fc.constantFrom("namespace ", '"a" ', "agent ", "{", "}", "policy", "=", '"read"', "[", "]", ",", "\n", ":", "path ", "variables ", "1", "null");
    const text = fc.oneof(fc.string(), fc.json(), fc.array(words).map((list) => list.join("")));
    fc.assert(
      fc.property(text, (source) => {
        const result = parsePolicy(source, "strict");
        expect(result.ok ? typeof rulesJson(result.value) : result.error).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("rulesJson", () => {
  it("shows the rules in Nomad's field names", () => {
    const policy = policyOf('namespace "a" {\n policy = "scale"\n variables {\n path "x" { capabilities = ["list"] }\n }\n}\nagent { policy = "read" }\noperator { policy = "deny" }');
    expect(rulesJson(policy)).toEqual({
      Namespaces: [{ Name: "a", Policy: "scale", Capabilities: SCALE, Variables: { Paths: [{ PathSpec: "x", Capabilities: ["list"] }] } }],
      NodePools: [],
      HostVolumes: [],
      Agent: { Policy: "read" },
      Node: null,
      Operator: { Policy: "deny", Capabilities: ["deny"] },
      Quota: null,
      Plugin: null,
    });
  });
});
