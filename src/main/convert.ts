/** @module `nomad-bridge convert`: gives the command files to read and write, and the variables of its environment. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ConvertDeps } from "../cli/convert/convert.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { filesBeside } from "./files-beside.ts";
import { readText, reasonOf } from "./read-text.ts";
import { sha256 } from "../access/sha256.ts";

export function convertDeps(): ConvertDeps {
  return {
    out: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    readText,
    writeText,
    filesBeside,
    env: process.env,
    sha256,
  };
}

/** Makes the folder where it is not there. */
function writeText(path: string, text: string): Result<undefined, string> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return ok(undefined);
  } catch (error) {
    return err(`cannot write ${path}: ${reasonOf(error)}`);
  }
}
