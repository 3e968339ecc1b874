import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditExecEnd, auditExecStart, encodeAuditLine } from "../../../src/access/audit.ts";
import { authorizeExec, type Grant } from "../../../src/access/authorize-exec.ts";
import { identityWith, NOW, secretOf } from "./access-fixtures.ts";

const ALLOC = "11111111-2222-3333-4444-555555555555";

function grantOf(): Grant {
  const allocation = {
    allocId: ALLOC, namespace: "team", podName: "nb-web-0", clientStatus: "running" as const, nodeLevel: false, remoteExecDisabled: false,
    tasks: new Map([["web", { container: "web-1", state: "running" as const }]]),
  };
  const rules = 'namespace "team" { policy = "write" }';
  const result = authorizeExec(identityWith(rules), { allocId: ALLOC, allocation, task: "web", command: ["x"], sessionId: "s-1" }, NOW);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const exec = { jobId: "web/api", task: "web", command: ["sh", "-c", "id"], tty: true, source: "10.0.0.1:4242" };
const start = {
  time: "2027-01-15T08:00:00.000Z", event: "exec-start", session: "s-1", accessor: "accessor-1", tokenName: "token 1", allocId: ALLOC, namespace: "team",
  jobId: "web/api", task: "web", command: ["sh", "-c", "id"], tty: true, source: "10.0.0.1:4242",
};

describe("the audit lines of a session", () => {
  it("say at the start who runs what, where", () => {
    expect(auditExecStart(grantOf(), exec, NOW)).toEqual(start);
  });

  it("say it again at the end, with how it went", () => {
    const end = auditExecEnd(auditExecStart(grantOf(), exec, NOW), { exitCode: 0, bytesIn: 1, bytesOut: 2, durationMs: 3 }, NOW + 1000);
    expect(end).toEqual({ ...start, time: "2027-01-15T08:00:01.000Z", event: "exec-end", exitCode: 0, bytesIn: 1, bytesOut: 2, durationMs: 3 });
  });

  it("have a reason in place of an exit code that nobody proved", () => {
    const end = auditExecEnd(auditExecStart(grantOf(), exec, NOW), { reason: "client went away", bytesIn: 0, bytesOut: 0, durationMs: 0 }, NOW);
    expect(end).not.toHaveProperty("exitCode");
    expect(end.reason).toBe("client went away");
  });

  it("hold no secret and no hash of one", () => {
    const line = encodeAuditLine(auditExecStart(grantOf(), exec, NOW));
    expect(line).toContain("accessor-1");
    expect(line).not.toContain(secretOf(1));
    expect(line).not.toMatch(/[0-9a-f]{64}/);
  });

  it("cut long arguments and long commands, and count what is missing", () => {
    const { command } = auditExecStart(grantOf(), { ...exec, command: ["x".repeat(2000), ...Array.from({ length: 99 }, () => "y")] }, NOW);
    expect(command[0]).toBe(`${"x".repeat(1024)}… 976 more`);
    expect(command.length).toBe(65);
    expect(command.at(-1)).toBe("… 36 more");
  });

  it("keep arguments and commands that just fit", () => {
    const fitting = ["x".repeat(1024), ...Array.from({ length: 63 }, () => "y")];
    expect(auditExecStart(grantOf(), { ...exec, command: fitting }, NOW).command).toEqual(fitting);
  });

  it("are one line of JSON that moves no cursor, whatever was run", () => {
    const argument = fc.array(fc.oneof(fc.constantFrom("\n", "\u001b", "\u007f", "\u2028", '"', "\ud800"), fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)))).map((chars) => chars.join(""));
    const grant = grantOf();
    fc.assert(
      fc.property(argument, (text) => {
        const entry = auditExecStart(grant, { ...exec, command: [text] }, NOW);
        const line = encodeAuditLine(entry);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
        expect(line.at(-1)).toBe("\n");
        expect(JSON.parse(line)).toEqual(entry);
      }),
    );
  });
});
