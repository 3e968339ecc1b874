/** @module A git repository over HTTP, served by git's own http-backend, for the tests of artifacts. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Answerer } from "./file-server.ts";
import { giveInput } from "../../support/child-input.ts";

export type GitRepository = { readonly answer: Answerer; readonly remove: () => void };

const WITHOUT_CONFIG = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };

/**
 * Answers requests below `path`, such as "/git/", where the repository is `name`. The password is asked for where it is given.
 * @param script makes the commits, in the empty repository
 */
export function gitRepository({ path, name, password, script }: { readonly path: string; readonly name: string; readonly password?: string; readonly script: string }): GitRepository {
  const root = mkdtempSync(join(tmpdir(), "nb-git-"));
  mkdirSync(join(root, name));
  execFileSync("sh", ["-c", `set -e; git init -q -b main; git config user.name t; git config user.email t@t; ${script}`], { cwd: join(root, name), env: WITHOUT_CONFIG });
  const answer: Answerer = (request, response) => {
    const [, given = ""] = Buffer.from(request.headers.authorization?.replace(/^Basic /, "") ?? "", "base64").toString().split(":");
    if (password !== undefined && given !== password) return void response.writeHead(401, { "www-authenticate": "Basic" }).end();
    const url = new URL(request.url ?? "/", "http://x");
    const env = {
      ...WITHOUT_CONFIG,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname.slice(path.length - 1),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: request.headers["git-protocol"]?.toString() ?? "",
    };
    void buffer(request).then(async (body) => {
      const backend = spawn("git", ["http-backend"], { env: { ...env, CONTENT_LENGTH: String(body.length) }, stdio: ["pipe", "pipe", "inherit"] });
      giveInput(backend, body);
      const said = await buffer(backend.stdout);
      const end = said.indexOf("\r\n\r\n");
      const headers = said.subarray(0, end).toString().split("\r\n").map((line) => line.split(/: (.*)/s) as [string, string]);
      const status = Number(headers.find(([header]) => header === "Status")?.[1].slice(0, 3) ?? 200);
      response.writeHead(status, Object.fromEntries(headers.filter(([header]) => header !== "Status"))).end(said.subarray(end + 4));
      // One that asks may go in the middle of it.
    }).catch(() => response.destroy());
  };
  return { answer, remove: () => rmSync(root, { recursive: true, force: true }) };
}
