/** @module gofmt and go vet over the Go code of the checkout. Run by `npm run check`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const FOLDERS = ["launcher", "fetch", "test/clients/nomad-api", "test/interpolation-oracle", "test/hcl-oracle", "test/job-oracle", "test/filter-oracle", "test/clients/nomad-cli"];

const complaints = FOLDERS.flatMap((folder) => {
  const cwd = join(root, folder);
  const unformatted = spawnSync("gofmt", ["-l", "."], { cwd, encoding: "utf8" });
  const vetted = spawnSync("go", ["vet", "./..."], { cwd, encoding: "utf8" });
  if (unformatted.error ?? vetted.error) return [`go is missing: ${String(unformatted.error ?? vetted.error)}`];
  return [
    ...unformatted.stdout.split("\n").filter((file) => file !== "").map((file) => `${folder}/${file} is not formatted; run: gofmt -w ${folder}`),
    ...(vetted.status === 0 ? [] : [vetted.stderr]),
  ];
});
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);
