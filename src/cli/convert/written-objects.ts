/** @module The objects of convert as text and as files: the same names and bytes on every run. */
import { toYaml } from "../../lib/yaml.ts";
import type { ConvertedFile, ConvertedJob } from "./convert-file.ts";
import type { ConvertTarget } from "./convert-options.ts";

/** YAML documents, or Nomad's JSON. "" for none. */
export function documentsText(objects: readonly object[], target: ConvertTarget): string {
  if (target !== "json") return objects.map(toYaml).join("---\n");
  return objects.map((object) => `${JSON.stringify(object, null, 2)}\n`).join("");
}

/** A file for each job. */
export const fileNames = (jobs: readonly ConvertedJob[], target: ConvertTarget): readonly { readonly name: string; readonly objects: readonly object[] }[] =>
  jobs.map(({ namespace, objectName, objects }) => ({ name: `${namespace}.${objectName}.${target === "json" ? "json" : "yaml"}`, objects }));

/** Of two files with one job the first is converted: the second would take its place in the cluster. */
export function withoutTwins(files: readonly ConvertedFile[]): readonly ConvertedFile[] {
  const seen = new Map<string, string>();
  return files.map((file): ConvertedFile => {
    for (const { namespace, jobId } of file.jobs) {
      const key = JSON.stringify([namespace, jobId]);
      const first = seen.get(key);
      if (first !== undefined) return { jobs: [], report: { file: file.report.file, jobs: [], converted: false, error: `job "${jobId}" of namespace "${namespace}" is in ${first} too; give one of them another ID or namespace` } };
      seen.set(key, file.report.file);
    }
    return file;
  });
}
