/**
 * @module Checks of services as probes. A container has one readiness probe: a group's checks are spread over the containers of its tasks,
 * as a pod is ready when all of them are, and the ones that are left over are told in findings.
 */
import type { Finding } from "../../api/exec-task.ts";
import type { ServiceCheck, Task, TaskGroup } from "../../nomad/job.ts";
import type { GroupNetwork } from "./group-network.ts";
import { type PortTarget, portTarget, type ServiceSource, servicesOf } from "./group-services.ts";
import { findingIf, type Mapped } from "./mapped.ts";

export type Probe = {
  readonly kind: "readiness" | "liveness";
  /** In whose container it is. */
  readonly task: string;
  readonly port: PortTarget;
  readonly action: ProbeAction;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
};

export type ProbeAction =
  | { readonly type: "http"; readonly path: string; readonly scheme: "HTTP" | "HTTPS"; readonly headers: readonly { readonly name: string; readonly value: string }[] }
  | { readonly type: "tcp" }
  | { readonly type: "grpc"; readonly service: string };

const NS_PER_SECOND = 1_000_000_000;

export type CheckSource = ServiceSource & { readonly check: ServiceCheck };

export function groupChecks(group: TaskGroup, network: GroupNetwork, path: string): Mapped<readonly Probe[]> {
  const all = probesOfChecks(group, network, path);
  return { value: all.flatMap(({ probes }) => probes.value), findings: all.flatMap(({ probes }) => probes.findings) };
}

/** Each check with what has become of it: no probe where it is never run. */
export function probesOfChecks(group: TaskGroup, network: GroupNetwork, path: string): readonly { readonly source: CheckSource; readonly probes: Mapped<readonly Probe[]> }[] {
  const sources = servicesOf(group, path).flatMap((source) => source.service.Checks.map((check, i): CheckSource => ({ ...source, check, path: `${source.path}.Checks[${i}]` })));
  const taken: Probe[] = [];
  return sources.map((source) => {
    const probes = probesOf(source, group, { network, taken });
    taken.push(...probes.value);
    return { source, probes };
  });
}

type Around = { readonly network: GroupNetwork; readonly taken: readonly Probe[] };

function probesOf(source: CheckSource, group: TaskGroup, { network, taken }: Around): Mapped<readonly Probe[]> {
  const { check, path, service } = source;
  const action = actionOf(check);
  if (action === undefined) return lost(path, `a check of type "${check.Type}" is never run: use http, tcp or grpc`);
  const wanted = check.TaskName || source.task;
  const port = portTarget(check.PortLabel || service.PortLabel, wanted, network);
  if (port === undefined) return lost(path, "names no port of the group, so that there is nothing to ask");
  const task = freeTask(group, wanted, taken);
  if (task === undefined) return lost(path, "is never run: a container takes one check, and every main task of the group has one already; put what they ask into one check");
  const times = { port, action, periodSeconds: seconds(check.Interval), timeoutSeconds: seconds(check.Timeout) };
  const readiness: Probe = { kind: "readiness", task, ...times, initialDelaySeconds: 0, successThreshold: Math.max(1, check.SuccessBeforePassing), failureThreshold: Math.max(1, check.FailuresBeforeCritical) };
  const liveness = livenessOf(source, group, { task: wanted, times, taken });
  return { value: [readiness, ...liveness.value], findings: [...checkFindings(source), ...liveness.findings] };
}

const lost = (path: string, message: string): Mapped<readonly Probe[]> => ({ value: [], findings: [{ level: "lost", path, message }] });

const seconds = (nanoseconds: number): number => Math.max(1, Math.ceil(nanoseconds / NS_PER_SECOND));

function actionOf(check: ServiceCheck): ProbeAction | undefined {
  const headers = Object.entries(check.Header).filter(([name]) => /^[-A-Za-z0-9]+$/.test(name)).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  switch (check.Type) {
    case "http":
      return { type: "http", path: check.Path || "/", scheme: check.Protocol.toLowerCase() === "https" ? "HTTPS" : "HTTP", headers };
    case "tcp":
      return { type: "tcp" };
    case "grpc":
      return { type: "grpc", service: check.GRPCService };
    default:
      return undefined;
  }
}

const isMain = ({ Lifecycle }: Task): boolean => Lifecycle === null;

/** The task that the check is of, or the first main one that has no probe yet. */
function freeTask({ Tasks }: TaskGroup, wanted: string, taken: readonly Probe[]): string | undefined {
  const isFree = ({ Name }: Task) => !taken.some(({ kind, task }) => kind === "readiness" && task === Name);
  const free = Tasks.filter((task) => isMain(task) && isFree(task));
  return (free.find(({ Name }) => Name === wanted) ?? free[0])?.Name;
}

type Liveness = { readonly task: string; readonly times: Pick<Probe, "port" | "action" | "periodSeconds" | "timeoutSeconds">; readonly taken: readonly Probe[] };

/** check_restart starts the check's own task again, and no other. */
function livenessOf({ check, service, path }: CheckSource, group: TaskGroup, { task: wanted, times, taken }: Liveness): Mapped<readonly Probe[]> {
  const restart = check.CheckRestart ?? service.CheckRestart;
  if (restart === null || restart.Limit <= 0) return { value: [], findings: [] };
  const mains = group.Tasks.filter(isMain);
  const task = mains.find(({ Name }) => Name === wanted) ?? (mains.length === 1 ? mains[0] : undefined);
  if (task === undefined || taken.some((probe) => probe.kind === "liveness" && probe.task === task.Name)) {
    return lost(`${path}.CheckRestart`, "has no effect: it needs one main task to start again, which has no other check that does so; set task in the check");
  }
  const probe: Probe = { kind: "liveness", task: task.Name, ...times, initialDelaySeconds: Math.ceil((restart.Grace ?? NS_PER_SECOND) / NS_PER_SECOND), successThreshold: 1, failureThreshold: restart.Limit };
  return { value: [probe], findings: [{ level: "equivalent", path: `${path}.CheckRestart`, message: "kubelet starts the container again: that does not count as one of the restart policy's attempts" }] };
}

function checkFindings({ check, path }: CheckSource): readonly Finding[] {
  const method = check.Method === "" ? "GET" : check.Method.toUpperCase();
  return [
    ...findingIf(check.Type === "http" && (method !== "GET" || check.Body !== ""), "weaker", `${path}.Method`, "kubelet asks with GET and without a body"),
    ...findingIf(check.Type === "http" && check.Protocol.toLowerCase() === "https" && !check.TLSSkipVerify, "weaker", `${path}.Protocol`, "kubelet does not verify the certificate"),
    ...findingIf(check.Type === "grpc" && check.GRPCUseTLS, "lost", `${path}.GRPCUseTLS`, "kubelet asks without TLS"),
    ...findingIf(check.OnUpdate !== "" && check.OnUpdate !== "require_healthy", "weaker", `${path}.OnUpdate`, "an allocation counts as healthy only when the check passes"),
    ...findingIf(check.InitialStatus === "passing", "weaker", `${path}.InitialStatus`, "the check has not passed before it has been made"),
    ...findingIf(check.Expose, "lost", `${path}.Expose`, "there is no service mesh here to expose it through"),
    ...findingIf(check.FailuresBeforeWarning > 0, "lost", `${path}.FailuresBeforeWarning`, "a check is passing or critical"),
    ...findingIf(/\$\{/.test(check.Path), "lost", `${path}.Path`, "is not interpolated"),
  ];
}
