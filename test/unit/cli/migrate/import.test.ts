import { afterEach, describe, expect, it } from "vitest";
import { importJobs } from "../../../../src/cli/migrate/import.ts";
import { err } from "../../../../src/lib/result.ts";
import { sha256 } from "../convert/run-convert.ts";
import { execJob, type FakeCluster, type FakeClusterOptions, startFakeCluster } from "./fake-cluster.ts";

const clusters: FakeCluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.close();
});

async function start(options: FakeClusterOptions = {}): Promise<FakeCluster> {
  const cluster = await startFakeCluster(options);
  clusters.push(cluster);
  return cluster;
}

async function run(source: Pick<FakeCluster, "address">, target: Pick<FakeCluster, "address">, argv: readonly string[] = [], signal: AbortSignal = new AbortController().signal) {
  const seen = { out: "", complaints: "" };
  const deps = {
    out: (text: string) => void (seen.out += text),
    complain: (text: string) => void (seen.complaints += text),
    readText: async (path: string) => await Promise.resolve(err(`cannot read ${path}`)),
    env: { NOMAD_ADDR: source.address, NOMAD_TOKEN: "of-source", NOMAD_TO_ADDR: target.address, NOMAD_TO_TOKEN: "of-target" },
    sha256,
    signal,
  };
  return { code: await importJobs(deps, ["-format=json", ...argv]), ...seen };
}

type Report = { readonly done: boolean; readonly totals: Readonly<Record<string, number>>; readonly jobs: readonly { readonly id: string; readonly namespace: string; readonly action: string; readonly detail: string }[] };
const report = (out: string) => JSON.parse(out) as Report;
const actions = (out: string) => Object.fromEntries(report(out).jobs.map(({ id, action }) => [id, action]));
const writes = (cluster: FakeCluster) => cluster.requests.filter((each) => each === "PUT /v1/jobs").length;

const JOBS = [execJob("a"), execJob("b/c?d%", { Namespace: "team" }), execJob("stopped", { Stop: true }), execJob("b/dispatch-1", { ParentID: "b" })];

