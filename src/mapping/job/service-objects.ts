/** @module The Kubernetes Services that stand for the services of a job. */
import type { KubeObject } from "../../api/meta.ts";
import { ANNOTATION, LABEL } from "../../contract/pod-metadata.ts";
import type { AcceptedGroup } from "../accepted-task.ts";
import { groupObjectName, type Sha256 } from "../object-names.ts";
import type { GroupService } from "./group-services.ts";
import { isOnHost, listeningPort, podPorts, portName } from "./pod-network.ts";

/** The Services of groups of one job, for the controller to apply, and to delete where they are no longer among them. */
export const services = (groups: readonly AcceptedGroup[], sha256: Sha256): readonly KubeObject[] =>
  groups.flatMap((accepted) => (accepted.source.terms?.services ?? []).map((service, i) => serviceObject(accepted, { service, position: i }, sha256)));

type Placed = { readonly service: GroupService; readonly position: number };

/**
 * Its name begins as those of our pods do, so that a job cannot take the place of a Service that is not ours. Selects the pods of the group,
 * ready ones alone.
 */
function serviceObject(accepted: AcceptedGroup, { service, position }: Placed, sha256: Sha256): KubeObject {
  const { source, groupName } = accepted;
  const name = groupObjectName(sha256, { namespace: source.namespace, jobId: service.name, group: JSON.stringify(["service", source.jobId, source.group, service.task, position]) });
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: source.namespace,
      labels: { [LABEL.managed]: "true", [LABEL.task]: groupName },
      annotations: { [ANNOTATION.jobId]: source.jobId, [ANNOTATION.group]: source.group, [ANNOTATION.service]: service.name },
      ownerReferences: [{ ...source.owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: { selector: { [LABEL.task]: groupName }, ...servicePorts(accepted, service) },
  } as KubeObject;
}

/** A service without a port has names alone: those of its pods. */
function servicePorts(accepted: AcceptedGroup, { port }: GroupService) {
  if (port === undefined) return { clusterIP: "None" };
  if ("number" in port) return { ports: [{ name: "nomad", port: port.number, targetPort: port.number, protocol: "TCP" }] };
  const request = accepted.source.terms?.network.ports[port.position];
  const allocated = podPorts(accepted, 0)[port.position];
  const number = request !== undefined && request.static > 0 ? request.static : (allocated === undefined ? 0 : listeningPort(allocated, isOnHost(accepted)));
  return { ports: [{ name: "nomad", port: number, targetPort: portName(port.position), protocol: "TCP" }] };
}
