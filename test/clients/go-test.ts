/** @module A `go test` run as values: one result for each subtest that has no subtests of its own. Used by nomad-api.test.ts. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export type GoTestResult = {
  /** As written in the Go source, the levels joined by " › ". */
  readonly name: string;
  readonly outcome: "pass" | "fail" | "skip";
  /** What the test printed. */
  readonly output: string;
};

type GoTestEvent = { readonly Action: string; readonly Test?: string; readonly Output?: string };

const TIMEOUT = "15m";

/** Runs the tests of the module in `dir`. Throws when they do not compile, or none ran. */
export async function runGoTests(dir: string, env: Readonly<Record<string, string>>): Promise<readonly GoTestResult[]> {
  const child = spawn("go", ["test", "./...", "-count=1", "-json", `-timeout=${TIMEOUT}`], { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  const events = parseEvents(stdout);
  const results = goTestResults(events);
  const explained = code === 0 || results.some(({ outcome }) => outcome === "fail");
  if (results.length > 0 && explained) return results;
  throw new Error(`go test in ${dir} ended with ${code} after ${results.length} tests: ${stderr}${outputOf(events)}`);
}

/** Lines that are no JSON are what the compiler or the linker said. */
function parseEvents(stdout: string): readonly GoTestEvent[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => (line.startsWith("{") ? (JSON.parse(line) as GoTestEvent) : { Action: "output", Output: `${line}\n` }));
}

const outputOf = (events: readonly GoTestEvent[]): string => events.map(({ Output }) => Output ?? "").join("");

/**
 * A test with subtests counts by itself only where it failed and none of them did. One that began and never ended has failed: the run was
 * cut off.
 */
export function goTestResults(events: readonly GoTestEvent[]): readonly GoTestResult[] {
  const byTest = Map.groupBy(
    events.filter(({ Test }) => Test !== undefined),
    ({ Test }) => Test ?? "",
  );
  const all = [...byTest].map(([test, own]) => ({ test, outcome: outcomeOf(own), output: outputOf(own) }));
  const below = (test: string) => all.filter((other) => other.test.startsWith(`${test}/`));
  const counted = all.filter(({ test, outcome }) => {
    const children = below(test);
    return children.length === 0 || (outcome === "fail" && children.every((child) => child.outcome !== "fail"));
  });
  return counted.map(({ test, outcome, output }) => ({ name: readableName(test), outcome, output }));
}

function outcomeOf(events: readonly GoTestEvent[]): GoTestResult["outcome"] {
  const last = events.findLast(({ Action }) => Action === "pass" || Action === "fail" || Action === "skip");
  return last === undefined ? "fail" : (last.Action as GoTestResult["outcome"]);
}

/** Go writes the blanks of a subtest's name as underscores. */
const readableName = (test: string): string => test.split("/").join(" › ").replaceAll("_", " ");
