/** @module Logs, files, usage, signals and restarts of allocations, running and ended, over Nomad's HTTP API on a real cluster. */
import { readFileSync } from "node:fs";
import { type IncomingMessage } from "node:http";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually } from "./kubernetes/real-cluster.ts";
import { auditOf } from "./support/machine.ts";
import { allocation, allocationsOf, inTask, nomad, nomadJson, tokenWith } from "./support/nomad.ts";
import { applyTask, enterWorld, readyPod, shell, uidOf, type World } from "./support/world.ts";

let world: World;
let id: string;
let group: string;
const RESOURCES = { memory: 32 };
const CHATTY = `echo out 1; echo err 1 >&2; echo 0123456789 > /local/file; echo '{}' > /local/a.json; echo key > /secrets/key; mkdir /alloc/data/sub
  ln -s /etc/passwd /local/out; mkfifo /local/fifo; trap "exit 0" INT; trap "echo got HUP" HUP; echo started; while :; do sleep 1 & wait $!; done`;
beforeAll(async () => {
  world = await enterWorld("files");
  const helper = { name: "helper", ...shell("echo helper; exec sleep 100000"), resources: RESOURCES };
  const prepare = { name: "prepare", ...shell("echo prepared"), lifecycle: { hook: "prestart" as const }, resources: RESOURCES };
  const [alone, several] = await Promise.all([
    readyPod(world, "chatty", { ...shell(CHATTY), resources: RESOURCES }),
    readyPod(world, "several", { tasks: [helper, prepare], resources: RESOURCES }),
  ]);
  id = uidOf(alone);
  group = uidOf(several);
  await eventually(async () => ((await logs({ plain: "true" })).body.includes("started") ? true : undefined));
});
afterAll(async () => await world.leave());

const fs = async (operation: string, query: Readonly<Record<string, string>>, alloc = id) => await nomad(`/v1/client/fs/${operation}/${alloc}?${new URLSearchParams(query)}`);
const logs = async (query: Readonly<Record<string, string>>, alloc = id) => await fs("logs", { task: "chatty", type: "stdout", ...query }, alloc);

type Frame = { readonly Offset?: number; readonly Data?: string; readonly File?: string; readonly FileEvent?: string };

/** JSON objects, one behind the other without anything between. */
const framesOf = (body: string): readonly Frame[] => (body === "" ? [] : (JSON.parse(`[${body.replaceAll("}{", "},{")}]`) as readonly Frame[]));
const textOf = (frames: readonly Frame[]): string => frames.map(({ Data = "" }) => Buffer.from(Data, "base64").toString("utf8")).join("");

type Following = { readonly body: () => string; readonly until: (holds: (body: string) => boolean) => Promise<void>; readonly response: IncomingMessage; readonly ended: Promise<unknown>; readonly stop: () => void };

/** A reply that is read while it comes, compressed or not, as Go's client asks for it. */
async function follow(path: string): Promise<Following> {
  const { addr, caFile, token } = inject("bridge");
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(`${addr}${path}`, { headers: { "X-Nomad-Token": token, "Accept-Encoding": "gzip" }, ca: readFileSync(caFile), agent: false }, resolve);
  outgoing.on("error", reject).end();
  const response = await promise;
  let body = "";
  const ended = new Promise((done) => response.on("end", done).on("error", done));
  response.setEncoding("utf8").on("data", (text: string) => (body += text));
  const until = async (holds: (body: string) => boolean) => void (await eventually(() => (holds(body) ? true : undefined)));
  return { body: () => body, until, response, ended, stop: () => outgoing.destroy() };
}

