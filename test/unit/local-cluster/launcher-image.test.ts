/** @module Tests of the launcher image's bytes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLauncherImage, launcherImageName } from "../../../local-cluster/launcher-image.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "nomad-bridge-image-test-"));
  writeFileSync(join(dir, "binary"), "one");
});
afterEach(() => rmSync(dir, { recursive: true }));

const build = (tar: string) => buildLauncherImage({ launcherBinary: join(dir, "binary"), outTar: join(dir, tar) });
const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });

describe("buildLauncherImage", () => {
  it("gives equal bytes for an equal binary", async () => {
    await build("a.tar");
    await build("b.tar");
    expect(readFileSync(join(dir, "a.tar")).equals(readFileSync(join(dir, "b.tar")))).toBe(true);
  });

  it("is named after the binary", async () => {
    const built = await build("a.tar");
    expect(built).toEqual({ ok: true, value: launcherImageName(Buffer.from("one")) });
    expect(built.ok && built.value).toMatch(/^nomad-bridge\.dev\/launcher:[0-9a-f]{12}$/);
    const [manifest] = JSON.parse(tar("-xOf", join(dir, "a.tar"), "./manifest.json")) as { RepoTags: string[] }[];
    expect(manifest?.RepoTags).toEqual([built.ok && built.value]);
  });

  it("starts the launcher as pause", async () => {
    await build("a.tar");
    expect(JSON.parse(tar("-xOf", join(dir, "a.tar"), "./config.json"))).toMatchObject({ config: { Entrypoint: ["/nomad-bridge/launcher", "pause"] } });
  });

  it("holds the launcher and empty mount points, all of root and of no date, and nothing else", async () => {
    await build("a.tar");
    tar("-xf", join(dir, "a.tar"), "-C", dir, "./layer.tar");
    const lines = tar("--utc", "--numeric-owner", "-tvf", join(dir, "layer.tar")).trimEnd().split("\n");
    const entries = lines.map((line) => line.split(/\s+/)).map(([mode, owner, , date, , path]) => `${mode} ${owner} ${date} ${path}`);
    const directories = ["", "alloc/", "bin/", "dev/", "etc/", "lib/", "lib32/", "lib64/", "local/", "nomad-bridge/", "nomad-bridge/state/", "proc/", "sbin/", "secrets/", "sys/", "usr/"];
    const expected = [
      ...directories.map((path) => `drwxr-xr-x 0/0 1970-01-01 ./${path}`),
      "drwxrwxrwt 0/0 1970-01-01 ./tmp/",
      "-rwxr-xr-x 0/0 1970-01-01 ./nomad-bridge/launcher",
    ];
    expect(entries.toSorted()).toEqual(expected.toSorted());
  });
});
