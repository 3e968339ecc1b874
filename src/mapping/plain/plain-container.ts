/** @module One task as a container of a plain pod. */
import type { Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import { judgeFields } from "../job/field-fates.ts";
import { probeObject } from "../job/container-probes.ts";
import type { Probe } from "../job/group-checks.ts";
import { containerResources } from "../resources.ts";
import type { Refusal } from "../refusal.ts";
import { plainDriver } from "./plain-driver.ts";
import { type EnvVar, knownVariables, plainEnvironment } from "./plain-environment.ts";
import { PLAIN_RESOURCE_FATES, PLAIN_TASK_FATES } from "./plain-fates.ts";
import { type PlainFile, taskFiles, taskMounts } from "./plain-files.ts";
import { type Plain, type PlainGroup, type PlainTask, portNumber, runsToAnEnd, seconds, slug } from "./plain-group.ts";
import { plainText } from "./plain-text.ts";

export type TaskContainer = { readonly container: object; readonly files: readonly PlainFile[] };

export function taskContainer(place: PlainTask): Result<Plain<TaskContainer>, Refusal> {
  const { task, path, group } = place;
  const driver = plainDriver(place);
  if (!driver.ok) return driver;
  const files = taskFiles(place);
  const env = plainEnvironment(place, files.value.env);
  const mounts = taskMounts(place, files.value.files);
  const findings: Finding[] = [
    ...judgeFields(task, PLAIN_TASK_FATES, `${path}.`).findings,
    ...judgeFields(task.Resources, PLAIN_RESOURCE_FATES, `${path}.Resources.`).findings,
    ...driver.value.findings,
    ...files.findings,
    ...env.findings,
    ...mounts.findings,
    ...taskFindings(place),
  ];
  const text = (value: string, at: string): string => {
    const replaced = plainText(value, knownVariables(env.value), at);
    findings.push(...replaced.findings);
    return replaced.text;
  };
  const { image, command, args, workDir, pullAlways, securityContext } = driver.value.value;
  const container = {
    name: slug(task.Name, 63),
    image,
    ...(pullAlways ? { imagePullPolicy: "Always" } : {}),
    ...(command.length === 0 ? {} : { command: command.map((each) => text(each, `${path}.Config.command`)) }),
    ...(args.length === 0 ? {} : { args: args.map((each, i) => text(each, `${path}.Config.args[${i}]`)) }),
    ...(workDir === "" ? {} : { workingDir: workDir }),
    env: env.value satisfies readonly EnvVar[],
    ...portFields(place),
    resources: resourcesOf(place),
    ...probesOf(group, task.Name),
    ...(task.ShutdownDelay > 0 ? { lifecycle: { preStop: { sleep: { seconds: seconds(task.ShutdownDelay) } } } } : {}),
    ...(Object.keys(securityContext).length === 0 ? {} : { securityContext }),
    volumeMounts: mounts.value,
  };
  return ok({ value: { container, files: files.value.files }, findings });
}

function taskFindings({ task, path, group }: PlainTask): readonly Finding[] {
  const signal = task.KillSignal === "" && task.Driver === "exec" ? "SIGINT" : task.KillSignal;
  const { MaxFiles, MaxFileSizeMB, Disabled } = task.LogConfig;
  return [
    ...(signal === "" || signal.toUpperCase() === "SIGTERM" ? [] : [{ level: "weaker" as const, path: `${path}.KillSignal`, message: `Kubernetes stops a container with SIGTERM, or with its image's STOPSIGNAL, and not with ${signal}: set STOPSIGNAL in the image` }]),
    ...(runsToAnEnd(group) || task.Lifecycle !== null ? [] : [{ level: "weaker" as const, path: `${path}.RestartPolicy`, message: "kubelet starts a container again without end, with a back-off up to five minutes; attempts, interval, delay and mode are not asked" }]),
    ...(Disabled || MaxFiles !== 10 || MaxFileSizeMB !== 10 ? [{ level: "lost" as const, path: `${path}.LogConfig`, message: "kubelet keeps logs by its own settings" }] : []),
    ...(task.Identity?.Env === true || task.Identity?.File === true ? [{ level: "lost" as const, path: `${path}.Identity`, message: "there is no workload identity of Nomad's: use a service account" }] : []),
    ...(task.ShutdownDelay > 0 ? [{ level: "equivalent" as const, path: `${path}.ShutdownDelay`, message: "is a preStop hook that sleeps" }] : []),
    ...(slug(task.Name, 63) === task.Name ? [] : [{ level: "equivalent" as const, path: `${path}.Name`, message: `the container is called "${slug(task.Name, 63)}"` }]),
  ];
}

function resourcesOf({ task: { Resources: resources }, group, position }: PlainTask) {
  const { CPU: cpu, Cores: cores, MemoryMB: memory, MemoryMaxMB: memoryMax, SecretsMB: secrets } = resources;
  const request = { cpu, memory, secrets, ...(cores > 0 ? { cores } : {}), ...(memoryMax > 0 ? { memoryMax } : {}) };
  return containerResources(request, group.inputs.config.profiles[0]?.mhzPerCore ?? 1000, position === 0 ? group.group.EphemeralDisk.SizeMB : undefined);
}

/** The group's ports are its first main task's. */
function portFields({ group, task }: PlainTask): { readonly ports?: readonly object[] } {
  const main = group.group.Tasks.find(({ Lifecycle }) => Lifecycle === null);
  const ports = group.network.ports.flatMap((port, i) => {
    if (port.task === undefined ? main?.Name !== task.Name : port.task !== task.Name) return [];
    return [{ name: `port-${i}`, containerPort: portNumber(port, i), protocol: "TCP", ...(port.static > 0 ? { hostPort: port.static } : {}) }];
  });
  return ports.length === 0 ? {} : { ports };
}

function probesOf({ probes, network }: PlainGroup, task: string) {
  const own = probes.filter((probe) => probe.task === task);
  return Object.fromEntries(own.map((probe) => [`${probe.kind}Probe`, probeObject(probe, targetNumber(network, probe.port))]));
}

function targetNumber({ ports }: PlainGroup["network"], target: Probe["port"]): number {
  if ("number" in target) return target.number;
  const port = ports[target.position];
  return port === undefined ? 0 : portNumber(port, target.position);
}
