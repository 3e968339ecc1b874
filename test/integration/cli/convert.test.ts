/** @module convert, assess and import beside a real cluster: what the API server takes, what then runs, and what a bridge says of itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually } from "../kubernetes/real-cluster.ts";
import { BREAK_GLASS, kubectl, kubectlOk } from "../support/kubectl.ts";
import { nomadJson } from "../support/nomad.ts";
import { liveOf, statusWhen } from "../support/nomad-jobs.ts";
import { enterWorld, unique, type World } from "../support/world.ts";
import { execJob, startFakeCluster } from "../../unit/cli/migrate/fake-cluster.ts";
import { giveInput } from "../../support/child-input.ts";

const JOBS = join(import.meta.dirname, "../../golden/convert");

let world: World;
/** A namespace that nobody manages, for what needs no server of ours. */
const plain = unique("plain");
beforeAll(async () => {
  world = await enterWorld("convert");
  await kubectlOk([...BREAK_GLASS, "create", "namespace", plain]);
});
afterAll(async () => {
  await kubectlOk([...BREAK_GLASS, "delete", "namespace", plain, "--wait=false"]);
  await world.leave();
});

type Ran = { readonly code: number; readonly out: string; readonly complaints: string };

async function program(words: readonly string[], input = "", env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [join(inject("bridge").checkout, "src/main/nomad-bridge.ts"), ...words], { env: { PATH: process.env["PATH"], ...env }, stdio: ["pipe", "pipe", "pipe"] });
  giveInput(child, input);
  const [out, complaints, exit] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: Number(exit[0]), out, complaints };
}

const bridge = () => ({ NOMAD_ADDR: inject("bridge").addr, NOMAD_TOKEN: inject("bridge").token, NOMAD_CACERT: inject("bridge").caFile });

describe("objects that convert makes", () => {
  const files = readdirSync(JOBS).filter((name) => /^[\w-]+\.(hcl|json)$/.test(name)).map((name) => join(JOBS, name));

  it.each([["nomadjob", []], ["exectask", []], ["kubernetes", ["-image=example.com/a:1"]]] as const)("of every kind of job are what the API server takes: %s", async (target, more) => {
    const { out } = await program(["convert", "-to", target, "-n", target === "kubernetes" ? plain : world.namespace, ...more, ...files]);
    const said = await kubectl(["apply", "--dry-run=server", "--validate=strict", "-f", "-"], out);
    expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("run in a cluster without this server, with their variables and files", async () => {
    const job = `job "moved" {
      group "moved" {
        network {
          port "http" {}
        }
        task "t" {
          driver = "exec"
          config {
            command = "/nomad-bridge/launcher"
            args    = ["pause"]
          }
          env {
            WHERE = "$\{NOMAD_ADDR_http} $\{NOMAD_ALLOC_ID}"
          }
          template {
            destination = "local/greeting"
            data        = "hello"
          }
          resources {
            cpu    = 20
            memory = 32
          }
        }
      }
    }`;
    const { code, out } = await program(["convert", "-to=kubernetes", `-image=${inject("launcherImage")}`, "-n", plain, "-"], job);
    expect(code).toBe(0);
    await kubectlOk(["apply", "-f", "-"], out);
    const ready = await eventually(async () => {
      const shown = JSON.parse(await kubectlOk(["-n", plain, "get", "deployment", "moved", "-o", "json"])) as { readonly status: { readonly readyReplicas?: number } };
      return shown.status.readyReplicas === 1 ? shown : undefined;
    });
    expect(ready.status.readyReplicas).toBe(1);
  });

  it("run here as they ran on Nomad", async () => {
    const { out } = await program(["convert", "-n", world.namespace, join(JOBS, "plain.hcl")]);
    const name = /name: (nb-plain-\w+)/.exec(out)?.[1] ?? "";
    await kubectlOk(["apply", "-f", "-"], out);
    await statusWhen(world, name, ({ state }) => state === "running");
    expect(await liveOf(world, name)).toHaveLength(1);
  });
});

describe("assess and import", () => {
  it("bring a job from one Nomad to the bridge, where it runs, and the second time do nothing", async () => {
    const id = unique("moved");
    const nomad = await startFakeCluster({ jobs: [execJob(id, { TaskGroups: [{ Name: "g", Count: 1, Tasks: [{ Name: "t", Driver: "exec", Config: { command: "/bin/sleep", args: ["infinity"] }, Resources: { CPU: 20, MemoryMB: 32 } }] }] }), execJob("child", { ParentID: "x" })] });
    const { addr, token, caFile } = inject("bridge");
    const words = ["import", `-from=${nomad.address}`, `-to=${addr}`, `-to-ca-cert=${caFile}`, `-to-namespace=${world.namespace}`, "-format=json"];
    const actions = ({ out }: Ran) => (JSON.parse(out) as { readonly jobs: readonly { readonly id: string; readonly action: string }[] }).jobs.map((job) => [job.id, job.action]);
    try {
      expect(actions(await program(words, "", { NOMAD_TO_TOKEN: token }))).toEqual([[id, "create"]]);
      const path = `/v1/jobs?namespace=${world.namespace}&prefix=${id}`;
      expect(await nomadJson(path)).toEqual([]);
      expect(actions(await program([...words, "-yes"], "", { NOMAD_TO_TOKEN: token }))).toEqual([[id, "create"]]);
      await eventually(async () => ((await nomadJson<readonly { readonly Status: string }[]>(path))[0]?.Status === "running" ? true : undefined));
      expect(actions(await program([...words, "-yes"], "", { NOMAD_TO_TOKEN: token }))).toEqual([[id, "same"]]);
      expect(nomad.requests.filter((each) => !each.startsWith("GET "))).toEqual([]);
    } finally {
      await nomad.close();
    }
    const assessed = await program(["assess", `-namespace=${world.namespace}`, "-format=json"], "", bridge());
    const { jobs } = JSON.parse(assessed.out) as { readonly jobs: readonly { readonly id: string; readonly runs: boolean }[] };
    expect({ code: assessed.code, job: jobs.find((job) => job.id === id) }).toMatchObject({ code: 0, job: { runs: true, grade: "decision" } });
  });
});
