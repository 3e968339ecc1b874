import { describe, expect, it } from "vitest";
import { healthyAfterMs } from "../../../src/mapping/kubelet-silence.ts";

describe("an allocation counts as healthy", () => {
  it.each([
    ["after min_healthy_time", 10_000, 300_000, 10_000],
    ["not before a kubelet had the time to say that it has ended", 1000, 60_000, 2500],
    ["in time for a deadline that is near", 1000, 3000, 1500],
    ["after min_healthy_time, however near the deadline is", 1000, 1500, 1000],
    ["at once where no deadline is given", 0, 0, 0],
  ])("%s", (_when, minHealthyMs, healthyDeadlineMs, after) => {
    expect(healthyAfterMs({ minHealthyMs, healthyDeadlineMs })).toBe(after);
  });
});
