import { afterEach, describe, expect, it } from "vitest";
import { assess } from "../../../../src/cli/migrate/assess.ts";
import type { Assessment } from "../../../../src/cli/migrate/assessment.ts";
import { err, ok } from "../../../../src/lib/result.ts";
import { sha256 } from "../convert/run-convert.ts";
import { execJob, type FakeCluster, type FakeClusterOptions, startFakeCluster } from "./fake-cluster.ts";

let cluster: FakeCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

type World = FakeClusterOptions & { readonly files?: Readonly<Record<string, string>> };

async function run(world: World, argv: readonly string[] = ["-format=json"]) {
  cluster = await startFakeCluster(world);
  const seen = { out: "", complaints: "" };
  const code = await assess(
    {
      out: (text) => void (seen.out += text),
      complain: (text) => void (seen.complaints += text),
      readText: async (path) => await Promise.resolve(world.files?.[path] === undefined ? err(`cannot read ${path}`) : ok(world.files[path])),
      env: { NOMAD_ADDR: cluster.address, NOMAD_TOKEN: "secret" },
      sha256,
    signal: new AbortController().signal,
    },
    argv,
  );
  return { code, ...seen, cluster };
}

const assessment = (out: string) => JSON.parse(out) as Assessment;
const taskOf = (task: object) => ({ TaskGroups: [{ Name: "g", Count: 1, Networks: [{ Mode: "bridge" }], Tasks: [{ Name: "t", Driver: "exec", Config: { command: "/bin/true" }, ...task }] }] });

const JOBS = [
  execJob("weak"),
  execJob("important", { Priority: 80 }),
  execJob("boxed", taskOf({ Driver: "docker", Config: { image: "a", command: "b" } })),
  execJob("old", taskOf({ Driver: "java" })),
  execJob("nothing", { TaskGroups: [] }),
  execJob("elsewhere/a?b%", { Namespace: "team-b" }),
  execJob("nightly/periodic-1", { ParentID: "nightly" }),
  execJob("over", { Stop: true }),
];