describe("the logs of a running task", () => {
  it("are stdout and stderr apart", async () => {
    expect((await logs({ plain: "true" })).body).toBe("out 1\nstarted\n");
    expect((await logs({ plain: "true", type: "stderr" })).body).toBe("err 1\n");
  });

  it("come in frames that say where they are from", async () => {
    const { status, body } = await logs({});
    expect([status, framesOf(body)]).toEqual([200, [{ Offset: 14, Data: Buffer.from("out 1\nstarted\n").toString("base64"), File: "alloc/logs/chatty.stdout.0" }]]);
    expect(framesOf((await logs({ offset: "6" })).body)).toEqual([{ Offset: 14, Data: Buffer.from("started\n").toString("base64"), File: "alloc/logs/chatty.stdout.0" }]);
  });

  it.each([["end", "8", "started\n"], ["end", "1000000", "out 1\nstarted\n"], ["end", "0", ""], ["start", "4", "1\nstarted\n"], ["start", "99", ""]])("begin %s %s", async (origin, offset, text) => {
    expect((await logs({ plain: "True", origin, offset, follow: "False" })).body).toBe(text);
  });

  it.each([
    [{ task: "" }, 400, "must provide task name"],
    [{ type: "both" }, 400, "must provide log type (stdout/stderr)"],
    [{ origin: "middle" }, 400, "origin must be start or end"],
    [{ follow: "si" }, 400, 'failed to parse follow field to boolean: strconv.ParseBool: parsing "si": invalid syntax'],
    [{ task: "other" }, 400, 'unknown task name "other"'],
  ])("%j is refused", async (query, status, text) => expect(await logs(query)).toEqual({ status, body: text }));

  it("are followed over their rotation, at once and whole", async () => {
    const talker = shell("i=0; until [ -e /alloc/data/go ]; do sleep 0.1; done; while [ $i -lt 60000 ]; do i=$((i+1)); echo line $i of what a task says that has a lot to say; done; exec sleep 100000");
    const pod = await readyPod(world, "talker", { ...talker, resources: RESOURCES, logs: { maxFiles: 5, maxFileSize: 1 } });
    const stream = await follow(`/v1/client/fs/logs/${uidOf(pod)}?task=talker&type=stdout&follow=true&origin=start&offset=0`);
    await stream.until((body) => body.includes("{}"));
    expect([stream.response.statusCode, stream.response.headers["content-encoding"]]).toEqual([200, undefined]);
    await inTask(uidOf(pod), "talker", "touch /alloc/data/go");
    await stream.until((body) => body.includes("{}", body.length - 100) && textOf(framesOf(body)).includes("line 60000 "));
    stream.stop();
    const frames = framesOf(stream.body()).filter(({ Data }) => Data !== undefined);
    expect(textOf(frames).split("\n").filter((line) => line !== "").map((line) => Number(line.split(" ")[1]))).toEqual(Array.from({ length: 60_000 }, (_, index) => index + 1));
    expect(new Set(frames.map(({ File }) => File)).size).toBeGreaterThan(2);
    for (const file of new Set(frames.map(({ File }) => File))) {
      let next = 0;
      for (const { Offset = 0, Data = "" } of frames.filter(({ File }) => File === file)) {
        next += Buffer.from(Data, "base64").length;
        expect(Offset).toBe(next);
      }
    }
  });

  it("are followed over the task's restarts to its last words", async () => {
    const script = "n=$(cat /alloc/data/n 2>/dev/null || echo 0); n=$((n+1)); echo $n > /alloc/data/n; echo run $n; sleep 3; echo last words of $n; exit 1";
    await applyTask(world, "short", { ...shell(script), resources: RESOURCES, restart: { attempts: 1, delay: "1s", interval: "10m" } });
    const running = await eventually(async () => (await allocationsOf(world.namespace, "short")).find(({ ClientStatus }) => ClientStatus === "running"));
    const stream = await follow(`/v1/client/fs/logs/${running.ID}?task=short&type=stdout&follow=true&plain=true`);
    await stream.ended;
    expect(stream.body()).toBe("run 1\nlast words of 1\nrun 2\nlast words of 2\n");
    expect(stream.response.complete).toBe(true);
  });

  it("are there for a task of the group that has ended, and not for one that has not begun", async () => {
    expect((await fs("logs", { task: "prepare", type: "stdout", plain: "true" }, group)).body).toBe("prepared\n");
    expect((await fs("logs", { task: "helper", type: "stdout", plain: "true" }, group)).body).toBe("helper\n");
  });

  it("leave a line in the audit log, without what they say", async () => {
    const lines = auditOf(id).filter(({ event }) => event === ("alloc-logs" as never));
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain("out 1");
  });
});

