/**
 * @module What a task finds around itself, fact by fact, beside what Nomad's own exec driver shows to the same task. The expectations are in
 * test/parity: nomad.yaml for a task that says nothing, tasks/ for those that say something, differences.yaml for what Kubernetes forces.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inTask } from "./support/nomad.ts";
import { enterWorld, grantProfiles, readyPod, removeTask, type Spec, uidOf, type World } from "./support/world.ts";

/** By name; those of the environment begin with "env ". */
type Facts = Readonly<Record<string, string>>;
type Task = {
  readonly about: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly profile?: object;
  readonly spec?: Spec;
  readonly facts?: Facts;
  readonly env?: Facts;
  /** Differences that show in another way for this task, or, where null, do not show. */
  readonly unlike?: Readonly<Record<string, Facts | null>>;
  /** Facts that depend on the node, and are not compared. */
  readonly aside?: readonly string[];
};
type Difference = { readonly id: string; readonly only?: string; readonly facts: Facts; readonly nomad?: string };

const FOLDER = join(import.meta.dirname, "..", "parity");
const yaml = (...path: readonly string[]): unknown => parse(readFileSync(join(FOLDER, ...path), "utf8"));
const taskNamed = (name: string) => yaml("tasks", `${name}.yaml`) as Task;
const withEnv = ({ facts = {}, env = {} }: { readonly facts?: Facts; readonly env?: Facts }): Facts => ({
  ...facts,
  ...Object.fromEntries(Object.entries(env).map(([key, value]) => [`env ${key}`, value])),
});

const NOMAD = withEnv(yaml("nomad.yaml") as { readonly facts: Facts; readonly env: Facts });
const DIFFERENCES = yaml("differences.yaml") as readonly Difference[];
const PROBE = readFileSync(join(FOLDER, "probe.sh"), "utf8");
const NAMES = readdirSync(join(FOLDER, "tasks")).map((file) => file.replace(/\.yaml$/, ""));

const compared = (facts: Facts, { aside = [] }: Task): Facts => Object.fromEntries(Object.entries(facts).filter(([fact]) => !aside.includes(fact)));
const onNomad = (task: Task): Facts => compared({ ...NOMAD, ...withEnv(task) }, task);

/** What a difference makes of one task's facts: nothing, where it is not one of this task. */
function differing({ id, only, facts }: Difference, name: string, { unlike = {} }: Task): Facts {
  if (only !== undefined && only !== name) return {};
  return unlike[id] === undefined ? facts : (unlike[id] ?? {});
}

function factsIn(text: string): Facts {
  const lines = text.split("\n").filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

let world: World;
let takeProfilesBack: () => Promise<void>;
beforeAll(async () => {
  world = await enterWorld("parity");
  takeProfilesBack = await grantProfiles(world, NAMES.map((name) => ({ name: `${world.namespace}-${name}`, ...taskNamed(name).profile })));
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

/** What the task itself has written of what it sees. */
async function seenBy(name: string, task: Task): Promise<Facts> {
  const pod = await readyPod(world, name, {
    resources: {},
    ...task.spec,
    profile: `${world.namespace}-${name}`,
    command: task.command ?? "/bin/sh",
    args: ["-c", PROBE, "probe", ...(task.args ?? [])],
  });
  return factsIn(await inTask(uidOf(pod), name, "while ! cat /alloc/data/facts 2>/dev/null; do sleep 0.1; done"));
}

describe("a task finds what it would find on Nomad", () => {
  const shown = new Set<string>();

  it.each(NAMES)("%s", async (name) => {
    const task = taskNamed(name);
    try {
      const seen = compared(await seenBy(name, task), task);
      const nomads = onNomad(task);
      expect(seen).toEqual(Object.assign({ ...nomads }, ...DIFFERENCES.map((difference) => differing(difference, name, task))));
      for (const difference of DIFFERENCES) {
        for (const fact of Object.keys(differing(difference, name, task))) if (seen[fact] !== nomads[fact]) shown.add(`${difference.id}: ${fact}`);
      }
    } finally {
      // A node has not room for all of them.
      await removeTask(world, name);
    }
  });

  it("in many files, and no difference is listed that none of them shows", () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(25);
    expect([...shown].sort()).toEqual(DIFFERENCES.flatMap(({ id, facts }) => Object.keys(facts).map((fact) => `${id}: ${fact}`)).sort());
  });

  it("and no file speaks of a difference, a task or a fact that there is not", () => {
    const ids = DIFFERENCES.map(({ id }) => id);
    expect(NAMES.flatMap((name) => Object.keys(taskNamed(name).unlike ?? {})).filter((id) => !ids.includes(id))).toEqual([]);
    expect(DIFFERENCES.flatMap(({ only }) => only ?? []).filter((name) => !NAMES.includes(name))).toEqual([]);
    const unstated = DIFFERENCES.filter(({ nomad }) => nomad === undefined).flatMap(({ facts }) => Object.keys(facts)).filter((fact) => !(fact in NOMAD));
    expect(unstated).toEqual([]);
  });
});
