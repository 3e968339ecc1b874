import { describe, expect, it } from "vitest";
import { STDIN_QUEUE_HIGH_BYTES } from "../../../src/bridge/exec-session.ts";
import { createSessionRegistry } from "../../../src/bridge/session-registry.ts";

const always = () => true;

describe("the session registry", () => {
  it("refuses beyond its limit, and takes again what has closed", () => {
    const sessions = createSessionRegistry({ all: 2, perAccessor: 2 });
    const first = sessions.open("a", always);
    sessions.open("b", always);
    expect(sessions.open("c", always)).toEqual({ ok: false, error: "too many exec sessions: 2 are open; try again when some have ended" });
    if (first.ok) first.value.close();
    expect(sessions.open("c", always).ok).toBe(true);
  });

  it("leaves room for others when one token has many", () => {
    const sessions = createSessionRegistry({ all: 10, perAccessor: 1 });
    sessions.open("a", always);
    expect(sessions.open("a", always)).toEqual({ ok: false, error: "too many exec sessions: this token has 1 open; try again when some have ended" });
    expect(sessions.open("b", always).ok).toBe(true);
  });

  it("ends exactly the sessions that are no longer allowed", () => {
    const sessions = createSessionRegistry();
    let allowed = true;
    const [mine, others] = [sessions.open("a", () => allowed), sessions.open("b", always)];
    if (!mine.ok || !others.ok) throw new Error("not opened");
    sessions.recheck();
    expect(mine.value.revoked.aborted).toBe(false);
    allowed = false;
    sessions.recheck();
    expect([mine.value.revoked.reason, others.value.revoked.aborted]).toEqual([{ kind: "revoked", reason: "Permission denied" }, false]);
  });

  it("ends all of them when the server stops", () => {
    const sessions = createSessionRegistry();
    const one = sessions.open("a", always);
    sessions.endAll("bye");
    expect(one.ok && one.value.revoked.reason).toEqual({ kind: "shutdown", reason: "bye" });
  });

  it("shares the room for waiting stdin among many sessions, with a least for each", () => {
    const sessions = createSessionRegistry({ all: 1000, perAccessor: 1000 });
    expect(sessions.stdinQueueBytes()).toBe(STDIN_QUEUE_HIGH_BYTES);
    for (let i = 0; i < 64; i++) sessions.open("a", always);
    expect(sessions.stdinQueueBytes()).toBe(4 * 1024 * 1024);
    for (let i = 0; i < 900; i++) sessions.open("a", always);
    expect(sessions.stdinQueueBytes()).toBe(1024 * 1024);
  });
});
