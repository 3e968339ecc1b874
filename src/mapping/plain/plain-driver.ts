/** @module A driver's config as the fields of a plain container: image, command, args and rights. */
import type { Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import { listOf, textOf } from "../job/config-values.ts";
import { execConfig } from "../job/driver-config.ts";
import { refusedAt } from "../job/mapped.ts";
import type { Refusal } from "../refusal.ts";
import type { Plain, PlainTask } from "./plain-group.ts";

export type PlainDriver = {
  readonly image: string;
  /** Empty: the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workDir: string;
  readonly pullAlways: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
};

export function plainDriver(place: PlainTask): Result<Plain<PlainDriver>, Refusal> {
  const { task, path } = place;
  if (task.Driver === "exec") return execDriver(place);
  if (task.Driver === "docker" || task.Driver === "podman") return dockerDriver(place);
  const what = task.Driver === "raw_exec" ? "runs on the node itself, which no plain pod does: use -to=nomadjob, or put the program into an image" : "has no twin in a pod: put the program into an image, and use the driver docker";
  return refusedAt(`${path}.Driver`, `the driver "${task.Driver}" ${what}`);
}

function execDriver({ task, path, group }: PlainTask): Result<Plain<PlainDriver>, Refusal> {
  const at = `${path}.Config`;
  const config = execConfig(task, at);
  if (!config.ok) return config;
  const image = group.inputs.image ?? group.inputs.config.profiles.find(({ chroot }) => chroot.type === "image")?.chroot.image;
  if (image === undefined) return refusedAt(`${path}.Driver`, "an exec task has the node's own files, and a pod has those of an image: name one with -image=<image>, or in a profile of -config");
  const { command, args, workDir, capAdd, capDrop, pidMode, ipcMode } = config.value.value;
  const user = userOf(task.User === "" ? "nobody" : task.User, `${path}.User`);
  const drop = [...new Set([...capDrop, ...(capAdd.includes("net_raw") ? [] : ["net_raw"])])];
  const findings: Finding[] = [
    { level: "decision", path: `${path}.Driver`, message: `the task runs in the files of the image "${image}", and not in the node's: look whether it has the command and what it needs` },
    ...user.findings,
    ...(capAdd.length > 0 && task.User !== "root" ? [{ level: "weaker" as const, path: `${at}.cap_add`, message: "a process that is not root does not get added capabilities: give the file the capability in the image" }] : []),
    ...([["pid_mode", pidMode], ["ipc_mode", ipcMode]] as const).flatMap(([key, mode]): Finding[] => (mode === "host" ? [{ level: "lost", path: `${at}.${key}`, message: "is not taken over: write hostPID or hostIPC where the namespace allows it" }] : [])),
  ];
  return ok({
    value: { image, command: [inRoot(command)], args, workDir, pullAlways: false, securityContext: { ...user.value, capabilities: capabilities(capAdd, drop) } },
    findings,
  });
}

/** An exec task's own directory is its root. */
const inRoot = (command: string): string => (/^(local|alloc|secrets)\//.test(command) ? `/${command}` : command);

const DOCKER_KEYS: readonly string[] = [
  "image", "command", "args", "entrypoint", "work_dir", "cap_add", "cap_drop", "force_pull", "ports", "privileged", "readonly_rootfs", "init", "auth_soft_fail", "container_exists_attempts",
];

function dockerDriver({ task, path }: PlainTask): Result<Plain<PlainDriver>, Refusal> {
  const at = `${path}.Config`;
  const config = task.Config;
  const texts = ["image", "command", "work_dir"].map((key) => textOf(config, key, at));
  const lists = ["args", "cap_add", "cap_drop"].map((key) => listOf(config, key, at));
  const entrypoint = typeof config["entrypoint"] === "string" ? ok([config["entrypoint"]]) : listOf(config, "entrypoint", at);
  const bad = [...texts, ...lists, entrypoint].find((each) => !each.ok);
  if (bad !== undefined && !bad.ok) return bad;
  const [image = "", command = "", workDir = ""] = texts.map((text) => (text.ok ? text.value : ""));
  const [args = [], capAdd = [], capDrop = []] = lists.map((list) => (list.ok ? list.value : []));
  if (image === "" || image.includes("${")) return refusedAt(`${at}.image`, "a container needs an image, whose name has no variables");
  const user = task.User === "" ? { value: {}, findings: [] } : userOf(task.User, `${path}.User`);
  const rest = Object.keys(config).filter((key) => !DOCKER_KEYS.includes(key) && config[key] !== "" && config[key] !== false && config[key] !== null);
  const findings: Finding[] = [
    ...user.findings,
    ...rest.map((key): Finding => ({ level: "lost", path: `${at}.${key}`, message: "of the docker driver is not taken over: write what it is for into the pod by hand" })),
    ...(config["privileged"] === true ? [{ level: "decision" as const, path: `${at}.privileged`, message: "the container is privileged: the namespace must allow that" }] : []),
  ];
  const securityContext = {
    ...user.value,
    ...(config["privileged"] === true ? { privileged: true } : {}),
    ...(config["readonly_rootfs"] === true ? { readOnlyRootFilesystem: true } : {}),
    ...(capAdd.length + capDrop.length > 0 ? { capabilities: capabilities(capAdd, capDrop) } : {}),
  };
  return ok({
    value: { image, command: entrypoint.ok ? entrypoint.value : [], args: [...(command === "" ? [] : [command]), ...args], workDir, pullAlways: config["force_pull"] === true, securityContext },
    findings,
  });
}

const capabilities = (add: readonly string[], drop: readonly string[]) => ({ ...(add.length === 0 ? {} : { add: add.map(capability) }), ...(drop.length === 0 ? {} : { drop: drop.map(capability) }) });
const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, "");

const IDS: Readonly<Record<string, number>> = { root: 0, nobody: 65_534 };

function userOf(user: string, path: string): Plain<Readonly<Record<string, number>>> {
  const [name = "", group] = user.split(":");
  const uid = numberOf(name);
  const gid = group === undefined ? uid : numberOf(group);
  if (uid === undefined || gid === undefined) return { value: {}, findings: [{ level: "lost", path, message: `"${user.slice(0, 100)}" is a name, and a pod takes numbers: write the user's number` }] };
  return { value: { runAsUser: uid, runAsGroup: gid }, findings: [] };
}

const numberOf = (name: string): number | undefined => IDS[name] ?? (/^\d{1,9}$/.test(name) ? Number(name) : undefined);
