/** @module Archives and programs for the tests of artifacts, made in folders that are gone afterwards. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files, all of one mode, while `use` looks at it. */
function withFiles<T>(files: Files, mode: number, use: (dir: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), "nb-archive-"));
  const dir = join(root, "in");
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), content);
      chmodSync(join(dir, name), mode);
    }
    return use(dir);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Made by Python's zipfile, as not every machine has zip. */
export const zip = (files: Files, mode = 0o644): Buffer =>
  withFiles(files, mode, (dir) => {
    execFileSync("python3", ["-m", "zipfile", "-c", "../archive.zip", ...Object.keys(files)], { cwd: dir });
    return readFileSync(join(dir, "..", "archive.zip"));
  });

export const tarGz = (files: Files): Buffer => withFiles(files, 0o644, (dir) => execFileSync("tar", ["-czf", "-", "-C", dir, "."], { maxBuffer: 1 << 26 }));

/** An entry that would land outside of where it is unpacked. */
export const escapingTar = (): Buffer =>
  withFiles({ "file.txt": "escaped\n" }, 0o644, (dir) => execFileSync("tar", ["-cf", "-", "-P", "--transform", "s,file.txt,../../alloc/data/escaped,", "-C", dir, "file.txt"]));

const STATIC_PROGRAM = `package main

import (
	"os"
	"time"
)

func main() {
	os.WriteFile("/alloc/data/seen", []byte("static program runs\\n"), 0o644)
	time.Sleep(100000 * time.Second)
}
`;

/** A program that needs nothing of the root file system. */
export const staticProgram = (): Buffer =>
  withFiles({ "main.go": STATIC_PROGRAM, "go.mod": "module consumer\n\ngo 1.24\n" }, 0o644, (dir) => {
    execFileSync("go", ["build", "-ldflags", "-s -w", "-o", "consumer", "."], { cwd: dir, env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" } });
    return readFileSync(join(dir, "consumer"));
  });
