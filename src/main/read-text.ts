/** @module Files and standard input for the commands, with errors for a person. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { err, messageOf, ok, type Result } from "../lib/result.ts";

/** @param path of a file, or "-" for standard input */
export async function readText(path: string): Promise<Result<string, string>> {
  try {
    return ok(path === "-" ? await text(process.stdin) : await readFile(path, "utf8"));
  } catch (error) {
    return err(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** Why a file could not be read or written. */
export const reasonOf = (error: unknown): string => REASONS[(error as NodeJS.ErrnoException).code ?? ""] ?? messageOf(error);

const REASONS: Readonly<Record<string, string>> = { ENOENT: "there is no such file", EACCES: "permission denied", EISDIR: "it is a directory; name a file in it" };
