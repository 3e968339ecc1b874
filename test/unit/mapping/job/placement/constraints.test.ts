import { describe, expect, it } from "vitest";
import { nodeRecord } from "../../../../../src/mapping/node-facts.ts";
import { constraintProblem, meetsConstraint } from "../../../../../src/mapping/job/placement/constraints.ts";
import { globPattern } from "../../../../../src/mapping/job/placement/datacenters.ts";
import { configOf } from "../../mapping-fixtures.ts";
import { nodeOf } from "../job-fixtures.ts";

const node = nodeRecord({
  node: nodeOf({ name: "worker-1", labels: { "nomad-bridge.dev/node-class": "big", "nomad-bridge.dev/datacenter": "eu-1", "meta.nomad-bridge.dev/rack": "r12", "topology.kubernetes.io/zone": "a" }, annotations: { "meta.nomad-bridge.dev/tags": "ssd, gpu ,fast" } }),
  config: configOf(),
});
const meets = (LTarget: string, Operand: string, RTarget: string) => meetsConstraint({ LTarget, Operand, RTarget }, node);

describe("a constraint", () => {
  it.each<[string, string, string, boolean]>([
    ["${attr.kernel.name}", "=", "linux", true], ["${attr.kernel.name}", "==", "linux", true], ["${attr.kernel.name}", "is", "windows", false],
    ["${attr.kernel.name}", "!=", "windows", true], ["${attr.kernel.name}", "not", "linux", false],
    ["${attr.nope}", "=", "", false], ["${attr.nope}", "!=", "x", true], ["${attr.nope}", "!=", "${attr.nope}", false],
    ["linux", "=", "${attr.kernel.name}", true],
    ["${node.unique.name}", "=", "worker-1", true], ["${node.unique.id}", "=", "uid-worker-1", true], ["${node.class}", "=", "big", true], ["${node.pool}", "=", "default", true],
    ["${node.datacenter}", "=", "eu-1", true], ["${node.region}", "=", "global", true], ["${meta.rack}", "=", "r12", true], ["${meta.topology.kubernetes.io/zone}", "=", "a", true],
    ["${node.nope}", "=", "", false], ["${attr.constructor}", "is_set", "", false],
    ["${attr.cpu.numcores}", ">", "3", true], ["${attr.cpu.numcores}", ">=", "4.0", true], ["${attr.cpu.numcores}", "<", "10", true], ["${attr.cpu.numcores}", "<=", "3", false],
    ["${meta.rack}", "<", "r2", true], ["${meta.rack}", ">", "r2", false], ["${attr.nope}", "<", "1", false],
    ["${meta.rack}", "regexp", "^r[0-9]+$", true], ["${meta.rack}", "regexp", "2$", true], ["${meta.rack}", "regexp", "^x", false], ["${meta.rack}", "regexp", "(", false],
    ["${attr.nomad.version}", "version", ">= 1.4, < 9", true], ["${attr.os.version}", "version", "~> 12", true], ["${attr.kernel.version}", "version", ">= 5", false], ["${attr.kernel.version}", "semver", ">= 5.0.0", true],
    ["${meta.tags}", "set_contains", "gpu,ssd", true], ["${meta.tags}", "set_contains_all", "gpu, nope", false], ["${meta.tags}", "set_contains_any", "nope, fast", true], ["${meta.tags}", "set_contains_any", "nope", false],
    ["${meta.rack}", "is_set", "", true], ["${meta.nope}", "is_set", "", false], ["${meta.nope}", "is_not_set", "", true], ["${meta.rack}", "is_not_set", "", false],
    ["${driver.exec}", "=", "1", false], ["${attr.driver.exec}", "=", "1", true],
  ])("%s %s %s: %s", (left, operand, right, answer) => expect(meets(left, operand, right)).toBe(answer));

  it.each([
    ["regexp", "(", /^Regular expression failed to compile: error parsing regexp: /], ["regexp", "(?=x)", /^Regular expression failed to compile/], ["version", "abc", /^Version constraint is invalid/],
    ["semver", "~> 1.2.3", /^Semver constraint is invalid/], ["semver", ">= 1.2", /^Semver constraint is invalid/], ["near", "x", /^Unknown constraint type "near"/], ["distinct_property", "-1", /^Failed to convert RTarget "-1" to uint64/],
  ])("that is wrong says so: %s %s", (Operand, RTarget, text) => expect(constraintProblem({ LTarget: "${meta.rack}", Operand, RTarget })).toMatch(text));

  it("with a pattern that is made to be slow comes to an end", () => expect(meets(`${"a".repeat(5000)}b`, "regexp", "^(a*)*$")).toBe(false));

  it.each(["=", "regexp", "set_contains", "distinct_hosts", "is_set"])("with the operand %s is fine", (Operand) => expect(constraintProblem({ LTarget: "${meta.rack}", Operand, RTarget: "1" })).toBeUndefined());
});

describe("a datacenter's glob", () => {
  it.each([["*", "dc1", true], ["*", "", true], ["eu-*", "eu-1", true], ["eu-*", "us-1", false], ["*-1", "eu-1", true], ["e?-1", "eu-1", true], ["e*u*1", "eu-1", true], ["dc1", "dc1", true], ["dc1", "dc12", false], ["", "x", false]])(
    "%s of %s: %s",
    (glob, text, answer) => expect(globPattern(glob)(text)).toBe(answer),
  );

  it("takes no long time, whatever the glob", () => expect(globPattern("*a".repeat(500))("a".repeat(100) + "b")).toBe(false));
});
