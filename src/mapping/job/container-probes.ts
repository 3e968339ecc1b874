/** @module The checks of a group as probes of a container. */
import type { AcceptedGroup } from "../accepted-task.ts";
import type { Probe, ProbeAction } from "./group-checks.ts";
import { isOnHost, listeningPort, podPorts } from "./pod-network.ts";

/** Fields of the container of this task. */
export function probeFields(accepted: AcceptedGroup, task: string, index: number) {
  const own = accepted.source.terms?.probes.filter((probe) => probe.task === task) ?? [];
  if (own.length === 0) return {};
  const ports = podPorts(accepted, index).map((port) => listeningPort(port, isOnHost(accepted)));
  return Object.fromEntries(own.map((probe) => [`${probe.kind}Probe`, probeObject(probe, "number" in probe.port ? probe.port.number : (ports[probe.port.position] ?? 0))]));
}

/** @param port the number that is asked */
export function probeObject({ kind: _kind, task: _task, port: _port, action, initialDelaySeconds, ...times }: Probe, port: number) {
  return { ...actionObject(action, port), ...(initialDelaySeconds > 0 ? { initialDelaySeconds } : {}), ...times };
}

function actionObject(action: ProbeAction, port: number) {
  switch (action.type) {
    case "http":
      return { httpGet: { path: action.path, port, scheme: action.scheme, ...(action.headers.length > 0 ? { httpHeaders: action.headers } : {}) } };
    case "tcp":
      return { tcpSocket: { port } };
    case "grpc":
      return { grpc: { port, service: action.service } };
  }
}
