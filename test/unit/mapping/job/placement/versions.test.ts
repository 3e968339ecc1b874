import { describe, expect, it } from "vitest";
import { isVersionConstraint, meetsVersion } from "../../../../../src/mapping/job/placement/versions.ts";

describe("the operand version", () => {
  it.each([
    ["1.2.3", "1.2.3", true], ["1.2.3", "= 1.2.3", true], ["v1.2", "1.2.0", true], ["1.2.3", "!= 1.2.3", false], ["1.10.0", "> 1.9", true], ["1.9.9", ">= 1.10", false], ["1.2.3", "< 1.2.4", true], ["1.2.3", "<= 1.2.3", true],
    ["1.2.3", ">= 1.0, < 2.0", true], ["2.0.0", ">= 1.0, < 2.0", false], ["1.2.9", "~> 1.2.3", true], ["1.3.0", "~> 1.2.3", false], ["1.9.0", "~> 1.2", true], ["2.0.0", "~> 1.2", false], ["2", "~> 1", false],
    ["1.2.3.4", "> 1.2.3", true], ["1.5.0-beta", "> 1.4", false], ["1.5.0-beta", "> 1.5.0-alpha", true], ["1.5.1", "> 1.5.0-alpha", true], ["1.6.0-beta", "> 1.5.0-alpha", false], ["1.5.0", "~> 1.5.0-alpha", false],
    ["1.5.0+build", "1.5.0", true], ["abc", "> 1", false], ["", ">= 0", false], ["6.1.0-13-amd64", ">= 5", false],
  ])("%s, %s: %s", (version, constraint, answer) => expect(meetsVersion(version, constraint, false)).toBe(answer));
});

describe("the operand semver", () => {
  it.each([
    ["1.5.0-beta", "> 1.4.0", true], ["1.5.0-beta", "< 1.5.0", true], ["1.5.0-beta.2", "< 1.5.0-beta.11", true], ["1.5.0-1", "< 1.5.0-alpha", true], ["1.5.0-alpha", "< 1.5.0-alpha.1", true], ["1.5", ">= 1.0.0", false], ["01.5.0", ">= 1.0.0", false],
    ["1.5.0", ">= 1.5.0, != 1.5.1", true],
  ])("%s, %s: %s", (version, constraint, answer) => expect(meetsVersion(version, constraint, true)).toBe(answer));
});

it.each([["", false], [">=", false], ["> 1, ", false], ["=> 1", false], ["1.2.3", true], ["~> 1", true], [">".repeat(300), false]])("%s is a version constraint: %s", (text, answer) => expect(isVersionConstraint(text, false)).toBe(answer));
