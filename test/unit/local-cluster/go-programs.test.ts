import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildKey } from "../../../local-cluster/go-programs.ts";

const SOURCES = { mod: "module m", sum: "h1:a", flags: ["-trimpath"] };

function keyOf({ mod, sum, flags }: typeof SOURCES): string {
  const folder = mkdtempSync(join(tmpdir(), "go-programs-"));
  try {
    writeFileSync(join(folder, "go.mod"), mod);
    writeFileSync(join(folder, "go.sum"), sum);
    return buildKey({ folder, flags });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("keeps what is built of the same sources in one place, wherever they are", () => expect(keyOf(SOURCES)).toBe(keyOf(SOURCES)));

it.each([{ mod: "module n" }, { sum: "h1:b" }, { flags: ["-trimpath", "-race"] }])("keeps what is built of others apart: %j", (change) => expect(keyOf({ ...SOURCES, ...change })).not.toBe(keyOf(SOURCES)));
