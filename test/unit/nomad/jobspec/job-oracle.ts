/** @module Nomad's Go api module asked what it makes of jobs: one run of test/job-oracle for all the questions of a test. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { giveInput } from "../../../support/child-input.ts";

export type Question =
  | { readonly Op: "schema" | "decode" | "canonicalise"; readonly JSON?: string }
  | { readonly Op: "launch"; readonly Spec: string; readonly Zone: string; readonly After: number };
export type Answer = {
  readonly Error?: string;
  readonly Result?: unknown;
  readonly Schema?: Readonly<Record<string, readonly (readonly string[])[]>>;
};

const DIRECTORY = join(import.meta.dirname, "..", "..", "..", "job-oracle");

/** One answer for each question, in order. Throws when the program cannot be built or ends early. */
export async function askGo(questions: readonly Question[]): Promise<readonly Answer[]> {
  const child = spawn("go", ["run", "."], { cwd: DIRECTORY, stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  const answers = stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Answer);
  if (code !== 0 || answers.length !== questions.length) throw new Error(`the job oracle ended with ${code} after ${answers.length} answers: ${stderr}`);
  return answers;
}
