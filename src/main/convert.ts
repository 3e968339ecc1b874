/** @module `nomad-bridge convert`: gives the command files to read and write, and the variables of its environment. */
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { ConvertDeps } from "../cli/convert/convert.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { FileAccess } from "../nomad/hcl/functions/files.ts";
import { readText, reasonOf } from "./read-text.ts";
import { sha256 } from "../access/sha256.ts";

export function convertDeps(): ConvertDeps {
  return {
    out: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    readText,
    writeText,
    filesBeside: (path) => fileAccess(path === "-" ? process.cwd() : dirname(resolve(path))),
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

/** Files of the person who calls, as nomad job run reads them. @param folder that relative paths begin at */
function fileAccess(folder: string): FileAccess {
  const at = (path: string) => resolve(folder, path);
  return {
    readFile: (path) => attempt(path, () => readFileSync(at(path))),
    kindOf: (path) => {
      const found = statSync(at(path), { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      if (found.isFile()) return "file";
      return found.isDirectory() ? "directory" : "other";
    },
    filesBelow: (path) => attempt(path, () => globSync("**/*", { cwd: at(path) }).filter((name) => statSync(join(at(path), name)).isFile()).toSorted()),
    absolutePath: at,
    home: homedir(),
  };
}

function attempt<T>(path: string, read: () => T): Result<T, string> {
  try {
    return ok(read());
  } catch (error) {
    return err(`cannot read ${path}: ${reasonOf(error)}`);
  }
}
