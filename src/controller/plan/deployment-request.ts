/** @module What a person may ask of a deployment through Nomad's API, applied to its state. Used by the controller. */
import { err, ok, type Result, assertNever } from "../../lib/result.ts";
import { type DeploymentGroup, type DeploymentState, DEPLOYMENT_TEXT, failed, isActive, isUnpromoted, runningText, type StableVersion, withDeadline } from "./deployment-state.ts";

export type DeploymentRequest =
  /** `groups` absent: all of them. */
  | { readonly kind: "promote"; readonly groups?: readonly string[] }
  | { readonly kind: "pause"; readonly pause: boolean }
  | { readonly kind: "fail" }
  | { readonly kind: "unblock" }
  /** Pod UIDs. */
  | { readonly kind: "alloc-health"; readonly healthy: readonly string[]; readonly unhealthy: readonly string[] };

/** @param now epoch ms @param stable the newest stable version before the deployment's own */
export type RequestContext = { readonly now: number; readonly stable?: StableVersion };

/** A pod UID has 36 characters: this many keep the state below 200 KiB. */
const MAX_MARKED = 5_000;

/** The next state, or Nomad's words for why there is none. Asked for twice, a request changes nothing the second time. */
export function applyDeploymentRequest(state: DeploymentState, request: DeploymentRequest, context: RequestContext): Result<DeploymentState, string> {
  switch (request.kind) {
    case "promote":
      return isActive(state) ? promote(state, request.groups, context.now) : err("can't promote terminal deployment");
    case "pause":
      return isActive(state) ? ok(pause(state, request.pause, context.now)) : err(`can't ${request.pause ? "pause" : "resume"} terminal deployment`);
    case "fail":
      return isActive(state) ? ok(fail(state, DEPLOYMENT_TEXT.failedByUser, context)) : err("can't fail terminal deployment");
    case "unblock":
      return err(`can't unblock deployment: its status is "${state.status}", and only a blocked one of a multi-region job can be`);
    case "alloc-health":
      return isActive(state) ? setHealth(state, request, context) : err("can't set health of allocations for a terminal deployment");
    default:
      return assertNever(request, "applyDeploymentRequest");
  }
}

function promote(state: DeploymentState, wanted: readonly string[] | undefined, now: number): Result<DeploymentState, string> {
  const chosen = Object.entries(state.groups).filter(([name, group]) => group.desiredCanaries > 0 && (wanted === undefined || wanted.includes(name)));
  if (chosen.length === 0) return err("no canaries to promote");
  const waiting = chosen.filter(([, group]) => isUnpromoted(group));
  const unfit = waiting.filter(([, { healthyCanaries, desiredCanaries }]) => healthyCanaries < desiredCanaries);
  if (unfit.length > 0) return err(listOf(unfit.map(([name, group]) => `Task group "${name}" has ${group.healthyCanaries}/${group.desiredCanaries} healthy allocations`)));
  if (waiting.length === 0) return ok(state);
  const promoted = waiting.map(([name, group]): [string, DeploymentGroup] => [name, withDeadline({ ...group, promoted: true }, now)]);
  const groups = { ...state.groups, ...Object.fromEntries(promoted) };
  return ok({ ...state, groups, modifiedAt: now, ...(state.status === "running" ? { statusDescription: runningText({ groups }) } : {}) });
}

/** As Nomad's library for several errors prints them. */
const listOf = (errors: readonly string[]) => `${errors.length} ${errors.length === 1 ? "error" : "errors"} occurred:\n${errors.map((each) => `\t* ${each}\n`).join("")}\n`;

/** Time spent in a pause counts against nobody's deadline. */
function pause(state: DeploymentState, isPause: boolean, now: number): DeploymentState {
  if (isPause === (state.status === "paused")) return state;
  if (isPause) return { ...state, status: "paused", statusDescription: DEPLOYMENT_TEXT.paused, modifiedAt: now };
  const groups = Object.fromEntries(Object.entries(state.groups).map(([name, group]) => [name, withDeadline(group, now)]));
  return { ...state, status: "running", statusDescription: runningText({ groups }), groups, modifiedAt: now };
}

function fail(state: DeploymentState, text: string, { stable, now }: RequestContext): DeploymentState {
  return failed(state, text, { wantsRevert: Object.values(state.groups).some(({ autoRevert }) => autoRevert), stable, now });
}

type Health = Extract<DeploymentRequest, { readonly kind: "alloc-health" }>;

function setHealth(state: DeploymentState, { healthy, unhealthy }: Health, context: RequestContext): Result<DeploymentState, string> {
  if (unhealthy.length > 0) return ok(fail(state, DEPLOYMENT_TEXT.unhealthy, context));
  const markedHealthy = [...new Set([...state.markedHealthy, ...healthy])];
  if (markedHealthy.length > MAX_MARKED) return err(`${markedHealthy.length} allocations are marked as healthy, and ${MAX_MARKED} can be`);
  return ok(markedHealthy.length === state.markedHealthy.length ? state : { ...state, markedHealthy, modifiedAt: context.now });
}
