/** @module What functions of a job file may read: files of the person who calls, from the job file's own folder. Used by convert and explain. */
import { globSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { err, ok, type Result } from "../lib/result.ts";
import type { FileAccess } from "../nomad/hcl/functions/files.ts";
import { reasonOf } from "./read-text.ts";

/** @param path of the job file, "-" for standard input */
export const filesBeside = (path: string): FileAccess => fileAccess(path === "-" ? process.cwd() : dirname(resolve(path)));

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
