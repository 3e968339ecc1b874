/**
 * @module `npm test`: the Go tests of launcher and fetch, then every vitest project, which boots a cluster of its own. Ends with one line that counts
 * them all. Exits 1 when anything failed, or when nothing ran.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

const root = join(import.meta.dirname, "..");

const counts = [await goTests("launcher"), await goTests("fetch"), await vitestTests()];
const total = (key: keyof Counts) => counts.reduce((sum, each) => sum + each[key], 0);
const skipped = total("skipped") > 0 ? `, ${total("skipped")} skipped` : "";
console.log(`\n${total("passed")} passed, ${total("failed")} failed${skipped}`);
process.exit(total("failed") > 0 || counts.some((each) => each.passed === 0) ? 1 : 0);

async function goTests(folder: string): Promise<Counts> {
  const { code, output } = await run("go", ["test", "-count=1", "-json", "./..."], { cwd: join(root, folder), capture: true });
  const events = output.split("\n").flatMap((line) => parseEvent(line));
  for (const { Action, Output = "" } of events) if (Action === "output" && code !== 0) process.stdout.write(Output);
  const ended = (action: string) => events.filter(({ Action, Test }) => Action === action && Test !== undefined).length;
  const failed = ended("fail");
  console.log(`${folder}: ${ended("pass")} passed, ${failed} failed, ${ended("skip")} skipped`);
  // A package that does not compile has no failed test of its own.
  return { passed: ended("pass"), failed: failed === 0 && code !== 0 ? 1 : failed, skipped: ended("skip") };
}

type GoEvent = { readonly Action: string; readonly Test?: string; readonly Output?: string };

/** go prints what a compiler says as bare lines between its events. */
function parseEvent(line: string): readonly GoEvent[] {
  if (line.startsWith("{")) return [JSON.parse(line) as GoEvent];
  return line === "" ? [] : [{ Action: "output", Output: `${line}\n` }];
}

async function vitestTests(): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "nomad-bridge-test-report-"));
  const report = join(folder, "vitest.json");
  const { code } = await run("vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${report}`], { cwd: root, capture: false });
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
    const failed = numFailedTests ?? 0;
    return { passed: numPassedTests ?? 0, failed: failed === 0 && code !== 0 ? 1 : failed, skipped: numPendingTests ?? 0 };
  } catch (error) {
    console.error(`vitest left no report: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], options: { readonly cwd: string; readonly capture: boolean }): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, stdio: ["ignore", options.capture ? "pipe" : "inherit", "inherit"] });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
