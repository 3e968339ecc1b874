/** @module The output of a task: in /alloc/logs with rotation, apart, and on the container's own streams. On a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/real-cluster.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { inTask } from "../support/nomad.ts";
import { enterWorld, readyPod, shell, uidOf, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("logs");
});
afterAll(async () => await world.leave());

const WAIT = 'trap "exit 0" INT; while :; do sleep 60 & wait $!; done';

describe.concurrent("the output of a task", () => {
  it("is in /alloc/logs, stdout and stderr apart, and in kubectl logs", async () => {
    const pod = await readyPod(world, "both", shell(`echo to stdout; echo to stderr >&2; ${WAIT}`));
    const files = await eventually(async () => {
      const text = await inTask(uidOf(pod), "both", "cd /alloc/logs && head -v both.stdout.0 both.stderr.0 2>/dev/null");
      return text.includes("to stderr") && text.includes("to stdout") ? text : undefined;
    });
    expect(files).toBe("==> both.stdout.0 <==\nto stdout\n\n==> both.stderr.0 <==\nto stderr\n");
    const log = await kubectlOk(["logs", "-n", world.namespace, pod.metadata.name]);
    expect(log.split("\n").toSorted()).toEqual(["", "to stderr", "to stdout"]);
  });

  it("is rotated by size, and only the newest files are kept", async () => {
    const lines = `i=0; while [ $i -lt 60 ]; do head -c 65535 /dev/zero | tr '\\0' 'x'; echo; i=$((i+1)); done; echo end; ${WAIT}`;
    const pod = await readyPod(world, "rotated", { ...shell(lines), logs: { maxFiles: 2, maxFileSize: 1 } });
    const list = await eventually(async () => {
      const text = await inTask(uidOf(pod), "rotated", "cd /alloc/logs && stat -c '%n %s' rotated.stdout.*; tail -qc 4 $(ls -t rotated.stdout.* | head -1)");
      return text.endsWith("end\n") ? text : undefined;
    });
    const sizes = list.split("\n").flatMap((line) => (line.startsWith("rotated") ? [line.split(" ")] : []));
    expect(sizes.map(([name]) => name)).toEqual(["rotated.stdout.2", "rotated.stdout.3"]);
    expect(Number(sizes[0]?.[1])).toBeLessThanOrEqual(1024 * 1024);
  });

  it("is nowhere when the job says so", async () => {
    const pod = await readyPod(world, "silent", { ...shell(`echo something; ${WAIT}`), logs: { disabled: true } });
    expect(await inTask(uidOf(pod), "silent", "ls /alloc/logs")).toBe("");
    expect(await kubectlOk(["logs", "-n", world.namespace, pod.metadata.name])).toBe("");
  });

  it("goes on when the task puts links where its files are, and writes nothing through them", async () => {
    const plant = "cd /alloc/logs; for each in linked.stdout.0 linked.stderr.0; do ln -sf /alloc/data/victim $each; done; ln -sf /alloc/data/victim linked.stdout.1";
    const pod = await readyPod(world, "linked", { ...shell(`echo safe > /alloc/data/victim; ${plant}; head -c 3000000 /dev/zero | tr '\\0' 'y'; echo; echo done; ${WAIT}`), logs: { maxFiles: 3, maxFileSize: 1 } });
    await eventually(async () => ((await kubectlOk(["logs", "-n", world.namespace, pod.metadata.name, "--tail=5"])).includes("done\n") ? true : undefined));
    expect(await inTask(uidOf(pod), "linked", "cat /alloc/data/victim")).toBe("safe\n");
  });
});
