import { describe, expect, it } from "vitest";
import { execTaskSpec } from "../../../src/api/exec-task.ts";
import { groupTasks } from "../../../src/mapping/group-tasks.ts";
import { gracePeriodSeconds, killTimeoutMs } from "../../../src/mapping/stop-times.ts";
import { configOf } from "./mapping-fixtures.ts";

const [PROFILE] = configOf({ maxKillTimeout: "20s" }).profiles as [ReturnType<typeof configOf>["profiles"][number]];
const graceOf = (spec: object) => gracePeriodSeconds(groupTasks(execTaskSpec.parse({ command: "x", ...spec }), "web"), PROFILE);
const other = (name: string, killTimeout: string, lifecycle?: object) => ({ name, command: "x", killTimeout, ...(lifecycle && { lifecycle }) });

describe("gracePeriodSeconds", () => {
  it.each<[string, object, number]>([
    ["kill_timeout and two seconds", { killTimeout: "5s" }, 7],
    ["shutdown_delay as well", { killTimeout: "5s", shutdownDelay: "10s" }, 17],
    ["whole seconds, rounded up", { killTimeout: "1500ms", shutdownDelay: "1ms" }, 4],
    ["kill_timeout up to the profile's longest", { killTimeout: "1h" }, 22],
    ["the longest of the tasks that stop together", { killTimeout: "1s", tasks: [other("a", "9s"), other("b", "4s", { hook: "poststart" })] }, 11],
    ["prestart sidecars after the others, each", { killTimeout: "5s", tasks: [other("a", "3s", { hook: "prestart", sidecar: true }), other("b", "4s", { hook: "prestart", sidecar: true })] }, 14],
    ["nothing for a prestart task that is long done", { killTimeout: "5s", tasks: [other("a", "20s", { hook: "prestart" })] }, 7],
    ["the profile's longest once more for what runs after the stop", { killTimeout: "5s", tasks: [other("a", "1s", { hook: "poststop" }), other("b", "1s", { hook: "poststop" })] }, 27],
  ])("is %s", (_rule, spec, seconds) => expect(graceOf(spec)).toBe(seconds));
});

describe("killTimeoutMs", () => {
  it.each([["5s", 5000], ["20s", 20_000], ["21s", 20_000], ["250ms", 250]])("of %s under a profile that allows 20s is %i ms", (killTimeout, ms) => {
    expect(killTimeoutMs(execTaskSpec.parse({ command: "x", killTimeout }), PROFILE)).toBe(ms);
  });
});
