import { describe, expect, it } from "vitest";
import { plainText } from "../../clients/stock-nomad/plain-text.ts";

const MONITORED = `==> 2026-11-22T07:08:31Z: Monitoring evaluation "070520ae"
    2026-11-22T07:08:31Z: Evaluation triggered by job "web"
    2026-11-22T07:08:31Z: Allocation "8bb95aea" created: node "7d2eb628", group "b"
    2026-11-22T07:08:31Z: Allocation "ae714422" created: node "7d2eb628", group "a"
    2026-11-22T07:08:32Z: Allocation "ae714422" status changed: "pending" -> "running"
    2026-11-22T07:08:32Z: Evaluation status changed: "pending" -> "complete"
==> 2026-11-22T07:08:32Z: Monitoring deployment "84ea2f02"
    
2026-11-22T07:08:32Z
ID          = 84ea2f02
Job Version = 0

Deployed
app         2        2       0        0          2026-11-22T07:18:31Z
    
2026-11-22T07:08:37Z
ID          = 84ea2f02
Job Version = 0

Deployed
app         2        2       2        0          2026-11-22T07:18:31Z
`;

describe("the plain text of what a command prints", () => {
  it("is one line for what a monitor tells in any order, and its last look at a deployment", () => {
    expect(plainText(MONITORED)).toBe(`==> <time>: Monitoring evaluation "<id>"
    <time>: Allocation "<id>" created: node "<id>", group "a"
    <time>: Allocation "<id>" created: node "<id>", group "b"
    <time>: Evaluation triggered by job "web"
==> <time>: Monitoring deployment "<id>"

<time>
ID  = <id>
Job Version = 0

Deployed
app  2  2  2  0  <time>
`);
  });

  it.each([
    ["Created = 1h2m3s ago", "Created = <age>"],
    ["next at 2026-11-22T07:08:31+01:00 (3h5m from now)", "next at <time> (<ahead>)"],
    ["Job Modify Index: 12; job modify index: 7; run -check-index 12 x", "Job Modify Index: <index>; job modify index: <index>; run -check-index <index> x"],
    ["Node Name  = vm", "Node Name  = <node>"],
    ["2/50 MHz  208 KiB/32 MiB  300 MiB", "50 MHz  32 MiB  300 MiB"],
    ["web.app[0]  99999999", "web.app[0]  <id>"],
    ["render/dispatch-1795339254-0a1b2c3d, nightly/periodic-1795339254", "render/dispatch-<seconds>-<id>, nightly/periodic-<seconds>"],
    ["exit code 7", "exit code 7"],
  ])("%s", (printed, plain) => expect(plainText(printed)).toBe(plain));
});
