/** @module A group as the template of its pods. */
import type { Finding } from "../../api/exec-task.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { Task } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import { taskContainer } from "./plain-container.ts";
import { type PlainFile, podVolumes } from "./plain-files.ts";
import { type Plain, type PlainGroup, type PlainTask, runsToAnEnd, seconds } from "./plain-group.ts";
import { plainPlacement } from "./plain-placement.ts";

export type PodTemplate = { readonly template: object; readonly files: readonly PlainFile[] };

/** prestart becomes an init container, and as a sidecar a native one; a poststart sidecar a container beside the others. */
type Role = "init" | "sidecar" | "main" | "none";

function roleOf({ Lifecycle }: Task): Role {
  if (Lifecycle === null) return "main";
  if (Lifecycle.Hook === "prestart") return Lifecycle.Sidecar ? "sidecar" : "init";
  return Lifecycle.Hook === "poststart" && Lifecycle.Sidecar ? "main" : "none";
}

const NO_TWIN: Readonly<Record<string, string>> = {
  poststart: "a task that runs once after the others have started has no twin, and is left out: use lifecycle.postStart of a container",
  poststop: "a task that runs after the others has no twin, and is left out: use lifecycle.preStop of a container",
};

export function podTemplate(group: PlainGroup): Result<Plain<PodTemplate>, Refusal> {
  const places = group.group.Tasks.map((task, position): PlainTask => ({ group, task, position, path: `${group.path}.Tasks[${position}]` }));
  const used = places.filter(({ task }) => roleOf(task) !== "none");
  const made = used.map((place) => ({ role: roleOf(place.task), place, result: taskContainer(place) }));
  const refused = made.find(({ result }) => !result.ok)?.result;
  if (refused !== undefined && !refused.ok) return err(refused.error);
  const containers = made.flatMap(({ role, result }) => (result.ok ? [{ role, ...result.value.value, findings: result.value.findings }] : []));
  const files = containers.flatMap((each) => each.files);
  const volumes = podVolumes(group, used.map(({ position }) => position), files);
  const placement = plainPlacement(group);
  const spec = podSpec(group, containers, { volumes: volumes.value, placement: placement.value });
  return ok({
    value: { template: { metadata: { labels: group.labels }, spec }, files },
    findings: [...containers.flatMap(({ findings }) => findings), ...volumes.findings, ...placement.findings, ...podFindings(group, places)],
  });
}

type Containers = readonly { readonly role: Role; readonly container: object }[];

function podSpec(group: PlainGroup, containers: Containers, { volumes, placement }: { readonly volumes: readonly object[]; readonly placement: object }): object {
  const of = (...roles: readonly Role[]) => containers.filter(({ role }) => roles.includes(role)).map(({ role, container }) => (role === "sidecar" ? { ...container, restartPolicy: "Always" } : container));
  const inits = of("init", "sidecar");
  const stop = Math.max(...group.group.Tasks.map((task) => seconds(task.KillTimeout) + seconds(task.ShutdownDelay)));
  const limit = seconds(group.group.MaxRunDuration);
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(runsToAnEnd(group) ? { restartPolicy: attemptsOf(group) > 0 ? "OnFailure" : "Never" } : {}),
    terminationGracePeriodSeconds: Math.max(1, stop + seconds(group.group.ShutdownDelay)),
    ...(limit > 0 && runsToAnEnd(group) ? { activeDeadlineSeconds: limit } : {}),
    ...placement,
    ...networkFields(group),
    ...(inits.length === 0 ? {} : { initContainers: inits }),
    containers: of("main"),
    volumes,
  };
}

/** Restarts in place of the task that is allowed most. */
export const attemptsOf = ({ group }: PlainGroup): number => Math.max(0, ...group.Tasks.map(({ RestartPolicy }) => RestartPolicy.Attempts));

function networkFields({ network: { dns, hostname } }: PlainGroup): object {
  const isName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(hostname);
  const named = isName ? { hostname } : {};
  if (dns === undefined) return named;
  const { nameservers, searches, options } = dns;
  const dnsConfig = { nameservers, searches, options: options.map((text) => ({ name: text.split(":")[0] ?? "", ...(text.includes(":") ? { value: text.slice(text.indexOf(":") + 1) } : {}) })) };
  return { ...named, ...(nameservers.length > 0 ? { dnsPolicy: "None" } : {}), dnsConfig };
}

function podFindings(group: PlainGroup, places: readonly PlainTask[]): readonly Finding[] {
  const { path, network, group: { EphemeralDisk: disk, MaxRunDuration: limit } } = group;
  const omitted = places.filter(({ task }) => roleOf(task) === "none");
  return [
    ...omitted.map(({ task, path: at }): Finding => ({ level: "lost", path: `${at}.Lifecycle`, message: NO_TWIN[task.Lifecycle?.Hook ?? ""] ?? "has no twin, and is left out" })),
    ...(disk.Sticky || disk.Migrate ? [{ level: "lost" as const, path: `${path}.EphemeralDisk`, message: "a new pod starts with empty directories: use a StatefulSet with volumeClaimTemplates" }] : []),
    ...(network.mode === "host" ? [{ level: "weaker" as const, path: `${path}.Networks[0].Mode`, message: "runs in the pod's own network, and not in the node's: write hostNetwork where the namespace allows it" }] : []),
    ...network.ports.flatMap((port): Finding[] => (port.static > 0 ? [{ level: "decision", path: `${path}.Networks[0].ReservedPorts`, message: `port "${port.label}" takes hostPort ${port.static} of the node, which a restricted namespace refuses: take hostPort out where clients come by the Service` }] : [])),
    ...(network.hostname !== "" && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(network.hostname) ? [{ level: "lost" as const, path: `${path}.Networks[0].Hostname`, message: "is no host name of a pod: write lower-case letters, digits and dashes" }] : []),
    ...((limit ?? 0) > 0 && !runsToAnEnd(group) ? [{ level: "lost" as const, path: `${path}.MaxRunDuration`, message: "a pod that is always started again has no end" }] : []),
  ];
}
