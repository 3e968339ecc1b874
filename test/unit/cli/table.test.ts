/** @module Tables and ages as Nomad prints them. */
import { describe, expect, it } from "vitest";
import { formatAge, formatTable } from "../../../src/cli/table.ts";

describe("formatTable", () => {
  it("lines columns up two spaces apart, without spaces at the end of a line", () => {
    expect(formatTable([["ID", "Status"], ["web-frontend", "run"], ["db", ""]])).toBe("ID            Status\nweb-frontend  run\ndb");
  });
});

describe("formatAge", () => {
  const now = 400 * 86_400_000;
  it.each([
    { secondsAgo: 0, text: "0s ago" },
    { secondsAgo: -5, text: "0s ago" },
    { secondsAgo: 59, text: "59s ago" },
    { secondsAgo: 60, text: "1m ago" },
    { secondsAgo: 125, text: "2m5s ago" },
    { secondsAgo: 7505, text: "2h5m ago" },
    { secondsAgo: 90_000, text: "1d1h ago" },
    { secondsAgo: 35 * 86_400, text: "1mo5d ago" },
    { secondsAgo: 366 * 86_400, text: "1y ago" },
  ])("says $text after $secondsAgo s", ({ secondsAgo, text }) => {
    expect(formatAge(now - secondsAgo * 1000, now)).toBe(text);
  });

  it("has no age for a time that is not set", () => {
    expect(formatAge(0, now)).toBe("<none>");
  });
});
