import { parse as parseWithOracle } from "@cdktn/hcl2json";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../../src/nomad/acl/parse-policy.ts";
import type { Policy } from "../../../../src/nomad/acl/policy.ts";

const words = (...list: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...list).map((word) => `policy = "${word}"`);
const capabilities = (...list: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.subarray([...list]), fc.constantFrom(", ", ",\n    ", ",")).map(([some, separator]) => `capabilities = [${some.map((word) => `"${word}"`).join(separator)}]`);
const lines = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => fc.option(part, { nil: "" }))).map((some) => some.filter((line) => line !== "").join("\n  "));
const block = (head: fc.Arbitrary<string>, body: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.tuple(head, body).map(([start, inner]) => `${start} {\n  ${inner}\n}`);

const name = fc.stringMatching(/^[a-z*-]{1,6}$/);
const path = block(fc.constantFrom("a/*", "b", "c/d").map((glob) => `path "${glob}"`), capabilities("read", "list", "deny", "wrong"));
const variables = fc.uniqueArray(path, { maxLength: 2, selector: (text) => text.slice(0, 10) }).map((paths) => `variables {\n${paths.join("\n")}\n}`);
const namespace = lines(words("read", "write", "deny", "scale", "list"), capabilities("alloc-exec", "read-fs", "deny", "host-volume-write", "fly"), variables);
const level = (kind: string): fc.Arbitrary<string> => block(fc.constant(kind), words("read", "write", "deny", "list"));

const rule = fc.oneof(
  { arbitrary: block(name.map((label) => `namespace "${label}"`), namespace), weight: 4 },
  block(name.map((label) => `node_pool "${label}"`), lines(words("read", "write", "x"))),
  block(name.map((label) => `host_volume "${label}"`), lines(words("read", "deny"), capabilities("mount-readonly"))),
  level("agent"),
  level("node"),
  level("plugin"),
  block(fc.constant("operator"), lines(words("read", "write"), capabilities("snapshot-save", "deny"))),
);
const policyText = fc.uniqueArray(rule, { minLength: 1, maxLength: 5, selector: (text) => text.slice(0, text.indexOf("{")) }).map((rules) => rules.join("\n# next\n"));

/** Rules are grouped by name in the JSON form, so their order says nothing. */
const sorted = (policy: Policy): unknown => ({
  ...policy,
  namespaces: policy.namespaces.map((entry) => ({ ...entry, variables: entry.variables.toSorted((a, b) => (a.path < b.path ? -1 : 1)) })).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  nodePools: policy.nodePools.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  hostVolumes: policy.hostVolumes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
});

describe("parsePolicy beside HashiCorp's own parser", () => {
  it("makes the same rules of a policy and of its JSON form, or refuses both", async () => {
    await fc.assert(
      fc.asyncProperty(policyText, async (text) => {
        const own = parsePolicy(text, "strict");
        const fromJson = parsePolicy(JSON.stringify(await parseWithOracle("policy.hcl", text)), "strict");
        expect(own.ok ? sorted(own.value) : "refused").toEqual(fromJson.ok ? sorted(fromJson.value) : "refused");
      }),
      { numRuns: 200 },
    );
  });
});
