/**
 * @module BridgeConfig: what Nomad keeps in client and plugin configuration, as profiles. Cluster-scoped, one object named "default".
 * This schema is the source of the type, the CRD, the decoder and docs/reference/bridge-config.md.
 */
import * as z from "zod";
import { NOMAD_DEFAULT_CAPABILITIES } from "../nomad/driver/capabilities.ts";
import type { Condition, KubeObject } from "./meta.ts";
import { capabilityList, durationText, isolationMode, stringMap } from "./schema-parts.ts";

/**
 * What any Debian-like node has. /etc is a list and never whole: with Nomad's default capabilities even `nobody` reads a root-only
 * file through a read-only mount.
 */
export const DEFAULT_CHROOT_DIRECTORIES = ["/bin", "/etc/alternatives", "/etc/ssl/certs", "/lib", "/lib64", "/sbin", "/usr"] as const;
export const DEFAULT_CHROOT_FILES = ["/etc/group", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/passwd"] as const;

/** Holds without a BridgeConfig too. */
export const DEFAULT_MAX_DISPATCHED = 20_000;

const idRanges = z
  .string()
  .max(1024)
  .regex(/^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$/, 'must be ids and ranges such as "1,5-10,24"')
  .default("");

const userEntry = z.object({
  uid: z.int().min(0).max(4_294_967_294),
  gid: z.int().min(0).max(4_294_967_294).default(0).describe("Nomad 1.11 and later run a task with gid 0 whatever its user's group is."),
  home: z.string().max(4096).optional(),
});

/** Absolute, not / itself, no empty, "." or ".." component, no slash at the end. */
const HOST_PATH = /^(\/([^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+))+$/;
const hostPath = z.string().min(2).max(512).regex(HOST_PATH, 'must be an absolute path without "..", and not / itself');

const NEVER = [
  "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/kubelet", "/var/lib/etcd", "/var/lib/containerd", "/var/lib/rancher", "/etc/kubernetes", "/etc/rancher",
  "/etc/cni", "/etc/containerd", "/etc/ssh", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/sudoers.d", "/root", "/boot",
];
const NEVER_WHOLE = ["/etc", "/etc/ssl", "/etc/pki", "/etc/pki/tls", "/var", "/var/lib", "/home", "/etc/shadow", "/etc/gshadow", "/etc/sudoers"];

/** What no task may see of its node, whole or in part. */
const hostPathRules = {
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["host"],
  "x-kubernetes-validations": [
    {
      rule: `!self.exists(path, [${NEVER.map((each) => `'${each}'`).join(", ")}].exists(p, path.host == p || path.host.startsWith(p + '/')))`,
      message: `no task is ever given ${NEVER.join(", ")} of its node`,
    },
    {
      rule: `!self.exists(path, path.host in [${NEVER_WHOLE.map((each) => `'${each}'`).join(", ")}])`,
      message: `no task is ever given ${NEVER_WHOLE.join(", ")} of its node: list the files and directories below that tasks need`,
    },
  ],
};

const chrootPaths = z
  .array(z.object({ host: hostPath.describe("Path on the node."), task: hostPath.optional().describe("Path in the task. Default: the same.") }))
  .max(48)
  .meta(hostPathRules);

const asPaths = (paths: readonly string[]) => paths.map((host) => ({ host }));

const chroot = z
  .object({
  type: z
    .enum(["host", "image", "hostCopy"])
    .describe("host: the node's own directories, mounted read-only over an empty image. hostCopy: a private, writable copy of them. image: an image's file system."),
  image: z.string().min(1).max(512).optional().describe("The image of type image."),
  directories: chrootPaths
    .default(asPaths(DEFAULT_CHROOT_DIRECTORIES))
    .describe("Directories of the node. A node that lacks one cannot run the task, and says so in the pod's events."),
  files: chrootPaths.default(asPaths(DEFAULT_CHROOT_FILES)).describe("Files of the node."),
})
  .meta({ "x-kubernetes-validations": [{ rule: "(self.type == 'image') == has(self.image)", message: "type image needs image, and no other type takes one" }] });

const hostVolume = z.object({
  name: z.string().min(1).max(63).describe("Name that a task's volume gives as its source."),
  path: hostPath.describe("Directory of the node."),
  readOnly: z.boolean().default(false).describe("Whether tasks may only read it."),
});

const artifactLimits = z.object({
  maxSizeMiB: z.int().min(1).max(1_048_576).default(10_240).describe("Largest download, and largest sum of unpacked files."),
  maxFiles: z.int().min(1).max(1_000_000).default(4096).describe("Most files that one archive may hold. Nomad: decompression_file_count_limit."),
  maxRatio: z.int().min(1).max(100_000).default(200).describe("How many times its own size an archive may unpack to."),
  timeout: durationText("30m").describe("Longest time for one artifact. Nomad: http_read_timeout and its like."),
  allowNetworks: z
    .array(z.string().max(43).regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$/, 'must be a network such as "10.0.0.0/8"'))
    .max(64)
    .default([])
    .describe("Private networks that an artifact's host name may lead to. Link-local, loopback and the API server are never reached."),
});

const profile = z
  .object({
    name: z.string().min(1).max(63).describe("Name that an ExecTask may ask for."),
    namespaces: z.array(z.string().max(63)).max(256).default([]).describe('Namespaces that may use this profile; "*" is every managed one.'),
    nodeSelector: stringMap(32, 63).default({}).describe("Labels of the nodes this profile is for. Different nodes, different chroot: two profiles."),
    allowCaps: capabilityList.default([...NOMAD_DEFAULT_CAPABILITIES]).describe("Capabilities that tasks may have. Nomad: allow_caps."),
    defaultPidMode: isolationMode.default("private").describe("Nomad: default_pid_mode."),
    defaultIpcMode: isolationMode.default("private").describe("Nomad: default_ipc_mode."),
    allowHostPid: z.boolean().default(false).describe("Whether a task may have pidMode host."),
    allowHostIpc: z.boolean().default(false).describe("Whether a task may have ipcMode host."),
    allowHostNetwork: z
      .boolean()
      .default(false)
      .describe("Whether a Nomad job may have network mode host, the node's own network, and static ports of the node. Without it both are the pod's."),
    allowDocker: z
      .boolean()
      .default(false)
      .describe("Whether a Nomad job may have tasks of the driver docker: a root file system from an image that the job names, and whoever names it can be root in that container. Nomad: plugin docker."),
    chroot: chroot.prefault({ type: "host" }).describe("Root file system of the tasks."),
    hostVolumes: z
      .array(hostVolume)
      .max(64)
      .default([])
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .describe("Directories of the node that tasks may mount. Nomad: client.host_volume."),
    seccomp: z
      .enum(["RuntimeDefault", "Unconfined"])
      .default("RuntimeDefault")
      .describe("Which system calls tasks of the driver exec may make: those of the container runtime's default profile, or all, as on Nomad."),
    allowPrivilegeEscalation: z
      .boolean()
      .default(true)
      .describe("Whether setuid programs and file capabilities work in tasks, as on Nomad. Without them the kernel's no_new_privs is set."),
    allowRawExec: z.boolean().default(false).describe("Whether tasks may use the driver raw_exec: root on the node. Nomad: plugin raw_exec, enabled."),
    artifacts: artifactLimits.prefault({}).describe("Limits of what tasks may fetch. Nomad: client.artifact."),
    disableRemoteExec: z.boolean().default(false).describe("Refuses alloc exec. Nomad: client.disable_remote_exec."),
    hangup: z
      .enum(["hangup", "kill", "keep"])
      .default("hangup")
      .describe("What becomes of a session's processes when its client goes: SIGHUP; SIGHUP, SIGTERM and SIGKILL; or nothing."),
    users: z.record(z.string().max(64), userEntry).meta({ maxProperties: 256 }).default({}).describe("User names and what they mean on these nodes."),
    deniedHostUids: idRanges.describe("Nomad: denied_host_uids."),
    deniedHostGids: idRanges.describe("Nomad: denied_host_gids."),
    allowRoot: z.boolean().default(false).describe("Whether a task may run as root. Nomad: root taken off user.denylist."),
    maxKillTimeout: durationText("30s").describe("The longest time that a task gets to stop. Nomad: client.max_kill_timeout."),
    mhzPerCore: z.int().min(100).max(10_000).default(1000).describe("How many of Nomad's MHz one core of these nodes counts as."),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "self.allowHostPid || self.defaultPidMode == 'private'", message: "defaultPidMode host needs allowHostPid" },
      { rule: "self.allowHostIpc || self.defaultIpcMode == 'private'", message: "defaultIpcMode host needs allowHostIpc" },
    ],
  });

export const bridgeConfigSpec = z.object({
  region: z.string().min(1).max(63).default("global").describe("Nomad region that this cluster answers as."),
  datacenter: z.string().min(1).max(63).default("dc1").describe("Nomad datacenter of nodes without a label of their own."),
  profiles: z
    .array(profile)
    .max(64)
    .default([])
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .describe("What tasks may do, by namespace and node."),
  disableRemoteExecIn: z
    .array(z.string().min(1).max(63))
    .max(1024)
    .meta({ "x-kubernetes-list-type": "set" })
    .default([])
    .describe("Namespaces in which alloc exec is refused, whatever their profiles say."),
  maxDispatched: z
    .int()
    .min(1)
    .max(100_000)
    .default(DEFAULT_MAX_DISPATCHED)
    .describe("Dispatched jobs of one parameterized job that may be pending or running at a time. Another dispatch is refused until one is dead."),
});

export type BridgeConfigSpec = z.output<typeof bridgeConfigSpec>;
export type Profile = BridgeConfigSpec["profiles"][number];

export type BridgeConfig = KubeObject & {
  readonly kind: "BridgeConfig";
  readonly spec: z.input<typeof bridgeConfigSpec>;
  readonly status?: { readonly conditions?: readonly Condition[] };
};
