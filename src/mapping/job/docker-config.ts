/**
 * @module The config block of the driver docker in the words of an ExecTask: its image is the task's root file system, and the launcher runs
 * the command in it. What an image says of its own start is not known here, so that a job has to name a command.
 */
import type { Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { Task } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import { type Config, listOf, textOf, unknownKey } from "./config-values.ts";
import type { DriverConfig } from "./driver-config.ts";
import { type Mapped, mapped, refusedAt } from "./mapped.ts";

type Fate = { readonly fate: "mapped" } | { readonly fate: "none" } | { readonly fate: "lost" | "weaker" | "equivalent" | "refused"; readonly message: string };

const MAPPED: Fate = { fate: "mapped" };
/** It changes nothing that a task could see here. */
const NONE: Fate = { fate: "none" };
const lost = (message: string): Fate => ({ fate: "lost", message });
const refused = (message: string): Fate => ({ fate: "refused", message });
const OF_THE_NODE = refused("a task is given nothing of its node but what its profile offers; use a volume of the group, which the profile names");
const OF_THE_GROUP = lost("write it in the network block of the group");
const OF_THE_PROFILE = lost("the profile says it for all tasks");

/** Every key of the driver. */
const KEYS: Readonly<Record<string, Fate>> = {
  image: MAPPED,
  command: MAPPED,
  args: MAPPED,
  entrypoint: MAPPED,
  work_dir: MAPPED,
  cap_add: MAPPED,
  cap_drop: MAPPED,
  pid_mode: MAPPED,
  ipc_mode: MAPPED,
  force_pull: MAPPED,
  ports: { fate: "equivalent", message: "the ports of the group's network block are all open in the pod" },
  auth: { fate: "weaker", message: "credentials of a registry are the node's, or those of the namespace's default service account: name an image pull secret there" },
  auth_soft_fail: NONE,
  advertise_ipv6_address: lost("the pod's address is the one that the cluster gives it"),
  cgroupns: lost("the container runtime chooses the namespace of control groups"),
  container_exists_attempts: NONE,
  cpu_cfs_period: lost("tasks have a share of the CPU and no hard limit"),
  cpu_hard_limit: lost("tasks have a share of the CPU and no hard limit"),
  cpuset_cpus: lost("write resources.cores"),
  devices: OF_THE_NODE,
  dns_options: OF_THE_GROUP,
  dns_search_domains: OF_THE_GROUP,
  dns_servers: OF_THE_GROUP,
  extra_hosts: lost("a template can write what /etc/hosts should hold to another file; the pod's is its own"),
  group_add: lost("a task has its user's group alone"),
  healthchecks: lost("an image's health check is never run: write a check of a service"),
  hostname: OF_THE_GROUP,
  image_pull_timeout: lost("kubelet pulls images in its own time"),
  init: NONE,
  interactive: lost("nothing is attached to a task's input"),
  ipv4_address: lost("the pod's address is the one that the cluster gives it"),
  ipv6_address: lost("the pod's address is the one that the cluster gives it"),
  isolation: lost("it is of Windows"),
  labels: lost("labels of a container do not exist here; write meta"),
  load: refused("an image cannot come out of a file; push it to a registry"),
  logging: lost("output goes to /alloc/logs and to the container's own streams"),
  mac_address: lost("the pod's address is the one that the cluster gives it"),
  memory_hard_limit: lost("write resources.memory_max"),
  mount: OF_THE_NODE,
  mounts: OF_THE_NODE,
  network_aliases: lost("write a service"),
  network_mode: OF_THE_GROUP,
  oom_score_adj: lost("kubelet sets the OOM score of a container by its memory request"),
  pids_limit: lost("kubelet limits the processes of a pod by its own setting"),
  privileged: refused("no task is given a privileged container"),
  readonly_rootfs: lost("the image's files can be written to, in the task's own copy"),
  runtime: lost("the container runtime is the node's"),
  security_opt: OF_THE_PROFILE,
  shm_size: lost("/dev/shm has the size that the container runtime gives it, 64 MB"),
  storage_opt: lost("write ephemeral_disk of the group"),
  sysctl: lost("kernel settings of a pod are the cluster's to allow"),
  tty: lost("a task has no terminal"),
  ulimit: lost("limits are those of the container runtime"),
  userns_mode: lost("the container runtime chooses the user namespace"),
  uts_mode: lost("the host name is the pod's"),
  volume_driver: OF_THE_NODE,
  volumes: OF_THE_NODE,
};

export function dockerConfig({ Config: config, User: user }: Pick<Task, "Config" | "User">, path: string): Result<Mapped<DriverConfig>, Refusal> {
  const unknown = unknownKey(config, Object.keys(KEYS), path);
  if (unknown !== undefined) return unknown;
  const written = Object.keys(config).filter((key) => isWritten(config[key]));
  for (const key of written) {
    const fate = KEYS[key];
    if (fate?.fate === "refused") return refusedAt(`${path}.${key}`, fate.message);
  }
  const image = textOf(config, "image", path);
  if (!image.ok) return image;
  if (!/^[\w][\w.:/@-]{0,510}$/.test(image.value)) return refusedAt(`${path}.image`, `"${image.value.slice(0, 100)}" is no name of an image; variables are not replaced in it`);
  const line = commandLine(config, path);
  if (!line.ok) return line;
  const rest = isolationOf(config, path);
  if (!rest.ok) return rest;
  const findings = [...written.flatMap((key) => findingOf(key, path)), ...imageFindings(user, path)];
  const pull = isWritten(config["force_pull"]) ? ("Always" as const) : ("IfNotPresent" as const);
  return mapped({ ...line.value, ...rest.value, image: image.value, pull }, findings);
}

const isWritten = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== "" && value !== 0 && !(typeof value === "object" && Object.keys(value).length === 0);

function findingOf(key: string, path: string): readonly Finding[] {
  const fate = KEYS[key];
  if (fate === undefined || fate.fate === "mapped" || fate.fate === "none" || fate.fate === "refused") return [];
  return [{ level: fate.fate, path: `${path}.${key}`, message: fate.fate === "lost" ? `has no effect: ${fate.message}` : fate.message }];
}

function imageFindings(user: string, path: string): readonly Finding[] {
  const fromImage: Finding = { level: "decision", path: `${path}.image`, message: "the image's own ENTRYPOINT, CMD, ENV and WORKDIR are not read: write command, args, env and work_dir" };
  const asNobody: Finding = { level: "decision", path: `${path}.image`, message: "the task runs as nobody, and not as the image's own user: write user" };
  return user === "" ? [fromImage, asNobody] : [fromImage];
}

/** As docker puts them together: entrypoint, command, args. */
function commandLine(config: Config, path: string): Result<Pick<DriverConfig, "command" | "args">, Refusal> {
  const entrypoint = typeof config["entrypoint"] === "string" ? listOf({ entrypoint: [config["entrypoint"]] }, "entrypoint", path) : listOf(config, "entrypoint", path);
  if (!entrypoint.ok) return entrypoint;
  const written = textOf(config, "command", path);
  if (!written.ok) return written;
  const args = listOf(config, "args", path);
  if (!args.ok) return args;
  const [command = "", ...rest] = [...entrypoint.value, ...(written.value === "" ? [] : [written.value]), ...args.value];
  if (command !== "" && entrypoint.value.length + written.value.length > 0) return ok({ command, args: rest });
  return refusedAt(`${path}.command`, "the image's own entrypoint is not known here: write the command that the image would run, or entrypoint");
}

function isolationOf(config: Config, path: string): Result<Pick<DriverConfig, "workDir" | "capAdd" | "capDrop" | "pidMode" | "ipcMode">, Refusal> {
  const workDir = textOf(config, "work_dir", path);
  if (!workDir.ok) return workDir;
  const capAdd = listOf(config, "cap_add", path);
  if (!capAdd.ok) return capAdd;
  const capDrop = listOf(config, "cap_drop", path);
  if (!capDrop.ok) return capDrop;
  const modes = ["pid_mode", "ipc_mode"].map((key) => textOf(config, key, path));
  const bad = modes.find((mode) => !mode.ok);
  if (bad !== undefined && !bad.ok) return bad;
  const [pidMode = "", ipcMode = ""] = modes.map((mode) => (mode.ok && mode.value === "host" ? ("host" as const) : ("" as const)));
  return ok({ workDir: workDir.value, capAdd: capAdd.value, capDrop: capDrop.value, pidMode, ipcMode });
}
