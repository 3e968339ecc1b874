import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as acl from "../../../../src/nomad/acl/acl.ts";
import { parsePolicy } from "../../../../src/nomad/acl/parse-policy.ts";
import type { Policy } from "../../../../src/nomad/acl/policy.ts";

function policyOf(text: string): Policy {
  const result = parsePolicy(text, "strict");
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const compiled = (...texts: readonly string[]): acl.Acl => acl.compileAcl(texts.map(policyOf));

const LEVEL_QUESTIONS = {
  agentRead: acl.allowAgentRead,
  agentWrite: acl.allowAgentWrite,
  nodeRead: acl.allowNodeRead,
  nodeWrite: acl.allowNodeWrite,
  quotaRead: acl.allowQuotaRead,
  quotaWrite: acl.allowQuotaWrite,
  pluginRead: acl.allowPluginRead,
  pluginList: acl.allowPluginList,
  operatorRead: acl.allowOperatorRead,
  operatorWrite: acl.allowOperatorWrite,
};

const allowed = (subject: acl.Acl): readonly string[] => Object.entries(LEVEL_QUESTIONS).flatMap(([name, ask]) => (ask(subject) ? [name] : []));

describe("a management ACL", () => {
  it("may do everything", () => {
    const subject = acl.MANAGEMENT_ACL;
    expect(allowed(subject)).toEqual(Object.keys(LEVEL_QUESTIONS));
    expect([
      acl.isManagement(subject),
      acl.allowNamespace(subject, "any"),
      acl.allowNamespaceOperation(subject, "any", "alloc-node-exec"),
      acl.allowVariableOperation(subject, { namespace: "any", path: "x" }, "destroy"),
      acl.allowNodePoolOperation(subject, "any", "delete"),
      acl.allowHostVolumeOperation(subject, "any", "mount-readwrite"),
      acl.allowOperatorOperation(subject, "snapshot-save"),
    ]).not.toContain(false);
  });
});

describe("an ACL without policies", () => {
  it("may do nothing", () => {
    const subject = acl.DENY_ALL_ACL;
    expect(allowed(subject)).toEqual([]);
    expect([
      acl.isManagement(subject),
      acl.allowNamespace(subject, "default"),
      acl.allowNamespace(subject, "*"),
      acl.allowNamespaceOperation(subject, "default", "list-jobs"),
      acl.allowNamespaceOperation(subject, "*", "list-jobs"),
      acl.allowVariableOperation(subject, { namespace: "default", path: "x" }, "list"),
      acl.allowNodePoolOperation(subject, "default", "read"),
      acl.allowHostVolumeOperation(subject, "x", "mount-readonly"),
      acl.allowOperatorOperation(subject, "license-read"),
    ]).not.toContain(true);
  });
});

describe("the words for the whole cluster", () => {
  it.each([
    ["agent", "read", ["agentRead"]],
    ["agent", "write", ["agentRead", "agentWrite"]],
    ["agent", "deny", []],
    ["node", "read", ["nodeRead"]],
    ["node", "write", ["nodeRead", "nodeWrite"]],
    ["quota", "read", ["quotaRead"]],
    ["quota", "write", ["quotaRead", "quotaWrite"]],
    ["plugin", "list", ["pluginList"]],
    ["plugin", "read", ["pluginRead", "pluginList"]],
    ["plugin", "write", []],
    ["operator", "read", ["operatorRead"]],
    ["operator", "write", ["operatorRead", "operatorWrite"]],
    ["operator", "deny", []],
  ])("%s %s allows %j", (kind, word, questions) => {
    expect(allowed(compiled(`${kind} { policy = "${word}" }`))).toEqual(questions);
  });

  it.each([
    ["deny beats write", ["deny", "write"], []],
    ["write beats read", ["read", "write"], ["agentRead", "agentWrite"]],
    ["deny beats read", ["read", "deny"], []],
  ])("of two policies, %s", (_name, words, questions) => {
    expect(allowed(compiled(...words.map((word) => `agent { policy = "${word}" }`)))).toEqual(questions);
  });

  it("read beats list", () => {
    expect(allowed(compiled('plugin { policy = "list" }', 'plugin { policy = "read" }'))).toEqual(["pluginRead", "pluginList"]);
  });
});

describe("operator capabilities", () => {
  it.each([
    ["read brings license-read", ['operator { policy = "read" }'], "license-read", true],
    ["read does not bring snapshot-save", ['operator { policy = "read" }'], "snapshot-save", false],
    ["write brings snapshot-save", ['operator { policy = "write" }'], "snapshot-save", true],
    ["one can be named alone", ['operator { capabilities = ["snapshot-save"] }'], "snapshot-save", true],
    ["policies add up", ['operator { policy = "read" }', 'operator { capabilities = ["keyring-rotate"] }'], "keyring-rotate", true],
    ["deny in one policy takes all", ['operator { policy = "write" }', 'operator { capabilities = ["deny"] }'], "license-read", false],
  ] as const)("%s", (_name, texts, capability, answer) => {
    expect(acl.allowOperatorOperation(compiled(...texts), capability)).toBe(answer);
  });

  it("named alone do not make an operator who reads or writes", () => {
    expect(allowed(compiled('operator { capabilities = ["snapshot-save"] }'))).toEqual([]);
  });
});

describe("allowNamespace", () => {
  it.each([
    ["no rule", 'namespace "bar" { policy = "read" }', "foo", false],
    ["a read rule", 'namespace "foo" { policy = "read" }', "foo", true],
    ["a single capability", 'namespace "foo" { capabilities = ["list-jobs"] }', "foo", true],
    ["an empty rule", 'namespace "foo" {}', "foo", false],
    ["a denying rule", 'namespace "foo" { policy = "deny" }', "foo", false],
    ["deny among others", 'namespace "foo" { capabilities = ["deny", "list-jobs"] }', "foo", false],
    ["a glob", 'namespace "f*" { policy = "read" }', "foo", true],
    ["a denying glob", 'namespace "f*" { policy = "deny" }', "foo", false],
    ["every namespace asked, some granted", 'namespace "foo" { policy = "read" }', "*", true],
    ["every namespace asked, all denied", 'namespace "foo" { policy = "deny" }', "*", false],
    ["another case", 'namespace "Foo" { policy = "read" }', "foo", false],
    ["variables alone", 'namespace "foo" { variables { path "*" { capabilities = ["read"] } } }', "foo", false],
  ])("%s", (_name, text, namespace, answer) => {
    expect(acl.allowNamespace(compiled(text), namespace)).toBe(answer);
  });
});

describe("allowNamespaceOperation", () => {
  it.each([
    ["write does not bring alloc-node-exec", 'namespace "a" { policy = "write" }', ["a", "alloc-node-exec"], false],
    ["write brings alloc-exec", 'namespace "a" { policy = "write" }', ["a", "alloc-exec"], true],
    ["read does not bring alloc-exec", 'namespace "a" { policy = "read" }', ["a", "alloc-exec"], false],
    ["another namespace has nothing", 'namespace "a" { policy = "write" }', ["b", "alloc-exec"], false],
    ["every namespace: granted in one", 'namespace "a" { policy = "read" }', ["*", "read-job"], true],
    ["every namespace: not this capability", 'namespace "a" { policy = "read" }', ["*", "submit-job"], false],
    ["every namespace: granted by a glob", 'namespace "a*" { policy = "read" }', ["*", "read-job"], true],
    ["every namespace: denied", 'namespace "a" { policy = "deny" }', ["*", "read-job"], false],
  ] as const)("%s", (_name, text, [namespace, capability], answer) => {
    expect(acl.allowNamespaceOperation(compiled(text), namespace, capability)).toBe(answer);
  });

  it.each([
    ["the exact name beats every glob", { "prod-web": "deny", "prod-*": "write", "*": "write" }, "prod-web", false],
    ["the exact name grants past a denying glob", { "prod-web": "write", "*": "deny" }, "prod-web", true],
    ["the closer glob wins", { "prod-*": "write", "*": "deny" }, "prod-web", true],
    ["the closer glob wins, however it is written", { "*-web": "deny", "prod-we*": "write" }, "prod-web", true],
    ["nothing is inherited from a wider glob", { "prod-*": "none", "*": "write" }, "prod-web", false],
    ["stars on both sides count what they stand for", { "*od-w*": "deny", "prod-*": "write" }, "prod-web", true],
    ["equally close: the last in byte order wins", { "prod-*": "deny", "*-web1": "write" }, "prod-web1", false],
    ["equally close: the last in byte order wins again", { "a*c": "deny", "ab*": "write" }, "abc", true],
    ["equally close with a star more: the last in byte order", { "*b*": "write", "*bc": "deny", "a**": "deny" }, "abc", false],
    ["a glob that does not match is no rule", { "dev-*": "write" }, "prod-web", false],
    ["a star may stand for nothing", { "prod*": "write" }, "prod", true],
  ])("%s", (_name, rules, namespace, answer) => {
    const text = Object.entries(rules).map(([name, policy]) => `namespace "${name}" { ${policy === "none" ? "" : `policy = "${policy}"`} }`);
    for (const texts of [text, text.toReversed()]) {
      expect(acl.allowNamespaceOperation(compiled(texts.join("\n")), namespace, "submit-job")).toBe(answer);
      expect(acl.allowNamespaceOperation(compiled(...texts), namespace, "submit-job")).toBe(answer);
    }
  });

  it("adds up what several policies say of the same name", () => {
    const subject = compiled('namespace "a" { capabilities = ["read-fs"] }', 'namespace "a" { capabilities = ["read-logs"] }');
    expect(acl.allowNamespaceOperation(subject, "a", "read-fs")).toBe(true);
    expect(acl.allowNamespaceOperation(subject, "a", "read-logs")).toBe(true);
  });

  it("lets deny win over the other policies, for that name only", () => {
    const subject = compiled('namespace "a" { policy = "write" }\nnamespace "b" { policy = "write" }', 'namespace "a" { policy = "deny" }', 'namespace "a" { policy = "write" }');
    expect(acl.allowNamespaceOperation(subject, "a", "list-jobs")).toBe(false);
    expect(acl.allowNamespaceOperation(subject, "b", "list-jobs")).toBe(true);
  });
});

describe("variables", () => {
  const text = `namespace "prod" {
    policy = "write"
    variables {
      path "app/*" { capabilities = ["read"] }
      path "app/secret" { capabilities = ["deny"] }
      path "own" { capabilities = ["write", "destroy"] }
    }
  }
  namespace "dev-*" { variables { path "*" { capabilities = ["list"] } } }`;
  it.each([
    ["prod", "app/x", "read", true],
    ["prod", "app/x", "list", true],
    ["prod", "app/x", "write", false],
    ["prod", "app/secret", "read", false],
    ["prod", "own", "destroy", true],
    ["prod", "own", "read", false],
    ["prod", "other", "list", false],
    ["dev-1", "any/thing", "list", true],
    ["dev-1", "any/thing", "read", false],
    ["test", "app/x", "read", false],
  ] as const)("in %s the path %s answers %s with %s", (namespace, path, capability, answer) => {
    expect(acl.allowVariableOperation(compiled(text), { namespace, path }, capability)).toBe(answer);
  });
});

describe("node pools and host volumes", () => {
  const subject = compiled('node_pool "gpu*" { policy = "read" }\nnode_pool "gpu-own" { policy = "write" }\nhost_volume "*" { policy = "read" }\nhost_volume "db" { policy = "deny" }');
  it.each([
    ["gpu1", "read", true],
    ["gpu1", "write", false],
    ["gpu-own", "delete", true],
    ["cpu", "read", false],
  ] as const)("node pool %s answers %s with %s", (name, capability, answer) => {
    expect(acl.allowNodePoolOperation(subject, name, capability)).toBe(answer);
  });
  it.each([
    ["logs", "mount-readonly", true],
    ["logs", "mount-readwrite", false],
    ["db", "mount-readonly", false],
  ] as const)("host volume %s answers %s with %s", (name, capability, answer) => {
    expect(acl.allowHostVolumeOperation(subject, name, capability)).toBe(answer);
  });
});

describe("for any policies", () => {
  const ruleName = fc.stringMatching(/^[ab*]{1,4}$/);
  const rule = fc.record({ name: ruleName, policy: fc.constantFrom("read", "write", "scale") });
  const text = (rules: readonly { name: string; policy: string }[]): string => rules.map(({ name, policy }) => `namespace "${name}" { policy = "${policy}" }`).join("\n");
  const policies = fc.array(fc.array(rule, { minLength: 1, maxLength: 3 }).map(text), { maxLength: 4 });
  const namespace = fc.stringMatching(/^[ab]{1,4}$/);
  const capability = fc.constantFrom("read-job" as const, "submit-job" as const, "scale-job" as const);

  it("deny of the very namespace always wins", () => {
    fc.assert(
      fc.property(policies, namespace, capability, fc.nat(), (texts, name, asked, at) => {
        const all = texts.toSpliced(at % (texts.length + 1), 0, `namespace "${name}" { policy = "deny" }`);
        expect(acl.allowNamespaceOperation(compiled(...all), name, asked)).toBe(false);
      }),
    );
  });

  it("the rule of the very namespace decides alone, whatever the globs say", () => {
    fc.assert(
      fc.property(policies, namespace, capability, (texts, name, asked) => {
        const globs = texts.map((entry) => entry.replaceAll(/"([ab]+)"/g, '"$1*"'));
        const own = `namespace "${name}" { policy = "read" }`;
        expect(acl.allowNamespaceOperation(compiled(...globs, own), name, asked)).toBe(asked === "read-job");
      }),
    );
  });

  it("a glob with one more letter wins over the shorter one", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab]{2,6}$/), fc.nat(), (name, at) => {
        const short = 1 + (at % (name.length - 1));
        const texts = [`namespace "${name.slice(0, short)}*" { policy = "deny" }`, `namespace "${name.slice(0, short + 1)}*" { policy = "write" }`];
        expect(acl.allowNamespaceOperation(compiled(...texts), name, "submit-job")).toBe(true);
      }),
    );
  });

  it("their order does not matter", () => {
    const shuffled = policies.chain((texts) => fc.tuple(fc.constant(texts), fc.shuffledSubarray(texts, { minLength: texts.length })));
    fc.assert(
      fc.property(shuffled, namespace, capability, ([texts, others], name, asked) => {
        expect(acl.allowNamespaceOperation(compiled(...texts), name, asked)).toBe(acl.allowNamespaceOperation(compiled(...others), name, asked));
      }),
    );
  });
});
