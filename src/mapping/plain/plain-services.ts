/** @module A group's services as Kubernetes Services. */
import type { Finding } from "../../api/exec-task.ts";
import type { Result } from "../../lib/result.ts";
import { groupServices, type GroupService } from "../job/group-services.ts";
import type { Refusal } from "../refusal.ts";
import { ok } from "../../lib/result.ts";
import { type Plain, type PlainGroup, portNumber, slug } from "./plain-group.ts";

/** @param taken names of Services of the job's other groups; those of this group are added */
export function plainServices(group: PlainGroup, taken: Set<string>): Result<Plain<readonly object[]>, Refusal> {
  const mapped = groupServices(group.job, group.group, group.network, group.path);
  if (!mapped.ok) return mapped;
  const findings: Finding[] = mapped.value.findings.filter(({ path }) => !path.endsWith(".Provider"));
  const objects = mapped.value.value.flatMap((service, i) => {
    const name = slug(service.name.replace(/^[^A-Za-z]+/, ""), 63);
    const path = `${group.path}.Services[${i}]`;
    if (taken.has(name)) {
      findings.push({ level: "lost", path, message: `there is a Service "${name}" of this job already, and Kubernetes has one of each name: give this one another name` });
      return [];
    }
    taken.add(name);
    if (name !== service.name) findings.push({ level: "equivalent", path: `${path}.Name`, message: `the Service is called "${name}"` });
    return [{ apiVersion: "v1", kind: "Service", metadata: { name, namespace: group.job.Namespace, labels: group.labels }, spec: { selector: group.labels, ...portFields(group, service) } }];
  });
  const tagged = group.group.Services.flatMap(({ Tags }, i): Finding[] => (Tags.length === 0 ? [] : [{ level: "lost", path: `${group.path}.Services[${i}].Tags`, message: "a Service has no tags: use labels" }]));
  return ok({ value: objects, findings: [...findings, ...tagged] });
}

/** Without a port it has names alone: those of its pods. */
function portFields({ network }: PlainGroup, { port }: GroupService): object {
  if (port === undefined) return { clusterIP: "None" };
  if ("number" in port) return { ports: [{ name: "service", port: port.number, targetPort: port.number, protocol: "TCP" }] };
  const request = network.ports[port.position];
  const inside = request === undefined ? 0 : portNumber(request, port.position);
  return { ports: [{ name: "service", port: request !== undefined && request.static > 0 ? request.static : inside, targetPort: inside, protocol: "TCP" }] };
}
