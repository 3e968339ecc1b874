import { describe, expect, it } from "vitest";
import type { ContainerStatus, Pod } from "../../../../src/api/pod.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { jobBody, jobWorld, NOW } from "./job-world.ts";

type Alloc = { readonly DesiredTransition: object; readonly DeploymentStatus: { readonly Healthy: boolean | null; readonly Timestamp: string | null } | null; readonly TaskStates: Readonly<Record<string, { readonly Events: readonly { readonly Type: string; readonly Time: number; readonly Message: string }[] }>> };

const S = 1_000_000_000;
const UPDATE = { MaxParallel: 1, MinHealthyTime: 8 * S, HealthyDeadline: 20 * S, ProgressDeadline: 600 * S };
const at = (second: number) => new Date(NOW + second * 1000).toISOString();

type Given = {
  /** Of the deployment, and when it came to be so. */
  readonly status?: string;
  readonly since?: number;
  readonly phase?: string;
  readonly ready?: number;
  readonly main: Partial<ContainerStatus>;
  readonly update?: object;
  readonly services?: readonly object[];
  readonly policy?: object;
};

/** One allocation, placed at 0, of the main tasks "server" and "proxy"; it is looked at at 100. */
async function look({ status = "running", since = 0, phase = "Running", ready, main, update = {}, services = [], policy }: Given) {
  const world = jobWorld();
  const { call } = world.bridge({ now: () => NOW + 100_000 });
  await call("PUT", "/v1/jobs", { Job: jobBody("web", {}, { Count: 1, Update: { ...UPDATE, ...update }, ...(policy === undefined ? {} : { ReschedulePolicy: policy }), Services: services, Networks: [{ DynamicPorts: [{ Label: "http" }] }] }) });
  const groups = { web: { autoRevert: false, autoPromote: false, progressDeadlineMs: 600_000, promoted: false, desiredCanaries: 0, desiredTotal: 1, placedCanaries: [], placedAllocs: 1, healthyAllocs: 0, unhealthyAllocs: 0, healthyCanaries: 0 } };
  const job = world.observe("web", { deployment: { jobVersion: 0, status, statusDescription: "", createdAt: NOW, modifiedAt: NOW + since * 1000, markedHealthy: [], groups } });
  const pod = world.pod(job, "web", { node: "node-1" });
  const tasks = ["server", "proxy"].map((task) => ({ task, container: task, hook: "", sidecar: false }));
  const proxy = { name: "proxy", state: phase === "Failed" ? STOPPED : { running: { startedAt: at(1) } } };
  const conditions = ready === undefined ? [] : [{ type: "Ready", status: "True", lastTransitionTime: at(ready) }];
  world.api.put<Pod>(RESOURCES.pods, { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [ANNOTATION.tasks]: JSON.stringify(tasks) } }, status: { phase, conditions, containerStatuses: [{ name: "server", ...main }, proxy] } });
  const [row] = (await call("GET", "/v1/job/web/allocations")).json as unknown as readonly Alloc[];
  const whole = (await call("GET", `/v1/allocation/${pod.metadata.uid}`)).json as unknown as { readonly DeploymentID?: string };
  const said = Object.entries(row?.TaskStates ?? {}).flatMap(([task, { Events }]) => Events.filter(({ Type }) => Type === "Alloc Unhealthy").map(({ Message, Time }) => [task, Message, (Math.round(Time / 1e6) - NOW) / 1000]));
  return { health: row?.DeploymentStatus ?? null, said: new Map(said.map(([task, ...rest]) => [task, rest])), isDeployed: whole.DeploymentID !== undefined, transition: row?.DesiredTransition };
}

