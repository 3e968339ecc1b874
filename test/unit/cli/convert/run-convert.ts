/** @module The command convert in a world of files that are texts. */
import { createHash } from "node:crypto";
import { convert, type ConvertDeps } from "../../../../src/cli/convert/convert.ts";
import { err, ok } from "../../../../src/lib/result.ts";

export type Files = Readonly<Record<string, string>>;

/** What a run of the command leaves behind. */
export type Run = { readonly code: number; readonly out: string; readonly complaints: string; readonly written: Files };

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export async function runConvert(argv: readonly string[], files: Files, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const seen = { out: "", complaints: "" };
  const written: Record<string, string> = {};
  const read = (path: string) => (files[path] === undefined ? err(`cannot read ${path}: there is no such file`) : ok(files[path]));
  const deps: ConvertDeps = {
    out: (text) => void (seen.out += text),
    complain: (text) => void (seen.complaints += text),
    readText: async (path) => await Promise.resolve(read(path)),
    writeText: (path, text) => {
      if (path.startsWith("/read-only/")) return err(`cannot write ${path}: permission denied`);
      written[path] = text;
      return ok(undefined);
    },
    filesBeside: () => ({
      readFile: (path) => {
        const text = read(path);
        return text.ok ? ok(new TextEncoder().encode(text.value)) : text;
      },
      kindOf: (path) => (files[path] === undefined ? undefined : "file"),
      filesBelow: () => ok(Object.keys(files)),
      absolutePath: (path) => `/${path}`,
      home: "/home",
    }),
    env,
    sha256,
  };
  return { code: await convert(deps, argv), ...seen, written };
}
