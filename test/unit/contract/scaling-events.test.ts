import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readScaling, type ScalingEvent, type ScalingEvents, withScaling } from "../../../src/contract/scaling-events.ts";

const event = (at: number, fields: Partial<ScalingEvent> = {}): ScalingEvent => ({ at, previous: 1, count: 2, ...fields });
const many = (count: number, fields: Partial<ScalingEvent> = {}) => Array.from({ length: count }, (_none, at) => event(at, fields)).reduce<ScalingEvents>((events, each) => withScaling(events, "web", each), {});

describe("scaling events", () => {
  it("are kept of each group, the newest first, as many as on Nomad", () => {
    const events = withScaling(many(25), "api", event(99));
    expect(events["api"]).toEqual([event(99)]);
    expect(events["web"]?.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_none, i) => 24 - i));
  });

  it("have room however long they are: messages are cut, data that is too much is left out, the oldest go", () => {
    const events = many(60, { message: "ä".repeat(5_000), meta: { text: "x".repeat(5_000) } });
    expect(events["web"]?.[0]?.message).toHaveLength(1024);
    expect(events["web"]?.[0]).not.toHaveProperty("meta");
    const groups = Array.from({ length: 100 }, (_none, i) => `group-${i}`).reduce<ScalingEvents>((all, group) => withScaling(all, group, event(1, { message: "m".repeat(1024) })), {});
    expect(JSON.stringify(groups).length).toBeLessThanOrEqual(32 * 1024);
  });

  it("are read back as they were written, whatever stands beside them", () => {
    const events = withScaling(many(3, { isError: true, message: "m", meta: { a: [1] }, version: 4 }), "constructor", event(7));
    expect(readScaling(JSON.parse(JSON.stringify(events)))).toEqual(events);
    expect(readScaling({ web: [{ at: "now", previous: 1 }, { at: 1, previous: -1 }, null, { at: 1, previous: 0, count: 1.5, meta: "x" }], api: 3 })).toEqual({ web: [{ at: 1, previous: 0 }] });
  });

  it("are nothing where they are no such thing", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const read = readScaling(value);
      expect(readScaling(read)).toEqual(read);
    }));
  });
});