const terminated = (start: number, end: number, exitCode = 213) => ({ terminated: { exitCode, startedAt: at(start), finishedAt: at(end), message: JSON.stringify({ version: 1, reason: exitCode === 213 ? "attempts-spent" : "exited", exitCode: exitCode === 213 ? 3 : exitCode, message: "", attempt: 0, runs: [{ startedMs: NOW + start * 1000, finishedMs: NOW + end * 1000, exitCode: 3 }] }) } });
const STOPPED = { terminated: { exitCode: 0, startedAt: at(1), finishedAt: at(15), message: JSON.stringify({ version: 1, reason: "stopped", exitCode: 0, message: "", attempt: 0 }) } };
const runs = { state: { running: { startedAt: at(2) } } };
const CHECKED = [{ Name: "web", Provider: "nomad", PortLabel: "http", Checks: [{ Name: "alive", Type: "tcp", Interval: S, Timeout: S }] }];

const NOT_RUNNING = "Task not running by healthy_deadline of 20s";
const NOT_LONG_ENOUGH = "Task not running for min_healthy_time of 8s by healthy_deadline of 20s";
const both = (text: string) => ({ server: [text, 20], proxy: [text, 20] });

describe("the health of an allocation in its deployment", () => {
  it.each<[string, Given, readonly [boolean, number] | null, object]>([
    // Kubernetes' seconds are up to one too early.
    ["that has been ready for long enough", { ready: 2, main: runs }, [true, 10.999], {}],
    ["that was ready for less than a kubelet takes to say that a task has ended", { ready: 2, main: runs, update: { MinHealthyTime: S } }, [true, 5.499], {}],
    ["that is over before it was: a task has failed", { phase: "Failed", main: { state: terminated(10, 15) } }, [false, 15], { server: ["Unhealthy because of failed task", 15], proxy: ["Unhealthy because of dead task", 15] }],
    ["that failed after it was", { phase: "Failed", main: { state: terminated(3, 15) } }, [true, 11], {}],
    ["that failed after its run, whose checks nobody knows", { phase: "Failed", main: { state: terminated(3, 15) }, services: CHECKED }, [false, 15], { server: ["Unhealthy because of failed task", 15], proxy: ["Unhealthy because of dead task", 15] }],
    ["that was not ready by the deadline", { main: runs }, [false, 20], both(NOT_LONG_ENOUGH)],
    ["that was ready too late", { ready: 19, main: runs }, [false, 20], both(NOT_LONG_ENOUGH)],
    ["one of whose tasks was not running at the deadline", { main: { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: terminated(3, 9, 1) } }, [false, 20], { server: [NOT_RUNNING, 20], proxy: [NOT_LONG_ENOUGH, 20] }],
    ["that is restarted long after its deployment has succeeded", { status: "successful", since: 12, ready: 90, main: runs }, [true, 12], {}],
    ["that nobody has called healthy, where only people do", { status: "paused", ready: 2, main: runs, update: { HealthCheck: "manual" } }, [false, 20], both(NOT_LONG_ENOUGH)],
    ["of a deployment that failed before the deadline", { status: "failed", since: 12, main: runs }, null, {}],
  ])("%s", async (_name, given, verdict, said) => {
    const looked = await look(given);
    expect(looked.health === null ? null : [looked.health.Healthy, looked.health.Timestamp]).toEqual(verdict === null ? null : [verdict[0], at(verdict[1])]);
    expect(Object.fromEntries(looked.said)).toEqual(said);
    expect(looked.isDeployed).toBe(true);
  });

  it.each([
    ["may be placed again where it is unhealthy", { Unlimited: true, Attempts: 0 }, true],
    ["may not where nothing is rescheduled", { Unlimited: false, Attempts: 0 }, null],
  ])("%s, which its transition says", async (_name, policy, wanted) => {
    const looked = await look({ main: runs, policy: { Interval: 0, Delay: 30 * S, DelayFunction: "constant", MaxDelay: 3600 * S, ...policy } });
    expect(looked.transition).toMatchObject({ Reschedule: wanted, Migrate: null });
  });

  it("is of no deployment where it was placed after that was over", async () => {
    const looked = await look({ status: "successful", since: -30, phase: "Failed", main: { state: terminated(3, 4) } });
    expect([looked.health, looked.said.size, looked.isDeployed]).toEqual([null, 0, false]);
  });
});