describe("the files of a running allocation", () => {
  type Info = { readonly Name: string; readonly IsDir: boolean; readonly Size: number; readonly FileMode: string; readonly ContentType: string };
  const names = async (path: string, alloc = id) => (JSON.parse((await fs("ls", { path }, alloc)).body) as readonly Info[]).map(({ Name }) => Name);

  it("are listed from the root down", async () => {
    expect(await names("/")).toEqual(["alloc", "chatty"]);
    expect(await names("chatty")).toEqual(["alloc", "local", "secrets", "tmp"]);
    expect(await names("/chatty/local/")).toEqual(["a.json", "fifo", "file", "out"]);
    expect(await names("alloc")).toEqual(["data", "logs", "tmp"]);
    expect(await names("alloc/logs")).toEqual(["chatty.stderr.0", "chatty.stdout.0"]);
  });

  it("are those of each task of a group", async () => {
    expect(await names("/", group)).toEqual(["alloc", "helper", "prepare", "several"]);
    await inTask(group, "helper", "echo mine > /local/mine");
    expect(await names("helper/local", group)).toEqual(["mine"]);
    expect(await names("several/local", group)).toEqual([]);
    expect(await fs("ls", { path: "prepare/local" }, group)).toEqual({ status: 404, body: `state for allocation ${group} not found on client` });
  });

  it("have a size, a mode and a kind of content", async () => {
    const { status, body } = await fs("stat", { path: "chatty/local/file" });
    expect([status, JSON.parse(body)]).toEqual([200, expect.objectContaining({ Name: "file", IsDir: false, Size: 11, FileMode: "-rw-r--r--", ContentType: "text/plain; charset=utf-8" })]);
    expect(JSON.parse((await fs("stat", { path: "chatty/local/a.json" })).body)).toMatchObject({ ContentType: "application/json" });
    expect(JSON.parse((await fs("stat", { path: "chatty/secrets/key" })).body)).toMatchObject({ Size: 4 });
  });

  it.each([
    ["cat", { path: "chatty/local/file" }, 200, "0123456789\n"],
    ["readat", { path: "chatty/local/file", offset: "3", limit: "4" }, 200, "3456"],
    ["readat", { path: "chatty/local/file", offset: "8", limit: "0" }, 200, "89\n"],
    ["readat", { path: "chatty/local/file", offset: "x" }, 400, 'error parsing offset: strconv.ParseInt: parsing "x": invalid syntax'],
    ["cat", { path: "chatty/secrets/key" }, 403, "Reading secret file prohibited: chatty/secrets/key"],
    ["readat", { path: "chatty/secrets/key", offset: "0", limit: "9" }, 403, "Reading secret file prohibited: chatty/secrets/key"],
    ["stream", { path: "chatty/secrets/key" }, 403, "Reading secret file prohibited: chatty/secrets/key"],
    ["cat", { path: "chatty/local/out" }, 400, "Path escapes the alloc directory"],
    ["stream", { path: "../" }, 400, "Path escapes the alloc directory"],
    ["ls", { path: "../" }, 500, "Path escapes the alloc directory"],
    ["cat", { path: "chatty/local/fifo" }, 400, "chatty/local/fifo is not a regular file"],
    ["cat", { path: "chatty/local/none" }, 404, "stat chatty/local/none: no such file or directory"],
    ["stat", { path: "" }, 400, "must provide a file name"],
    ["cat", { path: "chatty/nomad-bridge/task.json" }, 404, "stat chatty/nomad-bridge/task.json: no such file or directory"],
  ])("%s %j", async (operation, query, status, body) => expect(await fs(operation, query)).toEqual({ status, body }));

  it("are streamed on as they grow, until they are gone", async () => {
    await inTask(id, "chatty", "echo one > /alloc/data/grows");
    const stream = await follow(`/v1/client/fs/stream/${id}?path=alloc/data/grows&offset=0&origin=start`);
    await stream.until((body) => textOf(framesOf(body)) === "one\n");
    await inTask(id, "chatty", "echo two >> /alloc/data/grows");
    await stream.until((body) => textOf(framesOf(body)) === "one\ntwo\n");
    await inTask(id, "chatty", "rm /alloc/data/grows");
    await stream.ended;
    expect(framesOf(stream.body()).at(-1)).toEqual({ Offset: 8, File: "alloc/data/grows", FileEvent: "file deleted" });
  });

  it("come whole and without filling the server, also to one who reads slowly", async () => {
    await inTask(id, "chatty", "head -c 40000000 /dev/zero > /alloc/data/large");
    const stream = await follow(`/v1/client/fs/cat/${id}?path=alloc/data/large`);
    stream.response.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    stream.response.resume();
    await stream.ended;
    expect(stream.body().length).toBe(40_000_000);
    await inTask(id, "chatty", "rm /alloc/data/large");
  });
});

