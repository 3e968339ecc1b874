import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../../../src/access/authenticate.ts";
import { beginOperation, type Target } from "../../../../src/bridge/client/begin-operation.ts";
import type { ClientContext, ClientDeps } from "../../../../src/bridge/client/client-deps.ts";
import { err } from "../../../../src/lib/result.ts";
import { fakeLaunchers } from "./fake-launcher.ts";

const ALLOC = "00000001-0000-4000-8000-000000000000";

/** Someone who may do everything. */
function everyone() {
  const store = { tokenBySecretHash: () => undefined, policy: () => undefined, rolePolicies: () => undefined };
  const identity = createAuthenticator({ aclEnabled: false, store })(undefined, 0);
  if (!identity.ok) throw new Error(identity.error.message);
  return identity.value;
}

const TARGET = {
  allocation: { job: { jobId: "web" } },
  facts: { allocId: ALLOC, namespace: "default", podName: "nb-web-0", clientStatus: "running", tasks: new Map([["web", { container: "web", state: "running" }]]), nodeLevel: false, remoteExecDisabled: false },
} as unknown as Target;

describe("an operation", () => {
  it("is ended where the right to it goes while its stream is being opened", async () => {
    const identity = everyone();
    const { deps } = fakeLaunchers(() => undefined);
    let isAllowed = true;
    const gate: ClientDeps["gate"] = async (...to) => {
      isAllowed = false;
      deps.streams.recheck();
      return await deps.gate(...to);
    };
    const context = { client: { ...deps, gate }, cluster: { isManaged: () => true }, allocId: ALLOC, identity, identityNow: () => (isAllowed ? identity : undefined), source: "" } as unknown as ClientContext;
    const reader = await beginOperation(context, TARGET, { operation: { operation: "fs-read", path: "/", offset: 0, limit: 0 }, task: "web", in: "web" });
    if (!reader.ok) throw new Error(reader.error.message);
    expect(await reader.value.next()).toEqual(err({ kind: "refused", message: "Permission denied", status: 403 }));
  });
});
