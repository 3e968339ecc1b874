/** @module The fewest files of this machine that a shell script needs, as chroot paths: a copy of them takes no time. Used by the integration tests. */
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";

export type ChrootPath = { readonly host: string; readonly task: string };

/** Programs by their names in /bin of the task, and the libraries that they load. */
export function smallChroot(names: readonly string[]): readonly ChrootPath[] {
  const programs = names.map((name) => ({ host: realpathSync(`/bin/${name}`), task: `/bin/${name}` }));
  const loaded = execFileSync("ldd", programs.map(({ host }) => host), { encoding: "utf8" });
  const libraries = new Set([...loaded.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map(([, path = ""]) => path));
  return [...programs, ...[...libraries].map((path) => ({ host: realpathSync(path), task: path }))];
}