describe("assess", () => {
  it("grades every job by the worst that is found, and counts what is left to do", async () => {
    const { code, out, complaints, cluster: nomad } = await run({ jobs: JOBS });
    const { totals, jobs, tasks, unreadable } = assessment(out);
    expect({ code, complaints, unreadable }).toEqual({ code: 0, complaints: "", unreadable: [] });
    expect(Object.fromEntries(jobs.map(({ id, grade, runs, effort }) => [id, [grade, runs, effort.changes, effort.decisions]]))).toEqual({
      weak: ["weaker", true, 0, 0],
      important: ["lost", true, 1, 0],
      boxed: ["decision", false, 0, 3],
      old: ["lost", false, 1, 0],
      nothing: ["lost", false, 1, 0],
      "elsewhere/a?b%": ["weaker", true, 0, 0],
    });
    expect(totals).toEqual({ jobs: 6, lost: 3, decision: 1, weaker: 2, same: 0, run: 3, changes: 3, decisions: 3, children: 1, stopped: 1, gone: 0 });
    expect(jobs.find(({ id }) => id === "weak")?.running).toBe(3);
    expect(tasks.every(({ jobs: count }) => count === 1)).toBe(true);
    expect(nomad.requests.every((each) => each.startsWith("GET "))).toBe(true);
    expect(nomad.tokens).toEqual(new Set(["secret"]));
    expect(out).not.toMatch(/hunter2|secret"/);
  });

  it("counts a task once that many jobs share", async () => {
    const { out } = await run({ jobs: Array.from({ length: 5 }, (_none, i) => execJob(`java-${i}`, taskOf({ Driver: "java" }))) });
    expect(assessment(out).tasks).toMatchObject([{ severity: "refused", jobs: 5, examples: ["default/java-0", "default/java-1", "default/java-2"] }]);
  });

  it("judges by the BridgeConfig that is given", async () => {
    const files = { c: 'kind: BridgeConfig\nspec: { profiles: [{ name: own, namespaces: ["*"], allowDocker: true }] }\n' };
    const { out } = await run({ jobs: JOBS, files }, ["-format=json", "-config=c"]);
    expect(assessment(out).jobs.find(({ id }) => id === "boxed")).toMatchObject({ runs: true, grade: "decision" });
  });

  it("takes one namespace, and stopped jobs where it is asked to", async () => {
    const { out } = await run({ jobs: JOBS }, ["-format=json", "-namespace=team-b"]);
    expect(assessment(out).jobs.map(({ id }) => id)).toEqual(["elsewhere/a?b%"]);
    await cluster?.close();
    expect(assessment((await run({ jobs: JOBS }, ["-format=json", "-stopped"])).out).totals).toMatchObject({ jobs: 7, stopped: 0 });
  });

  it.each(["text", "markdown"])("says the same as %s, twice the same bytes", async (format) => {
    const first = await run({ jobs: JOBS }, ["-format", format]);
    await cluster?.close();
    const second = await run({ jobs: JOBS }, ["-format", format]);
    expect(second.out.replace(second.cluster.address, "")).toBe(first.out.replace(first.cluster.address, ""));
    expect(first.out).toContain("6 jobs: 3 lost, 1 decision, 2 weaker, 0 same. 3 run as they are. Left to do: 3 changes, 3 decisions. Not graded: 1 children, 1 stopped.");
  });
});

describe("assess of a server that answers oddly", () => {
  it("goes on where a job is gone or forbidden, and says so by its exit code", async () => {
    const odd = { weak: [404, "job not found"], important: [403, "Permission denied"], boxed: [200, "[1]"], old: [200, "{"], nothing: [200, JSON.stringify(execJob("other"))] } as const;
    const { code, out } = await run({ jobs: JOBS, odd });
    const { totals, unreadable } = assessment(out);
    expect({ code, totals }).toMatchObject({ code: 1, totals: { jobs: 1, gone: 1 } });
    expect(Object.fromEntries(unreadable.map(({ id, error }) => [id, error.replace(/http:\S+/, "")]))).toEqual({
      important: "Unexpected response code: 403 (Permission denied)",
      boxed: expect.stringContaining("cannot unmarshal array") as string,
      old: expect.stringContaining("JSON") as string,
      nothing: 'the server answers with job "other"',
    });
  });

  it.each([
    ["may not be listed", [403, "Permission denied"], /cannot list the jobs .*403.*Permission denied.*the token needs list-jobs and read-job/s],
    ["is a web page", [200, "<html>"], /cannot list the jobs .*JSON/s],
    ["is no list", [200, "{}"], /no list of jobs; is this the address of a Nomad API/],
    ["lists what is no job", [200, '[{"ID":"a"},{}]'], /job 1 .* has no ID/],
  ] as const)("is 2 where it %s", async (_what, answer, complaint) => {
    const { code, complaints, out } = await run({ odd: { "": answer } });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(complaints).toMatch(complaint);
  });

  it("reads 10,000 jobs, a few at a time", async () => {
    const { code, out, cluster: nomad } = await run({ jobs: Array.from({ length: 10_000 }, (_none, i) => execJob(`job-${i}`)) });
    expect({ code, totals: assessment(out).totals }).toMatchObject({ code: 0, totals: { jobs: 10_000, weaker: 10_000 } });
    expect(nomad.mostAtOnce()).toBeLessThanOrEqual(8);
  }, 240_000);
});

describe("the words after assess", () => {
  it.each([
    [["web"], /"web" is no option; the address of Nomad goes into -from/],
    [["-format=xml"], /-format is "xml"/],
    [["-config="], /-config is empty/],
    [["-from=nomad:4646"], /invalid address 'nomad:4646'/],
    [["-config=c"], /cannot read c/],
    [["-from=http://127.0.0.1:1"], /cannot list the jobs of http:\/\/127\.0\.0\.1:1: .*connection refused/],
  ])("are wrong: %j", async (argv, complaint) => {
    const { code, complaints } = await run({}, argv);
    expect(code).toBe(2);
    expect(complaints).toMatch(complaint);
  });

  it("are explained", async () => expect(await run({}, ["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Usage: nomad-bridge assess") as string }));
});