describe("who may", () => {
  it.each([
    ["read-logs", { logs: 200, ls: 403, stats: 403, restart: 403 }],
    ["read-fs", { logs: 200, ls: 200, stats: 403, restart: 403 }],
    ["read-job", { logs: 403, ls: 403, stats: 200, restart: 403 }],
    ["alloc-lifecycle", { logs: 403, ls: 403, stats: 403, restart: 500 }],
    ["alloc-exec", { logs: 403, ls: 403, stats: 403, restart: 403 }],
  ])("%s", async (capability, wanted) => {
    const holder = await tokenWith(`namespace "${world.namespace}" { capabilities = ["${capability}"] }`);
    const ask = async (path: string, method = "GET", body?: unknown) => (await nomad(path, { token: holder.secret, method, body })).status;
    try {
      expect({
        logs: await ask(`/v1/client/fs/logs/${id}?task=chatty&type=stdout`),
        ls: await ask(`/v1/client/fs/ls/${id}?path=/`),
        stats: await ask(`/v1/client/allocation/${id}/stats`),
        restart: await ask(`/v1/client/allocation/${id}/restart`, "PUT", { TaskName: "none" }),
      }).toEqual(wanted);
    } finally {
      await holder.remove();
    }
  });

  it("loses a stream with the right to it", async () => {
    const holder = await tokenWith(`namespace "${world.namespace}" { capabilities = ["read-logs"] }`);
    const { addr, caFile } = inject("bridge");
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    request(`${addr}/v1/client/fs/logs/${id}?task=chatty&type=stdout&follow=true`, { headers: { "X-Nomad-Token": holder.secret }, ca: readFileSync(caFile), agent: false }, resolve).on("error", () => undefined).end();
    const response = await promise;
    const broken = new Promise((done) => response.on("error", done).on("end", done).resume());
    await holder.remove();
    await broken;
    expect(response.complete).toBe(false);
  });

  it("is unknown where there is no such allocation", async () => {
    const none = "00000000-1111-4222-8333-444444444444";
    for (const path of ["fs/logs/ID?task=a&type=stdout", "fs/ls/ID", "allocation/ID/stats", "allocation/ID/checks"]) {
      expect(await nomad(`/v1/client/${path.replace("ID", none)}`)).toEqual({ status: 404, body: `Unknown allocation "${none}"` });
    }
  });
});

