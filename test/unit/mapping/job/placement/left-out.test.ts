import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../../src/contract/pod-metadata.ts";
import { leftOutOf } from "../../../../../src/mapping/job/placement/left-out.ts";
import { placementFailure } from "../../../../../src/mapping/placement-failure.ts";
import { podForTask } from "../../../../../src/mapping/pod-for-task.ts";
import { configOf } from "../../mapping-fixtures.ts";
import { podOf } from "../../pod-fixtures.ts";
import { acceptedGroups, jobOf, nodeOf } from "../job-fixtures.ts";

const WINDOWS = { LTarget: "${attr.kernel.name}", Operand: "=", RTarget: "windows" };
const MESSAGE = "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available";

function annotationOf(job: Parameters<typeof jobOf>[0]): string | undefined {
  const config = configOf();
  const [accepted] = acceptedGroups(jobOf(job), config);
  const nodes = ["a", "b"].map((name) => ({ node: nodeOf({ name }), config }));
  const pod = accepted && podForTask(accepted, { index: 0, serial: 1, reschedules: 0, nodes }, { launcher: "l", fetch: "f" });
  return pod?.ok === true ? pod.value.metadata.annotations?.[ANNOTATION.leftOut] : undefined;
}

describe("nodes that a job's constraints leave out", () => {
  it("are on its pods, by Nomad's reason, and on no others", () => {
    expect(annotationOf({ Constraints: [WINDOWS] })).toBe('{"${attr.kernel.name} = windows":2}');
    expect(annotationOf({})).toBeUndefined();
  });

  it("take the place of the scheduler's word for them in a placement's metrics", () => {
    const pod = podOf({ metadata: { annotations: { [ANNOTATION.leftOut]: '{"${attr.kernel.name} = windows":1}' } } });
    expect(placementFailure(MESSAGE, 1, leftOutOf(pod)).metric).toMatchObject({
      NodesEvaluated: 2,
      NodesFiltered: 1,
      ConstraintFiltered: { "${attr.kernel.name} = windows": 1 },
      DimensionExhausted: { cpu: 1 },
    });
    expect(placementFailure(MESSAGE, 1).metric).toMatchObject({ NodesEvaluated: 1, ConstraintFiltered: null });
  });

  it.each(["", "{", "null", "[]", '{"a":"b"}'])("are none where the pod says %j", (text) => expect(leftOutOf(podOf({ metadata: { annotations: { [ANNOTATION.leftOut]: text } } }))).toEqual({}));
});
