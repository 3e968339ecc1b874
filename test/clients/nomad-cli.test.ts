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
import { type CliCommand, COMMANDS } from "./nomad-cli-commands.ts";
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

beforeAll(async () => {
  const built = await runCommand("go", ["build", "-C", join(import.meta.dirname, "nomad-cli"), "-o", program, "."]);
  if (!built.ok) throw new Error(built.error);
  tasks = await startTasks(bridge);
  env = clientEnvironment(bridge, tasks);
  const suffix = randomBytes(3).toString("hex");
  for (const [name, value] of Object.entries({ JOB: tasks.job, POLICY: `cli-${suffix}`, NEW_JOB: `cli-job-${suffix}`, RULES: join(folder, "rules.hcl"), JOB_FILE: join(folder, "job.json") })) names.set(name, value);
  writeFileSync(resolved("$RULES"), 'namespace "default" { policy = "read" }\n');
  writeFileSync(resolved("$JOB_FILE"), JSON.stringify({ Job: newJob(resolved("$NEW_JOB")) }));
  for (const [kind, job] of Object.entries(moreJobs(suffix))) {
    names.set(`${kind}_FILE`, join(folder, `${kind}.json`)).set(`${kind}_JOB`, job.ID);
    writeFileSync(resolved(`$${kind}_FILE`), JSON.stringify({ Job: job }));
  }
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
  names.set("AUTH_CONFIG", join(folder, "auth.json")).set("LOGIN_TOKEN", jwt(keys.privateKey)).set("FOREIGN_TOKEN", jwt(foreign.privateKey));
  const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  writeFileSync(resolved("$AUTH_CONFIG"), JSON.stringify({ JWTValidationPubKeys: [publicKey], BoundAudiences: ["nomad"], BoundIssuer: ["ci"], SigningAlgs: ["RS256"] }));
  const inside = await allocationOf(tasks.job);
  names.set("ALLOC", inside.ID).set("NODE", inside.NodeID);
});

afterAll(async () => {
  await tasks?.remove();
  rmSync(folder, { recursive: true, force: true });
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

function callsOf({ Calls }: Report): readonly string[] {
  const byValue = new Map(["JOB", "NEW_JOB", "DISPATCH_JOB", "PERIODIC_JOB", "CANARY_JOB", "POLICY"].map((name) => [names.get(name) ?? "", `$${name}`]));
  const generic = (path: string) => path.replaceAll(UUID, ":id").split("/").map((segment) => byValue.get(segment) ?? segment).join("/");
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

type NewJob = { readonly ID: string; readonly Name: string; readonly Type: string; readonly Datacenters: readonly string[]; readonly TaskGroups: readonly object[] };

/** By the name that rows have for each. */
function moreJobs(suffix: string): Readonly<Record<string, Pick<NewJob, "ID">>> {
  const batch = (id: string): NewJob => {
    const task = { Name: "once", Driver: "exec", Config: { command: "/bin/true" }, Resources: { CPU: 50, MemoryMB: 64 } };
    return { ID: id, Name: id, Type: "batch", Datacenters: ["dc1"], TaskGroups: [{ Name: "once", Count: 1, Tasks: [task] }] };
  };
  const update = { MaxParallel: 1, Canary: 1, MinHealthyTime: 1_000_000_000, HealthyDeadline: 60_000_000_000, ProgressDeadline: 120_000_000_000 };
  const canary = (version: string) => ({ ...newJob(`cli-canary-${suffix}`, { VERSION: version }), Update: update });
  const dispatch = { ...batch(`cli-dispatch-${suffix}`), ParameterizedJob: { Payload: "optional", MetaRequired: ["who"] } };
  const periodic = { ...batch(`cli-periodic-${suffix}`), Periodic: { Enabled: true, Spec: "0 0 1 1 *", SpecType: "cron" } };
  return { DISPATCH: dispatch, PERIODIC: periodic, CANARY: canary("1"), NEXT_CANARY: canary("2") };
}

function newJob(id: string, env: object = {}): NewJob {
  const task = { Name: "wait", Driver: "exec", Config: { command: "/bin/sh", args: ["-c", 'trap "exit 0" INT; while :; do sleep 60 & wait $!; done'] }, Env: env, Resources: { CPU: 50, MemoryMB: 64 } };
  return { ID: id, Name: id, Type: "service", Datacenters: ["dc1"], TaskGroups: [{ Name: "wait", Count: 1, Tasks: [task] }] };
}
