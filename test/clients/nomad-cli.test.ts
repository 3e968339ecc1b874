/** @module The bridge as Nomad's CLI sees it: each row of nomad-cli-commands.ts is one run of the program in nomad-cli/, and one test. */
import { spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { runCommand } from "../../local-cluster/run-command.ts";
import { clientEnvironment } from "./client-environment.ts";
import type { CliCommand } from "./cli-commands/command.ts";
import { COMMANDS } from "./nomad-cli-commands.ts";
import { jobsToRun, SERVICE } from "./nomad-cli-jobs.ts";
import { type OidcIssuer, startOidcIssuer } from "./oidc-issuer.ts";
import { startTasks, type TasksUnderTest } from "./tasks-under-test.ts";

type Call = { readonly Method: string; readonly Path: string };
type Report = { readonly Exit: number; readonly Error: string; readonly Calls: readonly Call[]; readonly Saw: Readonly<Record<string, unknown>>; readonly Hazards: readonly string[] };

const bridge = inject("bridge");
const folder = mkdtempSync(join(tmpdir(), "nomad-cli-"));
const program = join(folder, "nomad-cli");
/** What the `$` names of the rows stand for. */
const names = new Map<string, string>();
let tasks: TasksUnderTest;
let env: Record<string, string>;
let issuer: OidcIssuer;

beforeAll(async () => {
  const built = await runCommand("go", ["build", "-C", join(import.meta.dirname, "nomad-cli"), "-o", program, "."]);
  if (!built.ok) throw new Error(built.error);
  tasks = await startTasks(bridge);
  env = clientEnvironment(bridge, tasks);
  const suffix = randomBytes(3).toString("hex");
  for (const [name, value] of Object.entries({ JOB: tasks.job, POLICY: `cli-${suffix}`, OIDC_POLICY: `cli-oidc-${suffix}`, SERVICE: SERVICE(suffix) })) names.set(name, value);
  file("RULES", "rules.hcl", 'namespace "default" { policy = "read" }\n');
  for (const [kind, job] of Object.entries(jobsToRun(suffix))) {
    if (!kind.startsWith("NEXT_")) names.set(`${kind}_JOB`, job.ID);
    file(kind === "NEW" ? "JOB_FILE" : `${kind}_FILE`, `${kind}.json`, JSON.stringify({ Job: job }));
  }
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
  names.set("LOGIN_TOKEN", jwt(keys.privateKey)).set("FOREIGN_TOKEN", jwt(foreign.privateKey));
  const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  file("AUTH_CONFIG", "auth.json", JSON.stringify({ JWTValidationPubKeys: [publicKey], BoundAudiences: ["nomad"], BoundIssuer: ["ci"], SigningAlgs: ["RS256"] }));
  issuer = await startOidcIssuer({ client: "cli", groups: ["engineers"] });
  file("ISSUER_CA", "issuer.pem", issuer.ca);
  file("OIDC_CONFIG", "oidc.json", JSON.stringify(oidcConfig(issuer)));
  const inside = await allocationOf(tasks.job);
  names.set("ALLOC", inside.ID).set("NODE", inside.NodeID);
});

afterAll(async () => {
  await tasks?.remove();
  issuer?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Rows know it by the name. */
function file(name: string, base: string, content: string): void {
  names.set(name, join(folder, base));
  writeFileSync(join(folder, base), content);
}

const oidcConfig = ({ url, ca }: OidcIssuer) => ({
  OIDCDiscoveryURL: url, OIDCClientID: "cli", OIDCClientSecret: "the client's secret", OIDCEnablePKCE: true, OIDCScopes: ["groups"],
  AllowedRedirectURIs: ["http://localhost:4649/oidc/callback"], DiscoveryCaPem: [ca], ListClaimMappings: { groups: "groups" },
});

describe("nomad", () => {
  for (const row of COMMANDS) {
    it(row.title === undefined ? row.command : `${row.command}, ${row.title}`, () => (row.comes ? vi.waitFor(() => check(row), { timeout: 30_000, interval: 200 }) : check(row)));
  }
});

async function check(row: CliCommand): Promise<void> {
  const report = await run(row);
  expect({ exit: report.Exit, error: report.Error, calls: callsOf(report), hazards: report.Hazards }).toEqual({
    exit: row.exit, error: row.error === undefined ? "" : expect.stringMatching(row.error), calls: row.calls, hazards: [],
  });
  expect(report.Saw).toMatchObject(JSON.parse(resolved(JSON.stringify(row.saw ?? {}))) as object);
  for (const [name, seen] of Object.entries(row.keeps ?? {})) names.set(name, String(report.Saw[seen]));
}

async function run({ args }: Pick<CliCommand, "args">): Promise<Report> {
  const child = spawn(program, args.map(resolved), { env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (code !== 0) throw new Error(`nomad-cli ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** The longest name that fits: $JOB_FILE begins as $JOB does. */
function resolved(template: string): string {
  return template.replaceAll(/\$([A-Z_]+)/g, (whole, name: string) => names.get(name) ?? whole);
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** The end of a child's ID, behind its parent's. */
const CHILD = /^(?:dispatch|periodic)-\d+(?:-[0-9a-f]+)?$/;

function callsOf({ Calls }: Report): readonly string[] {
  const byValue = new Map([...names].filter(([name]) => /(?:JOB|POLICY|SERVICE)$/.test(name)).map(([name, value]) => [value, `$${name}`]));
  const generic = (path: string) => path.replaceAll(UUID, ":id").split("/").map((segment) => byValue.get(segment) ?? segment.replace(CHILD, ":child")).join("/");
  return [...new Set(Calls.map(({ Method, Path }) => `${Method} ${generic(Path)}`))];
}

type AllocationIds = { readonly ID: string; readonly NodeID: string };

/** A task that has just become ready may be news to the bridge. */
async function allocationOf(job: string): Promise<AllocationIds> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { Saw } = await run({ args: ["operator", "api", `/v1/job/${job}/allocations`] });
    const [first] = JSON.parse(String(Saw["body"])) as readonly (AllocationIds & { readonly ClientStatus: string })[];
    if (first?.ClientStatus === "running") return first;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the allocation of ${job} never ran`);
}

/** Somebody whom "ci" speaks for, for ten minutes. */
function jwt(key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iss: "ci", aud: "nomad", sub: "build", iat: now, nbf: now, exp: now + 600 })}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
}
