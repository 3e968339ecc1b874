import { describe, expect, it } from "vitest";
import { readTaskMarks, type TaskMark, withTaskMarks, writeTaskMarks } from "../../../src/contract/task-marks.ts";

const restart = (task: string, at: number): TaskMark => ({ task, kind: "restart", at, done: at + 1, whom: "task" });
const NONE = { marks: [], restarts: {} };

describe("what users have done to tasks", () => {
  it("is kept, the newest of it, with a count that forgets nothing", () => {
    let marks = readTaskMarks(undefined);
    for (let at = 1; at <= 40; at++) marks = readTaskMarks(writeTaskMarks(withTaskMarks(marks, [restart(at % 2 === 0 ? "web" : "db", at), { task: "web", kind: "signal", at, signal: "SIGHUP" }])));
    expect([marks.marks.length, marks.marks[0]?.at, marks.marks.at(-1)?.at, marks.restarts]).toEqual([32, 25, 40, { web: 20, db: 20 }]);
  });

  it.each([undefined, "", "{", "null", "[]", '{"marks":{}}', '{"marks":[]}', '{"marks":[],"restarts":null}'])("is nothing in %j", (text) => expect(readTaskMarks(text)).toEqual(NONE));
});
