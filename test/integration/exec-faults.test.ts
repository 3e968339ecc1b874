/** @module Exec sessions when something goes away in the middle: the client, the pod, the launcher, the server, the right to it. Seen from both ends and from the machine. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RESOURCES } from "../../src/main/resources.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { auditOf, auditText, killServer, processesWith, upAgain } from "./support/machine.ts";
import { asked, type Ending, exec, type ExecSession, inTask, nomad, openExec, tokenWith } from "./support/nomad.ts";
import { enterWorld, grantProfiles, readyPod, removeTask, uidOf, unique, type World } from "./support/world.ts";

const POLICIES = ["hangup", "kill", "keep"] as const;
let world: World;
let takeProfilesBack: () => Promise<void>;
/** A task to enter, and one for each policy. */
let alloc: string;
const allocOf = new Map<string, string>();
beforeAll(async () => {
  world = await enterWorld("faults");
  takeProfilesBack = await grantProfiles(world, POLICIES.map((hangup) => ({ name: `${world.namespace}-${hangup}`, hangup })));
  const [entered, ...pods] = await Promise.all([
    readyPod(world, "entered", { resources: { memory: 256 } }),
    ...POLICIES.map((policy) => readyPod(world, policy, { profile: `${world.namespace}-${policy}` })),
  ]);
  alloc = uidOf(entered);
  for (const [index, pod] of pods.entries()) allocOf.set(POLICIES[index] ?? "", uidOf(pod));
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

/** What a session has left running under policy "keep", or by a test that failed. */
const markers: string[] = [];
afterAll(() => {
  for (const marker of markers) for (const pid of processesWith(marker)) process.kill(pid, "SIGKILL");
});

/** A session with two processes that the machine can be asked for by a mark among their arguments. */
type Marked = { readonly session: ExecSession; readonly marker: string };

const TWO_PROCESSES = "(while :; do sleep 1; done) & echo ready; wait";
const DEAF = `trap "" HUP; ${TWO_PROCESSES}`;
const DEAF_TO_TERM = `trap "" HUP TERM; ${TWO_PROCESSES}`;

type Begin = { readonly allocId?: string; readonly task?: string; readonly script?: string; readonly tty?: boolean; readonly token?: string };

async function beginMarked({ allocId = alloc, task = "entered", script = TWO_PROCESSES, ...more }: Begin): Promise<Marked> {
  const marker = unique("marker");
  markers.push(marker);
  const session = await openExec({ allocId, task, command: ["/bin/sh", "-c", script, marker], ...more });
  await session.says("ready");
  // Else a later look would find nothing for the wrong reason. A script says that it is ready before it has started the rest.
  await eventually(() => (processesWith(marker).length >= 2 ? true : undefined));
  return { session, marker };
}

const gone = async (marker: string) => await eventually(() => (processesWith(marker).length === 0 ? true : undefined));

/** An error and never a success: without an exit code there must be words. */
function expectFailure({ exitCode, reason }: Ending): void {
  expect(exitCode).not.toBe(0);
  if (exitCode === undefined) expect(reason).not.toBe("");
}

describe.concurrent("when its client dies, a session", () => {
  it.each([
    { policy: "hangup", script: TWO_PROCESSES, tty: false },
    { policy: "hangup", script: TWO_PROCESSES, tty: true },
    { policy: "hangup", script: "echo ready; (while :; do sleep 1; done) & while :; do echo flood; done", tty: false },
    { policy: "kill", script: TWO_PROCESSES, tty: false },
    { policy: "kill", script: DEAF, tty: false },
    { policy: "kill", script: DEAF_TO_TERM, tty: false },
    { policy: "kill", script: DEAF_TO_TERM, tty: true },
  ])("leaves nothing behind under policy $policy (terminal: $tty): $script", async ({ policy, script, tty }) => {
    const allocId = allocOf.get(policy) ?? "";
    const { session, marker } = await beginMarked({ allocId, task: policy, script, tty });
    session.drop();
    await gone(marker);
  });

  it.each([
    { policy: "keep", script: TWO_PROCESSES, tty: false },
    { policy: "keep", script: "echo ready; (while :; do sleep 1; done) & while :; do echo flood; done", tty: false },
    { policy: "hangup", script: DEAF, tty: false },
  ])("leaves its processes to themselves under policy $policy: $script", async ({ policy, script, tty }) => {
    const allocId = allocOf.get(policy) ?? "";
    const { session, marker } = await beginMarked({ allocId, task: policy, script, tty });
    const before = processesWith(marker);
    session.drop();
    await eventually(() => (auditOf(allocId).some((line) => line.event === "exec-end" && JSON.stringify(line).includes(marker)) ? true : undefined));
    // The session's two; a third that was seen before may have been a fork of them on its way to being sleep.
    expect(processesWith(marker).filter((pid) => before.includes(pid)).length).toBeGreaterThanOrEqual(2);
  });
});

describe("when its pod goes, a session", () => {
  it("ends with a reason and no success when the allocation is stopped", async () => {
    const pod = await readyPod(world, "stopped", {});
    const { session, marker } = await beginMarked({ allocId: uidOf(pod), task: "stopped" });
    await removeTask(world, "stopped");
    expectFailure(await session.ended);
    await gone(marker);
    await eventually(() => (auditOf(uidOf(pod)).length >= 2 ? true : undefined));
    expect(auditOf(uidOf(pod)).map((line) => line.event)).toEqual(["exec-start", "exec-end"]);
  });

  it("ends with a reason and no success when the pod is deleted without grace", async () => {
    const pod = await readyPod(world, "forced", {});
    const { session, marker } = await beginMarked({ allocId: uidOf(pod), task: "forced" });
    await must(world.client.remove({ resource: RESOURCES.pods, namespace: world.namespace, name: pod.metadata.name }, { gracePeriodSeconds: 0 }));
    const ending = await session.ended;
    expectFailure(ending);
    await gone(marker);
    await removeTask(world, "forced");
  });

  it("ends without success when the task ends, and the restarted task can be entered", async () => {
    const task = unique("task");
    const script = `echo run >> /alloc/data/runs; while :; do sleep 1; done`;
    const pod = await readyPod(world, task, { command: "/bin/sh", args: ["-c", script, task], restart: { delay: "1s" } });
    const { session, marker } = await beginMarked({ allocId: uidOf(pod), task });
    for (const pid of processesWith(script)) if (processesWith(task).includes(pid)) process.kill(pid, "SIGKILL");
    expectFailure(await session.ended);
    await gone(marker);
    await eventually(async () => ((await inTask(uidOf(pod), task, "cat /alloc/data/runs").catch(() => "")) === "run\nrun\n" ? true : undefined));
    await removeTask(world, task);
  });
});

describe("when its launcher is killed in the pod, a session", () => {
  it.each([false, true])("ends with an error, and its processes end too (terminal: %s)", async (tty) => {
    const { session, marker } = await beginMarked({ tty });
    const start = auditOf(alloc).find((line) => JSON.stringify(line).includes(marker));
    const launchers = processesWith(start?.session ?? "no start in the audit log");
    expect(launchers.length).toBeGreaterThanOrEqual(1);
    for (const pid of launchers) process.kill(pid, "SIGKILL");
    const ending = await session.ended;
    expect(ending).toMatchObject({ closeCode: 1011, reason: expect.stringMatching(/without an exit code/) as string });
    expect(ending.exitCode).toBeUndefined();
    await gone(marker);
  });
});

describe("a process that does not read its stdin", () => {
  const MEGABYTE = Buffer.alloc(1024 * 1024, "unread ");

  it("hears of a resize behind 16 MiB, and its exit code arrives", async () => {
    const script = 'stty -echo raw; trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.1; done';
    const session = await openExec({ allocId: alloc, task: "entered", command: ["/bin/sh", "-c", script], tty: true });
    await session.says("ready");
    for (let sent = 0; sent < 16; sent++) session.write(MEGABYTE);
    session.resize(41, 107);
    expect(await session.ended).toMatchObject({ exitCode: 5, closeCode: 1000 });
    expect(session.stdout()).toContain("41 107");
  });

  it("ends its session with its own code behind 16 MiB", async () => {
    const flag = `/alloc/data/${unique("flag")}`;
    const script = `echo ready; while [ ! -e ${flag} ]; do sleep 0.1; done; exit 9`;
    const session = await openExec({ allocId: alloc, task: "entered", command: ["/bin/sh", "-c", script] });
    await session.says("ready");
    for (let sent = 0; sent < 16; sent++) session.write(MEGABYTE);
    await inTask(alloc, "entered", `touch ${flag}`);
    expect(await session.ended).toMatchObject({ exitCode: 9, closeCode: 1000 });
  });
});

describe("many sessions at once", () => {
  it("each get their own bytes and their own exit code", async () => {
    const sessions = Array.from({ length: 20 }, async (_, index) => {
      const bytes = randomBytes(200_000);
      const session = await openExec({ allocId: alloc, task: "entered", command: ["/bin/sh", "-c", `sha256sum; exit ${index}`] });
      session.write(bytes);
      session.closeStdin();
      const { exitCode } = await session.ended;
      return { exitCode, right: session.stdout().startsWith(createHash("sha256").update(bytes).digest("hex")) };
    });
    expect(await Promise.all(sessions)).toEqual(Array.from({ length: 20 }, (_, index) => ({ exitCode: index, right: true })));
  });
});

describe("when its right is taken away, a session", () => {
  const rules = () => `namespace "${world.namespace}" { capabilities = ["alloc-exec", "read-job"] }`;

  it("ends, and its processes with it, when its token is deleted", async () => {
    const token = await tokenWith(rules());
    const { session, marker } = await beginMarked({ token: token.secret });
    await token.remove();
    expect(await session.ended).toMatchObject({ closeCode: 1011, reason: "Permission denied" });
    await gone(marker);
    const end = await eventually(() => auditOf(alloc).find((line) => line.event === "exec-end" && line["accessor"] === token.accessor));
    expect(end).toMatchObject({ reason: "Permission denied" });
  });

  it("ends when the policy no longer allows it, and goes on while it still does", async () => {
    const token = await tokenWith(rules());
    const { session, marker } = await beginMarked({ token: token.secret });
    const [policy] = JSON.parse((await asked("/v1/acl/token/self", { token: token.secret })).body).Policies as readonly string[];
    const rewrite = async (Rules: string) => await asked(`/v1/acl/policy/${policy}`, { method: "PUT", body: { Name: policy, Rules } });
    await rewrite(`${rules()} node { policy = "read" }`);
    session.write("still here\n");
    // Once an answer with the new policy has been seen, the session has been looked at with it too.
    await eventually(async () => ((await nomad("/v1/nodes", { token: token.secret })).status === 200 ? true : undefined));
    expect(processesWith(marker)).not.toEqual([]);
    await rewrite(`namespace "${world.namespace}" { capabilities = ["read-job"] }`);
    expect(await session.ended).toMatchObject({ closeCode: 1011, reason: "Permission denied" });
    await gone(marker);
    await token.remove();
  });
});

describe("the audit log", () => {
  it("has one line at the start and one at the end of a session, with who, where, what and how it ended", async () => {
    const pod = await readyPod(world, "audited", {});
    const token = await tokenWith(`namespace "${world.namespace}" { capabilities = ["alloc-exec"] }`);
    const command = ["/bin/sh", "-c", "cat >/dev/null; echo 12345; exit 3"];
    const session = await openExec({ allocId: uidOf(pod), task: "audited", command, token: token.secret });
    session.write("seven b");
    session.closeStdin();
    await session.ended;
    const lines = await eventually(() => (auditOf(uidOf(pod)).length >= 2 ? auditOf(uidOf(pod)) : undefined));
    const common = { session: lines[0]?.session, accessor: token.accessor, namespace: world.namespace, jobId: "audited", task: "audited", command, tty: false, source: "127.0.0.1" };
    expect(lines).toMatchObject([
      { ...common, event: "exec-start" },
      { ...common, event: "exec-end", exitCode: 3, bytesIn: 7, bytesOut: 6 },
    ]);
    expect(lines[0]?.session).toMatch(/^[0-9a-f-]{36}$/);
    expect(auditText()).not.toContain(token.secret);
    await token.remove();
  });

  it("has no line for a session that was refused", async () => {
    const pod = await readyPod(world, "refused", {});
    const stranger = await tokenWith('namespace "elsewhere" { capabilities = ["alloc-exec"] }');
    const target = { allocId: uidOf(pod), task: "refused", command: ["/bin/true"] };
    const endings = await Promise.all([
      exec({ ...target, token: stranger.secret }),
      exec({ ...target, token: "" }),
      exec({ ...target, token: "00000000-0000-4000-8000-000000000000" }),
      exec({ ...target, task: "no-such-task" }),
      exec({ ...target, command: [] }),
    ]);
    for (const ending of endings) {
      expect(ending.exitCode).toBeUndefined();
      expect(ending.reason).not.toBe("");
    }
    expect(auditOf(uidOf(pod))).toEqual([]);
    await stranger.remove();
  });

  it("has the end of each session that went wrong, once", async () => {
    const pod = await readyPod(world, "lost", {});
    const { session } = await beginMarked({ allocId: uidOf(pod), task: "lost" });
    session.drop();
    const lines = await eventually(() => (auditOf(uidOf(pod)).length >= 2 ? auditOf(uidOf(pod)) : undefined));
    expect(lines).toMatchObject([{ event: "exec-start" }, { event: "exec-end", reason: expect.stringMatching(/client/) as string }]);
    expect(lines[1]?.exitCode).toBeUndefined();
    expect(await inTask(uidOf(pod), "lost", "echo well")).toBe("well\n");
    expect(new Set(auditOf(uidOf(pod)).map((line) => line.session)).size).toBe(2);
  });
});

describe("when the server is killed, a session", () => {
  it("is over for its client, and its processes end without the server's doing", async () => {
    const { session, marker } = await beginMarked({});
    const { session: terminal, marker: other } = await beginMarked({ tty: true });
    await killServer();
    try {
      expect(await session.ended).toMatchObject({ closeCode: 1006 });
      expect((await terminal.ended).exitCode).toBeUndefined();
      await Promise.all([gone(marker), gone(other)]);
    } finally {
      await upAgain();
    }
    expect(await inTask(alloc, "entered", "echo well")).toBe("well\n");
  });
});
