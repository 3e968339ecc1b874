/** @module The jobs that the rows of nomad-cli-commands.ts run, by the names that they have there. Used by nomad-cli.test.ts. */

type NewJob = { readonly ID: string } & Readonly<Record<string, unknown>>;

const SECOND = 1_000_000_000;
const SMALL = { CPU: 50, MemoryMB: 64 };
const QUICK = { MaxParallel: 1, MinHealthyTime: SECOND, HealthyDeadline: 60 * SECOND, ProgressDeadline: 120 * SECOND };

export const SERVICE = (suffix: string): string => `cli-service-${suffix}`;

/** NEXT_ is the next version of one; they have the ID in common. */
export function jobsToRun(suffix: string): Readonly<Record<string, NewJob>> {
  const id = (kind: string) => `cli-${kind}-${suffix}`;
  const canary = (kind: string, version: string) => ({ ...service(id(kind), { VERSION: version }), Update: { ...QUICK, Canary: 1 } });
  return {
    NEW: service(id("job")),
    DISPATCH: { ...batch(id("dispatch"), "true"), ParameterizedJob: { Payload: "optional", MetaRequired: ["who"] } },
    PERIODIC: { ...batch(id("periodic"), "true"), Periodic: { Enabled: true, Spec: "0 0 1 1 *", SpecType: "cron" } },
    CANARY: canary("canary", "1"),
    NEXT_CANARY: canary("canary", "2"),
    PROMOTED: canary("promoted", "1"),
    NEXT_PROMOTED: canary("promoted", "2"),
    ENDED: batch(id("ended"), "echo the last word"),
    UNPLACED: { ...batch(id("unplaced"), "true"), Constraints: [{ LTarget: "${attr.kernel.name}", RTarget: "plan9", Operand: "=" }] },
    WRONG: { ...batch(id("wrong"), "true"), TaskGroups: [] },
    WEB: web(id("web"), SERVICE(suffix)),
  };
}

const WAITING = 'trap "exit 0" INT; while :; do sleep 60 & wait $!; done';
const shell = (name: string, script: string) => ({ Name: name, Driver: "exec", Config: { command: "/bin/sh", args: ["-c", script] }, Resources: SMALL });
const job = (id: string, type: string, group: object): NewJob => ({ ID: id, Name: id, Type: type, Datacenters: ["dc1"], TaskGroups: [group] });

const batch = (id: string, script: string): NewJob => job(id, "batch", { Name: "once", Count: 1, Tasks: [shell("once", script)] });

const service = (id: string, env: object = {}): NewJob => job(id, "service", { Name: "wait", Count: 1, Tasks: [{ ...shell("wait", WAITING), Env: env }] });

/** Two allocations with a port each, and an action that ends with a code of its own. */
function web(id: string, serviceName: string): NewJob {
  const action = { Name: "greet", Command: "/bin/sh", Args: ["-c", 'echo "hello from $NOMAD_TASK_NAME"; exit 4'] };
  return job(id, "service", {
    Name: "web", Count: 2, Update: { ...QUICK, MaxParallel: 2 },
    Networks: [{ Mode: "bridge", DynamicPorts: [{ Label: "http" }] }],
    Services: [{ Name: serviceName, PortLabel: "http", Provider: "nomad" }],
    Tasks: [{ ...shell("server", `echo the first word; ${WAITING}`), KillTimeout: SECOND, Actions: [action] }],
  });
}