describe("import", () => {
  it("only says what it would do without -yes, and with -dry-run", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    for (const argv of [[], ["-yes", "-dry-run"]]) {
      const { code, out } = await run(source, target, argv);
      expect({ code, done: report(out).done, actions: actions(out), leftOut: report(out).totals["leftOut"] }).toEqual({ code: 0, done: false, actions: { a: "create", "b/c?d%": "create" }, leftOut: 2 });
    }
    expect(target.jobs.size).toBe(0);
  });

  it("brings jobs over with -yes, and finds nothing to do the second time", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    expect(actions((await run(source, target, ["-yes"])).out)).toEqual({ a: "create", "b/c?d%": "create" });
    expect([...target.jobs.keys()]).toEqual(["default/a", "team/b/c?d%"]);
    expect(target.jobs.get("team/b/c?d%")).toMatchObject({ ID: "b/c?d%", Namespace: "team", TaskGroups: [{ Tasks: [{ Env: { API_TOKEN: "hunter2" } }] }] });
    const { code, out } = await run(source, target, ["-yes"]);
    expect({ code, actions: actions(out), writes: writes(target) }).toEqual({ code: 0, actions: { a: "same", "b/c?d%": "same" }, writes: 2 });
    expect(writes(source)).toBe(0);
  });

  it("leaves a job alone that is there and differs, unless -overwrite is given", async () => {
    const other = execJob("a", { Priority: 70, JobModifyIndex: 12 });
    const [source, target] = [await start({ jobs: [execJob("a")] }), await start({ jobs: [other] })];
    expect(actions((await run(source, target, ["-yes"])).out)).toEqual({ a: "differs" });
    expect(target.jobs.get("default/a")).toBe(other);
    expect(actions((await run(source, target, ["-yes", "-overwrite"])).out)).toEqual({ a: "replace" });
    expect(target.jobs.get("default/a")).toMatchObject({ Priority: 50 });
  });

  it("brings stopped jobs where it is asked to, and they stay stopped", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    await run(source, target, ["-yes", "-stopped"]);
    expect(target.jobs.get("default/stopped")).toMatchObject({ Stop: true });
    expect(actions((await run(source, target, ["-yes", "-stopped"])).out)).toMatchObject({ stopped: "same" });
  });

  it("puts all jobs into one namespace, and not where two would be one", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    await run(source, target, ["-yes", "-to-namespace=one"]);
    expect([...target.jobs.keys()]).toEqual(["one/a", "one/b/c?d%"]);
    const twins = await start({ jobs: [execJob("a"), execJob("a", { Namespace: "team" })] });
    const { code, complaints } = await run(twins, target, ["-to-namespace=two", "-yes"]);
    expect(code).toBe(2);
    expect(complaints).toMatch(/two namespaces have a job "a"/);
    expect([...target.jobs.keys()].some((key) => key.startsWith("two/"))).toBe(false);
  });

  it("goes on where a job is refused, forbidden or gone, and says so by its exit code", async () => {
    const jobs = ["refused", "forbidden", "gone", "fine"].map((id) => execJob(id));
    const [source, target] = [await start({ jobs, odd: { forbidden: [403, "Permission denied"], gone: [404, ""] } }), await start({ invalid: { refused: "1 error occurred:\n\t* no" } })];
    const { code, out } = await run(source, target, ["-yes"]);
    expect({ code, actions: actions(out) }).toEqual({ code: 1, actions: { refused: "refused", forbidden: "failed", gone: "gone", fine: "create" } });
    expect([...target.jobs.keys()]).toEqual(["default/fine"]);
  });

  it("refuses jobs of namespaces that the target has not, before anything is done", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start({ namespaces: ["default"] })];
    for (const argv of [[], ["-yes"]]) {
      const { code, out } = await run(source, target, argv);
      expect({ code, actions: actions(out) }).toEqual({ code: 1, actions: { a: "create", "b/c?d%": "refused" } });
      expect(report(out).jobs[1]?.detail).toBe('the target has no namespace "team", or the token may not see it; make it there, or give -to-namespace');
    }
    expect([...target.jobs.keys()]).toEqual(["default/a"]);
  });

  it.each([
    ["cannot be reached", { address: "http://127.0.0.1:1" }, /cannot ask http:\/\/127\.0\.0\.1:1: Get .*: connect: connection refused\n$/],
    ["gives the token no right", { namespaces: [] }, /the token may do nothing in any namespace of .*; it needs read-job and submit-job: -to-token or NOMAD_TO_TOKEN/],
  ])("does nothing where the target %s", async (_what, options: { address?: string; namespaces?: readonly string[] }, complaint) => {
    const source = await start({ jobs: JOBS });
    const target = options.address === undefined ? await start(options) : { address: options.address };
    const { code, out, complaints } = await run(source, target, ["-yes"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(complaints).toMatch(complaint);
  });

  it("tries again where a server has closed an idle connection", async () => {
    const jobs = Array.from({ length: 16 }, (_, i) => execJob(`job-${i}`));
    const [source, target] = [await start({ jobs, forgetful: true }), await start({ forgetful: true })];
    const { code, out } = await run(source, target, ["-yes"]);
    expect({ code, created: report(out).totals["create"], there: target.jobs.size }).toEqual({ code: 0, created: 16, there: 16 });
  });

  it("asks a server that has gone no more", async () => {
    const jobs = Array.from({ length: 60 }, (_, i) => execJob(`job-${i}`));
    const [source, target] = [await start({ jobs }), await start({ dies: "/v1/job/" })];
    const { code, out } = await run(source, target, ["-yes"]);
    expect({ code, failed: report(out).totals["failed"], last: report(out).jobs.at(-1)?.detail }).toEqual({ code: 1, failed: 60, last: "not asked: the server has not answered 16 times in a row" });
    expect(target.requests.length).toBeLessThan(30);
  });

  it("ends what is under way at Ctrl-C, says what is not begun, and goes on there", async () => {
    const jobs = Array.from({ length: 60 }, (_, i) => execJob(`job-${i}`));
    const [source, target] = [await start({ jobs }), await start()];
    const stop = new AbortController();
    const running = run(source, target, ["-yes"], stop.signal);
    while (target.jobs.size < 5) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort();
    const { code, out } = await running;
    const { totals } = report(out);
    expect({ code, done: totals["create"], all: (totals["create"] ?? 0) + (totals["interrupted"] ?? 0) }).toEqual({ code: 130, done: target.jobs.size, all: 60 });
    expect((await run(source, target, ["-yes"])).code).toBe(0);
    expect(target.jobs.size).toBe(60);
  });

  it("says what there is to say of a job below it, point by point", async () => {
    const warnings = "2 warnings:\n\n* first\n* second";
    const [source, target] = [await start({ jobs: [execJob("a"), execJob("b")] }), await start({ warnings })];
    const { out } = await run(source, target, ["-format=text"]);
    expect(out).toContain(["action  namespace  job", "create  default    a", "         first", "         second", "create  default    b"].join("\n"));
  });

  it("gives neither side the other's token, and prints no secret", async () => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    for (const argv of [["-yes"], ["-format=text"]]) {
      const { out, complaints } = await run(source, target, argv);
      expect(`${out}${complaints}`).not.toMatch(/hunter2|of-source|of-target/);
    }
    expect({ source: source.tokens, target: target.tokens }).toEqual({ source: new Set(["of-source"]), target: new Set(["of-target"]) });
  });

  it("gives the token of NOMAD_ADDR to no other source", async () => {
    const [source, other, target] = [await start(), await start({ jobs: [execJob("a")] }), await start()];
    expect((await run(source, target, [`-from=${other.address}`])).code).toBe(0);
    expect((await run(source, target, [`-from=${source.address}`])).code).toBe(0);
    expect((await run(source, target, [`-from=${other.address}`, "-token=its-own"])).code).toBe(0);
    expect({ other: other.tokens, source: source.tokens }).toEqual({ other: new Set(["", "its-own"]), source: new Set(["of-source"]) });
  });

  it.each([
    [["-to="], /where do the jobs go\? Write -to=<address>/],
    [["web"], /"web" is no option/],
    [["-format=xml"], /-format is "xml"; it must be one of text, json/],
    [["-from=x"], /invalid address 'x'/],
    [["-to=x"], /invalid address 'x'/],
  ])("does nothing for %j", async (argv, complaint) => {
    const [source, target] = [await start({ jobs: JOBS }), await start()];
    const { code, complaints } = await run(source, target, ["-yes", ...argv]);
    expect({ code, requests: target.requests }).toEqual({ code: 2, requests: [] });
    expect(complaints).toMatch(complaint);
  });

  it("does nothing where both are the same", async () => {
    const source = await start({ jobs: JOBS });
    expect(await run(source, source, ["-yes"])).toMatchObject({ code: 2, complaints: expect.stringContaining("the jobs are there already") as string });
  });

  it("is explained", async () => expect(await run(await start(), await start(), ["-h"])).toMatchObject({ code: 0, out: expect.stringContaining("Usage: nomad-bridge import") as string }));
});
