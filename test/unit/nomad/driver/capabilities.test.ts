import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import { effectiveCapabilities, LINUX_CAPABILITIES, NOMAD_DEFAULT_CAPABILITIES } from "../../../../src/nomad/driver/capabilities.ts";

const DEFAULTS: readonly string[] = NOMAD_DEFAULT_CAPABILITIES;
const ALL: readonly string[] = LINUX_CAPABILITIES;
const without = (...names: string[]) => DEFAULTS.filter((each) => !names.includes(each));
const calculate = (capAdd: readonly string[], capDrop: readonly string[], allowCaps: readonly string[] = DEFAULTS) => effectiveCapabilities({ capAdd, capDrop, allowCaps });

describe("the capability lists", () => {
  it("have the kernel's numbers, and Nomad's default mask", () => {
    const mask = DEFAULTS.reduce((sum, name) => sum | (1n << BigInt(ALL.indexOf(name))), 0n);
    expect(mask.toString(16)).toBe("a80405fb");
    expect(new Set(ALL).size).toBe(41);
    expect([ALL.indexOf("chown"), ALL.indexOf("net_raw"), ALL.indexOf("sys_admin"), ALL.indexOf("checkpoint_restore")]).toEqual([0, 13, 21, 40]);
  });

  it("are the defaults of the profile's allowCaps too", () => {
    expect(bridgeConfigSpec.parse({ profiles: [{ name: "plain" }] }).profiles[0]?.allowCaps.toSorted()).toEqual([...DEFAULTS].sort());
  });
});

describe("effectiveCapabilities", () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], readonly string[]]>([
    ["nothing said: the thirteen", [], [], DEFAULTS, DEFAULTS],
    ["an allowed one added again", ["chown"], [], DEFAULTS, DEFAULTS],
    ["one added that the operator allows", ["net_raw"], [], [...DEFAULTS, "net_raw"], [...DEFAULTS, "net_raw"]],
    ["one dropped", [], ["chown"], DEFAULTS, without("chown")],
    ["one dropped that is not there", [], ["net_raw"], DEFAULTS, DEFAULTS],
    ["all dropped", [], ["all"], DEFAULTS, []],
    ["all dropped and one added", ["chown"], ["all"], DEFAULTS, ["chown"]],
    ["one dropped and added: added wins", ["chown"], ["chown"], DEFAULTS, DEFAULTS],
    ["all allowed: still the thirteen", [], [], ["all"], DEFAULTS],
    ["all allowed and added", ["all"], [], ["all"], ALL],
    ["all allowed and added, all dropped", ["all"], ["all"], ["all"], ALL],
    ["nothing allowed", [], [], [], []],
    ["fewer allowed than the defaults", [], [], ["chown", "kill", "net_raw"], ["chown", "kill"]],
    ["names in capitals, with prefix and spaces", ["CAP_NET_RAW", " Sys_Time "], ["cap_CHOWN"], ["ALL"], [...without("chown"), "net_raw", "sys_time"]],
  ])("%s", (...[, add, drop, allow, expected]) => expect(calculate(add, drop, allow)).toEqual({ ok: true, value: [...expected].sort() }));

  it.each<[string, readonly string[], readonly string[], readonly string[], string]>([
    ["adding what is not allowed", ["net_raw", "chown", "bpf"], [], DEFAULTS, "driver does not allow the following capabilities: bpf, net_raw"],
    ["adding all of a few", ["all"], ["all"], ALL.filter((each) => each !== "bpf"), "driver does not allow the following capabilities: bpf"],
    ["adding an unknown one", ["fly", "chown"], [], DEFAULTS, "failed driver config validation: cap_add configured with capabilities not supported by system: fly"],
    ["dropping unknown ones", [], ["walk", "fly"], DEFAULTS, "failed driver config validation: cap_drop configured with capabilities not supported by system: fly, walk"],
    ["allowing an unknown one", [], [], ["fly"], "allow_caps configured with capabilities not supported by system: fly"],
    ["a prefix alone", ["cap_"], [], DEFAULTS, "failed driver config validation: cap_add configured with capabilities not supported by system: "],
    ["a prefix twice", ["cap_cap_chown"], [], DEFAULTS, "failed driver config validation: cap_add configured with capabilities not supported by system: cap_chown"],
  ])("refuses %s", (...[, add, drop, allow, error]) => expect(calculate(add, drop, allow)).toEqual({ ok: false, error }));

  const names = fc.subarray([...ALL, "all"]);

  it("never gives more than is allowed, gives all that is added, and of what is dropped only what is added", () => {
    fc.assert(
      fc.property(names, names, names, (allow, drop, wanted) => {
        const allowed = new Set(allow.includes("all") ? ALL : allow);
        const add = wanted.filter((each) => allowed.has(each));
        const result = calculate(add, drop, allow);
        const given = result.ok ? result.value : [result.error];
        expect(given.filter((each) => !allowed.has(each))).toEqual([]);
        expect(add.filter((each) => !given.includes(each))).toEqual([]);
        expect(given.filter((each) => (drop.includes("all") || drop.includes(each)) && !add.includes(each))).toEqual([]);
        expect(given).toEqual([...new Set(given)].sort());
      }),
      { numRuns: 300 },
    );
  });

  it("refuses every addition that is not allowed, whatever is dropped", () => {
    fc.assert(
      fc.property(fc.subarray([...ALL], { minLength: 1 }), names, (add, drop) => {
        const missing = add[0] ?? "";
        expect(calculate(add, drop, ALL.filter((each) => each !== missing))).toEqual({ ok: false, error: `driver does not allow the following capabilities: ${missing}` });
      }),
      { numRuns: 100 },
    );
  });
});
