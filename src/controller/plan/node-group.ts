/**
 * @module The plan of one system or sysbatch group: one allocation on each eligible node and none elsewhere. Which nodes are eligible the
 * caller says. Such jobs have no reschedule policy: one that failed stays so until the job changes or somebody asks for another.
 * An allocation's index is only a name here; it stays with its node. Nomad prints 0 for each of them.
 */
import { assemble, type Placed } from "./assemble.ts";
import { completedOf } from "./completed.ts";
import { earliest, type GroupInput, hasFailed, isCurrent, isLive, stopFor } from "./group-input.ts";
import { latestBy, newestByIndex } from "./history.ts";
import { lostIn } from "./live.ts";
import { decide, type Vacancy } from "./placement.ts";
import { nextStep } from "./rolling.ts";
import { type GroupPlan, type JobAllocation, type Stop, STOP_REASON } from "./types.ts";

export function planNodeGroup(given: GroupInput): GroupPlan {
  const { reschedule: _none, ...group } = given.group;
  const input = { ...given, group };
  const lost = new Set(input.allocations.filter(({ node }) => node?.lostSince !== undefined).map(nodeOf));
  const eligible = new Set((input.group.eligibleNodes ?? []).filter((node) => !lost.has(node)));
  const completed = input.type === "sysbatch" ? completedOf(input) : undefined;
  const done = new Set(completed?.nodes ?? []);
  const live = sortByNode(input, eligible);
  const keep = live.keep.filter((each) => !done.has(nodeOf(each)));
  const vacant = vacancies(input, { eligible, done, taken: new Set([...keep, ...live.unknown].map(nodeOf)) });
  const failed = vacant.filter(({ before }) => before !== undefined && hasFailed(before) && isCurrent(input, before)).length;
  // What is to leave its node is not made anew there.
  const step = nextStep(input, { keep: keep.filter((each) => !isDrained(each)), empty: vacant.length, failed });
  // A deployment that is held keeps what is outdated. A node that has none gets its allocation all the same.
  const open = { ...input, rollout: { ...input.rollout, hold: "none" as const } };
  const serials = newestByIndex(input.allocations);
  const replaced = step.replace.map((before): Vacancy => ({ index: before.index, before, lastSerial: serials.get(before.index)?.serial ?? 0, isReplaced: true, canary: false, node: nodeOf(before) }));
  return assemble(input, {
    keep, trials: [], unknown: live.unknown, stop: live.stop, notNeeded: live.keep.filter((each) => done.has(nodeOf(each))), move: [], step,
    placed: [...vacant, ...replaced].sort((a, b) => a.index - b.index).map((vacancy): Placed => ({ vacancy, decision: decide(open, vacancy) })),
    isWanted: (each) => eligible.has(nodeOf(each)),
    desired: eligible.size,
    waits: [live.wakeInMs, ...live.keep.map(({ node }) => (node?.drain?.deadlineAt === undefined ? undefined : node.drain.deadlineAt - input.now))],
    ...(completed === undefined ? {} : { completed, doneCount: completed.nodes.filter((node) => eligible.has(node)).length }),
  });
}

const nodeOf = ({ node }: JobAllocation) => node?.name ?? "";

type ByNode = { readonly keep: readonly JobAllocation[]; readonly unknown: readonly JobAllocation[]; readonly stop: readonly Stop[]; readonly wakeInMs?: number };

function sortByNode(input: GroupInput, eligible: ReadonlySet<string>): ByNode {
  const keep = new Map<string, JobAllocation>();
  const unknown: JobAllocation[] = [];
  const stop: Stop[] = [];
  for (const each of input.allocations.filter(isLive).sort(preferred)) {
    const reason = keep.has(nodeOf(each)) || each.cannotStart === true ? STOP_REASON.notNeeded : reasonToStop(input, each, eligible);
    if (reason !== undefined) stop.push(stopFor(reason)(each));
    else if ((lostIn(input, each) ?? 0) > 0) unknown.push(each);
    else keep.set(nodeOf(each), each);
  }
  const kept = [...keep.values()].sort((a, b) => a.index - b.index);
  return { keep: kept, unknown, stop, ...earliest(...unknown.map((each) => lostIn(input, each))) };
}

/** Undefined: it stays. */
function reasonToStop(input: GroupInput, each: JobAllocation, eligible: ReadonlySet<string>): Stop["reason"] | undefined {
  const lost = lostIn(input, each);
  if (lost !== undefined) return lost > 0 ? undefined : STOP_REASON.lost;
  if (isDrained(each)) return mayStay(input, each) ? undefined : STOP_REASON.tainted;
  if (!eligible.has(nodeOf(each))) return STOP_REASON.notNeeded;
  return each.transition === undefined ? undefined : STOP_REASON.migrating;
}

const isDrained = ({ node }: JobAllocation): boolean => node?.drain !== undefined;

/** Until its deadline a drain waits for what ends by itself, and for what the node's system jobs are there to serve, unless somebody stops it. */
function mayStay({ type, now }: GroupInput, { node, transition }: JobAllocation): boolean {
  const { deadlineAt = Infinity, othersFirst } = node?.drain ?? {};
  return transition === undefined && deadlineAt > now && (type === "sysbatch" || othersFirst === true);
}

function preferred(a: JobAllocation, b: JobAllocation): number {
  const readiness = Number(b.readySince !== undefined) - Number(a.readySince !== undefined);
  return readiness || a.createdAt - b.createdAt || a.serial - b.serial || a.index - b.index;
}

type Nodes = { readonly eligible: ReadonlySet<string>; readonly done: ReadonlySet<string>; readonly taken: ReadonlySet<string> };

/** A node keeps its index unless another node has it; a new one gets the lowest that no pod has. */
function vacancies(input: GroupInput, { eligible, done, taken }: Nodes): readonly Vacancy[] {
  const serials = newestByIndex(input.allocations);
  const past = latestBy(input.allocations, nodeOf);
  const inUse = new Set(input.allocations.filter((each) => isLive(each) && taken.has(nodeOf(each))).map(({ index }) => index));
  let next = 0;
  const indexFor = (before: JobAllocation | undefined) => {
    if (before !== undefined && !inUse.has(before.index)) return before.index;
    while (serials.has(next)) next++;
    return next++;
  };
  return [...eligible].filter((node) => !done.has(node) && !taken.has(node)).sort().map((node) => {
    const before = past.get(node);
    const index = indexFor(before);
    inUse.add(index);
    return { index, lastSerial: serials.get(index)?.serial ?? 0, isReplaced: false, canary: false, node, ...(before === undefined ? {} : { before }) };
  });
}