describe("a running task", () => {
  it("says what it uses", async () => {
    type Usage = { readonly ResourceUsage: { readonly MemoryStats: { readonly RSS: number }; readonly CpuStats: { readonly TotalTicks: number } } };
    const { Tasks, ResourceUsage } = await nomadJson<Usage & { readonly Tasks: Readonly<Record<string, Usage>> }>(`/v1/client/allocation/${group}/stats`);
    expect(Object.keys(Tasks).toSorted()).toEqual(["helper", "several"]);
    expect(ResourceUsage.MemoryStats.RSS).toBe(Object.values(Tasks).reduce((sum, task) => sum + task.ResourceUsage.MemoryStats.RSS, 0));
    expect(ResourceUsage.MemoryStats.RSS).toBeGreaterThan(100_000);
    expect(await nomadJson(`/v1/client/allocation/${group}/checks`)).toEqual({});
  });

  it("gets signals", async () => {
    expect((await nomad(`/v1/client/allocation/${id}/signal`, { method: "PUT", body: { Signal: "SIGHUP", Task: "" } })).status).toBe(200);
    await eventually(async () => ((await logs({ plain: "true" })).body.includes("got HUP") ? true : undefined));
    expect(await nomad(`/v1/client/allocation/${id}/signal`, { method: "POST", body: { Signal: "SIGNOT", Task: "chatty" } })).toMatchObject({ status: 500 });
    expect(await nomad(`/v1/client/allocation/${id}/signal`, { method: "POST", body: { Signal: "SIGHUP", Task: "none" } })).toEqual({ status: 500, body: "Task not found" });
  });

  it("is restarted in place, and its logs go on", async () => {
    expect((await nomad(`/v1/client/allocation/${id}/restart`, { method: "PUT", body: { TaskName: "chatty", AllTasks: false } })).status).toBe(200);
    await eventually(async () => ((await logs({ plain: "true" })).body.match(/started/g)?.length === 2 ? true : undefined));
    const { ClientStatus, TaskStates } = await allocation(id);
    expect([ClientStatus, TaskStates["chatty"]?.Restarts]).toEqual(["running", 1]);
    expect(TaskStates["chatty"]?.Events.slice(-5).map(({ Type, DisplayMessage }) => `${Type}: ${DisplayMessage}`)).toEqual([
      "Signaling: Task being sent a signal", "Restart Signaled: User requested task to restart", "Terminated: Exit Code: 0", "Restarting: Task restarting in 0s", "Started: Task started by client",
    ]);
    expect(await nomad(`/v1/client/allocation/${id}/restart`, { method: "PUT", body: { TaskName: "none" } })).toEqual({ status: 500, body: "Could not find task runner for task: none" });
    expect(await nomad(`/v1/client/allocation/${group}/restart`, { method: "PUT", body: { TaskName: "prepare" } })).toEqual({ status: 500, body: "Task not running" });
  });
});

describe("an allocation that has ended", () => {
  it("keeps the end of its output, and nothing of its files", async () => {
    await applyTask(world, "ended", { ...shell("echo last words; echo cry >&2; exit 3"), restart: { attempts: 0, delay: "1s", interval: "10m" }, resources: RESOURCES });
    const failed = await eventually(async () => (await allocationsOf(world.namespace, "ended")).find(({ ClientStatus }) => ClientStatus === "failed"));
    const read = async (query: Readonly<Record<string, string>>) => (await fs("logs", { task: "ended", type: "stdout", plain: "true", ...query }, failed.ID)).body;
    await eventually(async () => ((await read({})).includes("last words") ? true : undefined));
    // The API server cannot tell the two apart unless an alpha feature is on: then both are in stdout.
    expect((await read({ type: "stderr" })) + (await read({}))).toContain("cry");
    expect(framesOf((await fs("logs", { task: "ended", type: "stdout", follow: "false" }, failed.ID)).body)[0]).toMatchObject({ File: "alloc/logs/ended.stdout.0" });
    expect((await read({ origin: "end", offset: "3" })).length).toBe(3);
    expect((await allocation(failed.ID)).TaskStates["ended"]?.Events.map(({ DisplayMessage }) => DisplayMessage)).toContain("Exit Code: 3");
    expect(await fs("ls", { path: "/" }, failed.ID)).toEqual({ status: 404, body: `state for allocation ${failed.ID} not found on client` });
    expect(JSON.parse((await nomad(`/v1/client/allocation/${failed.ID}/stats`)).body)).toMatchObject({ Tasks: {}, Timestamp: 0, ResourceUsage: { CpuStats: { Measured: null } } });
    expect((await nomad(`/v1/client/allocation/${failed.ID}/gc`)).status).toBe(200);
    expect(await nomad(`/v1/client/allocation/${id}/gc`)).toEqual({ status: 500, body: "No such allocation on client, or allocation not eligible for GC" });
    expect(await nomad(`/v1/client/allocation/${failed.ID}/restart`, { method: "PUT" })).toEqual({ status: 500, body: "restart of an alloc that should not run" });
  });
});
