import { describe, expect, it } from "vitest";
import * as texts from "../../../src/nomad/texts.ts";

describe("the texts that Nomad's clients match", () => {
  it.each([
    [texts.PERMISSION_DENIED, "Permission denied"],
    [texts.ACL_DISABLED, "ACL support disabled"],
    [texts.TOKEN_NOT_FOUND, "ACL token not found"],
    [texts.TOKEN_EXPIRED, "ACL token expired"],
    [texts.TOKEN_INVALID, "ACL token is invalid"],
    [texts.POLICY_NOT_FOUND, "ACL policy not found"],
    [texts.POLICY_NAME_MISMATCH, "ACL policy name does not match request path"],
    [texts.INVALID_BOOTSTRAP_SECRET, "invalid acl token"],
    [texts.bootstrapDone(7), "ACL bootstrap already done (reset index: 7)"],
    [texts.wrongBootstrapReset(3, 7), "Invalid bootstrap reset index (specified 3, reset index: 7)"],
    [texts.TOKEN_NEEDS_POLICIES, "client token missing policies or roles"],
    [texts.MANAGEMENT_TAKES_NO_POLICIES, "management token cannot be associated with policies or roles"],
    [texts.WRONG_TOKEN_TYPE, "token type must be client or management"],
    [texts.TOKEN_NAME_TOO_LONG, "token name too long"],
    [texts.CANNOT_TOGGLE_GLOBAL, "cannot toggle global mode"],
    [texts.CANNOT_UPDATE_TTL, "cannot update expiration TTL"],
    [texts.CANNOT_UPDATE_EXPIRATION, "cannot update expiration time"],
    [texts.negativeTtl("-1m0s"), "token expiration TTL '-1m0s' should not be negative"],
    [texts.expiresTooLate("24h0m0s", "48h0m0s"), "expiration time cannot be more than 24h0m0s in the future (was 48h0m0s)"],
    [texts.expiresTooSoon("1m0s", "1s"), "expiration time cannot be less than 1m0s in the future (was 1s)"],
    [texts.nonexistentTokens(["a", "b"]), "Cannot delete nonexistent tokens: a, b"],
    [texts.MISSING_ALLOC_ID, "missing AllocID"],
    [texts.MALFORMED_ALLOC_ID, "alloc lookup failed: index error: UUID must be 36 characters"],
    [texts.unknownAllocation("x"), 'Unknown allocation "x"'],
    [texts.execNotPossible("x", "complete"), "exec not possible, client status of allocation x is complete"],
    [texts.MISSING_TASK_NAME, "must provide task name"],
    [texts.MISSING_COMMAND, "command is not present"],
    [texts.TASK_NOT_FOUND, "task not found"],
    [texts.unknownTask("x"), 'unknown task name "x"'],
    [texts.taskNotStarted("x"), 'task "x" not started yet.'],
    [texts.taskNotRunning("x"), 'task "x" is not running.'],
    [texts.INVALID_METHOD, "Invalid method"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });
});
