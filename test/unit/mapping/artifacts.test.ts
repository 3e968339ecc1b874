import { describe, expect, it } from "vitest";
import { execTaskSpec } from "../../../src/api/exec-task.ts";
import { checkArtifacts, documentArtifacts, escapes } from "../../../src/mapping/artifacts.ts";

describe("escapes", () => {
  it.each(["local/", "local/a/../b", "", ".", "/local/x", "secrets/x", "../alloc", "../alloc/data/x", "./../alloc/x", "../alloc/../alloc/x", "local/../../alloc/x", "../${NOMAD_META_where}/x", "a/..", "...", "local/..x"])(
    "lets %j be", (path) => expect(escapes(path)).toBe(false),
  );
  it.each(["..", "../", "../..", "../../x", "../other/local", "../alloc/../../x", "../alloc/..", "local/../../../x", "../allocx", "a/../../b"])("finds that %j leads out", (path) => expect(escapes(path)).toBe(true));
});

describe("artifact_source of Nomad 0.2", () => {
  const destinationOf = (artifactSource: string) => documentArtifacts(execTaskSpec.parse({ command: "x", artifactSource }))[0]?.destination;

  it.each([
    ["https://a.example/x/tool", "local/tool"], ["http://a.example/tool?y=/z", "local/tool"], ["https://a.example/tool#/z", "local/tool"], ["a.example/tool", "local/tool"],
    ["s3::https://s3.example/b/tool-${attr.cpu.arch}", "local/tool-${attr.cpu.arch}"], ["https://a.example/.hidden", "local/.hidden"],
  ])("%s becomes the file %s", (source, destination) => expect(destinationOf(source)).toBe(destination));

  it.each(["https://a.example", "https://a.example/", "https://a.example/x/..", "https://a.example/.", "https://a.example/?x=/y"])("%s names no file", (artifactSource) => {
    expect(checkArtifacts(execTaskSpec.parse({ command: "x", artifactSource }))).toMatchObject({ reason: "ArtifactRefused" });
  });
});
