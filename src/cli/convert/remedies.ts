/** @module What to do about a finding: the advice that its own words end with, or that of a table by its path. Used by convert and assess. */
import type { Severity } from "./severity.ts";

const VERBS = "write|use|set|put|name|keep|register|leave|choose|give|make|push|reach|add|fetch|install|run|label|pass|build|render|look|apply|raise|lower|list|take|split";
/** An imperative behind a colon or a semicolon. */
const ADVICE = new RegExp(`[:;] (?:or )?((?:${VERBS}) .+)$`, "s");

/** The first pattern that fits the path wins. */
const BY_PATH: readonly (readonly [RegExp, string])[] = [
  [/\.Networks(\[\d+\])?/, "set allowHostNetwork in the profile where tasks must be on the node's own network"],
  [/\.Checks\[\d+\]/, "write a check of type http, tcp or grpc"],
  [/\.Services\[\d+\]/, "reach the service by its Kubernetes Service, or by nomadService in a template"],
  [/\.(Constraints|Affinities|Spreads)/, "label the nodes, and compare with those labels: ${meta.<key>} is meta.nomad-bridge.dev/<key>"],
  [/(^|\.)(Datacenters|NodePool)/, "label the nodes with nomad-bridge.dev/datacenter and nomad-bridge.dev/node-pool"],
  [/\.Artifacts/, "put the file into the image, or fetch it from an address that the profile allows"],
  [/\.Templates/, "write what the template needs into env, or into a file of the image"],
  [/\.(Vault|Secrets|Identit)/, "keep the secret in a Kubernetes Secret"],
  [/\.Consul/, "leave it out, and reach services by their addresses"],
  [/\.Volumes/, "make a PersistentVolumeClaim, and name it in source"],
  [/\.Resources\.Devices/, "run the task on a node pool of its own that has the devices"],
  [/\.Config\.(cap_add|cap_drop)/, "add the capability to allowCaps of the profile"],
  [/\.(KillTimeout|ShutdownDelay)/, "raise maxKillTimeout in the profile"],
  [/\.Env/, "keep secrets in a Kubernetes Secret, and take them out of the job"],
  [/\.User/, "name the user in the profile's table, or give its number"],
  [/\.seccomp|\.allowPrivilegeEscalation/, "say it in the profile"],
];

/** Of words that name no path, or one that many things share. The first that fits wins, before the path is asked. */
const BY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/has no host volume "/, "add it to hostVolumes of the profile, with the directory of the node; or use a PersistentVolumeClaim as type csi"],
  [/^a CSI driver is installed in the cluster/, "install the driver in the cluster with its own manifests, and leave this job out"],
  [/named "port_map"/, "name the ports in the group's network block, and list them in ports of the config"],
  [/The argument "command" is required/, "write command, and args: the image's own ENTRYPOINT and CMD are not read"],
  [/^(host_network does not exist|device, cidr and ip of a network)/, "take it out of the job, or place the job by constraints on nodes that have that network"],
  [/^pods have the cluster's own priority/, "take priority out of the job; where it matters, give the jobs node pools of their own"],
];

const BY_SEVERITY: Readonly<Record<Severity, string>> = {
  refused: "change the job as the message says",
  lost: "take it out of the job, and do without it here",
  decision: "look whether the job relies on it, and write down what it should be",
  weaker: "look whether the job relies on it",
  equivalent: "nothing: it works, by other means",
  same: "nothing",
};

/** What the words themselves advise, or nothing in particular: for findings of other places than this server. */
export const ownRemedy = (severity: Severity, message: string): string => ADVICE.exec(message)?.[1] ?? BY_SEVERITY[severity];

export function remedyFor(severity: Severity, path: string, message: string): string {
  if (ADVICE.test(message)) return ownRemedy(severity, message);
  if (severity === "equivalent" || severity === "same") return BY_SEVERITY[severity];
  const byWords = BY_WORDS.find(([pattern]) => pattern.test(message));
  if (byWords !== undefined) return byWords[1];
  return BY_PATH.find(([pattern]) => pattern.test(path))?.[1] ?? BY_SEVERITY[severity];
}
