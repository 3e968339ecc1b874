/** @module Tests of the images' bytes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildProgramImage, type Program, programImageName } from "../../../local-cluster/program-image.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "nomad-bridge-image-test-"));
  writeFileSync(join(dir, "binary"), "one");
});
afterEach(() => rmSync(dir, { recursive: true }));

const build = (tar: string, program: Program = "launcher") => buildProgramImage({ program, binary: join(dir, "binary"), outTar: join(dir, tar) });
const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });

describe("buildProgramImage", () => {
  it("gives equal bytes for an equal binary", async () => {
    await build("a.tar");
    await build("b.tar");
    expect(readFileSync(join(dir, "a.tar")).equals(readFileSync(join(dir, "b.tar")))).toBe(true);
  });

  it("is named after the binary", async () => {
    const built = await build("a.tar");
    expect(built).toEqual({ ok: true, value: programImageName("launcher", Buffer.from("one")) });
    expect(built.ok && built.value).toMatch(/^nomad-bridge\.dev\/launcher:[0-9a-f]{12}$/);
    const [manifest] = JSON.parse(tar("-xOf", join(dir, "a.tar"), "./manifest.json")) as { RepoTags: string[] }[];
    expect(manifest?.RepoTags).toEqual([built.ok && built.value]);
  });

  it("starts the launcher as pause", async () => {
    await build("a.tar");
    expect(JSON.parse(tar("-xOf", join(dir, "a.tar"), "./config.json"))).toMatchObject({ config: { Entrypoint: ["/nomad-bridge/launcher", "pause"] } });
  });

  it("starts fetch with nothing said", async () => {
    await build("a.tar", "fetch");
    expect(JSON.parse(tar("-xOf", join(dir, "a.tar"), "./config.json"))).toMatchObject({ config: { Entrypoint: ["/nomad-bridge/fetch"] } });
  });

  it("tells fetch the users that tasks have without a table, and the launcher none", async () => {
    await build("a.tar", "fetch");
    tar("-xf", join(dir, "a.tar"), "-C", dir, "./layer.tar");
    const lines = tar("-xOf", join(dir, "layer.tar"), "./etc/passwd").trimEnd().split("\n");
    expect(readFileSync(join(import.meta.dirname, "../../../Dockerfile"), "utf8")).toContain(`printf '${lines.join("\\n")}\\n' > etc/passwd`);
    expect(lines.map((line) => line.split(":").slice(0, 4).join(":"))).toEqual(["root:x:0:0", "nobody:x:65534:65534"]);
  });

  it.each(["launcher", "fetch"] as const)("holds %s and empty mount points, all of root and of no date, and nothing else", async (program) => {
    await build("a.tar", program);
    tar("-xf", join(dir, "a.tar"), "-C", dir, "./layer.tar");
    const lines = tar("--utc", "--numeric-owner", "-tvf", join(dir, "layer.tar")).trimEnd().split("\n");
    const entries = lines.map((line) => line.split(/\s+/)).map(([mode, owner, , date, , path]) => `${mode} ${owner} ${date} ${path}`);
    const directories = ["", "alloc/", "bin/", "dev/", "etc/", "lib/", "lib32/", "lib64/", "local/", "nomad-bridge/", "nomad-bridge/state/", "proc/", "sbin/", "secrets/", "sys/", "usr/"];
    const expected = [
      ...directories.map((path) => `drwxr-xr-x 0/0 1970-01-01 ./${path}`),
      "drwxrwxrwt 0/0 1970-01-01 ./tmp/",
      `-rwxr-xr-x 0/0 1970-01-01 ./nomad-bridge/${program}`,
      ...(program === "fetch" ? ["-rw-r--r-- 0/0 1970-01-01 ./etc/passwd"] : []),
    ];
    expect(entries.toSorted()).toEqual(expected.toSorted());
  });
});
