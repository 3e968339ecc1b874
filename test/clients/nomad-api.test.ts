/** @module The bridge as Nomad's own Go client sees it: runs the Go tests of nomad-api/ and counts each of their subtests as a test. */
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import type { BridgeUnderTest } from "../integration/provided.ts";
import { clientEnvironment } from "./client-environment.ts";
import { type GoTestResult, goTestResults, runGoTests } from "./go-test.ts";
import { startTasks } from "./tasks-under-test.ts";

const results = await resultsAgainst(inject("bridge"));

describe("Nomad's Go client", () => {
  for (const { name, outcome, output } of results) {
    it(name, ({ skip }) => {
      if (outcome === "skip") skip(output);
      expect(outcome, output).toBe("pass");
    });
  }
});

describe("goTestResults", () => {
  const ended = (Test: string, Action: string) => [{ Action: "run", Test }, { Action: "output", Test, Output: `${Test} said\n` }, { Action, Test }];

  it.each([
    { title: "a test without subtests", events: ended("TestA", "pass"), counted: [{ name: "TestA", outcome: "pass" }] },
    { title: "subtests instead of the test that holds them", events: [...ended("TestA", "pass"), ...ended("TestA/one_thing", "pass"), ...ended("TestA/another", "skip")], counted: [{ name: "TestA › one thing", outcome: "pass" }, { name: "TestA › another", outcome: "skip" }] },
    { title: "a failed test whose subtests all passed", events: [...ended("TestA", "fail"), ...ended("TestA/one", "pass")], counted: [{ name: "TestA", outcome: "fail" }, { name: "TestA › one", outcome: "pass" }] },
    { title: "a failed subtest, and not again the tests above it", events: [...ended("TestA", "fail"), ...ended("TestA/b", "fail"), ...ended("TestA/b/c", "fail")], counted: [{ name: "TestA › b › c", outcome: "fail" }] },
    { title: "a test that never ended as failed", events: [{ Action: "run", Test: "TestA" }], counted: [{ name: "TestA", outcome: "fail" }] },
    { title: "no test where only the package said something", events: [{ Action: "output", Output: "FAIL [build failed]" }, { Action: "fail" }], counted: [] },
  ])("counts $title", ({ events, counted }) => {
    expect(goTestResults(events).map(({ name, outcome }) => ({ name, outcome }))).toEqual(counted);
  });

  it("keeps what a test printed", () => {
    expect(goTestResults(ended("TestA", "fail"))[0]?.output).toBe("TestA said\n");
  });
});

async function resultsAgainst(bridge: BridgeUnderTest): Promise<readonly GoTestResult[]> {
  const tasks = await startTasks(bridge);
  try {
    return await runGoTests(join(import.meta.dirname, "nomad-api"), clientEnvironment(bridge, tasks));
  } finally {
    await tasks.remove();
  }
}
