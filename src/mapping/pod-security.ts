/**
 * @module The Pod Security level that a pod needs, and which of its fields force it. Used by explain.
 * Source: kubernetes.io/docs/concepts/security/pod-security-standards
 */
import { NOMAD_DEFAULT_CAPABILITIES } from "../nomad/driver/capabilities.ts";

export type PodSecurityLevel = "restricted" | "baseline" | "privileged";

/** One field that keeps the pod from a stricter level than `needs`. */
export type ForcingField = { readonly field: string; readonly needs: "baseline" | "privileged"; readonly why: string };

export type PodSecurity = { readonly level: PodSecurityLevel; readonly forcedBy: readonly ForcingField[] };

type Seccomp = { readonly type?: string };
type SeLinux = { readonly type?: string; readonly user?: string; readonly role?: string };
type CommonContext = {
  readonly runAsUser?: number;
  readonly runAsNonRoot?: boolean;
  readonly seccompProfile?: Seccomp;
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: SeLinux;
};
type ContainerContext = CommonContext & {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
};
type ContainerView = {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: ContainerContext;
};

/** The part of a pod's spec that the levels look at. */
export type PodSpecView = {
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly securityContext?: CommonContext & { readonly sysctls?: readonly { readonly name: string }[] };
  readonly volumes?: readonly { readonly name: string; readonly [source: string]: unknown }[];
  readonly containers: readonly ContainerView[];
  readonly initContainers?: readonly ContainerView[];
};

/** The strictest level whose rules the pod keeps, with the fields that force a weaker one; those that need privileged come first. */
export function podSecurity(spec: PodSpecView): PodSecurity {
  const containers = [
    ...spec.containers.map((container, i) => ({ container, at: `spec.containers[${i}]` })),
    ...(spec.initContainers ?? []).map((container, i) => ({ container, at: `spec.initContainers[${i}]` })),
  ];
  const forcedBy = [
    ...hostFields(spec),
    ...volumeFields(spec),
    ...commonFields(spec.securityContext ?? {}, "spec.securityContext"),
    ...sysctlFields(spec),
    ...containers.flatMap(({ container, at }) => containerFields(container, at, spec)),
  ].toSorted((a, b) => b.needs.localeCompare(a.needs));
  return { level: levelOf(forcedBy), forcedBy };
}

function levelOf(forcedBy: readonly ForcingField[]): PodSecurityLevel {
  if (forcedBy.some(({ needs }) => needs === "privileged")) return "privileged";
  return forcedBy.length > 0 ? "baseline" : "restricted";
}

const forced = (condition: boolean, field: string, needs: ForcingField["needs"], why: string): readonly ForcingField[] => (condition ? [{ field, needs, why }] : []);

function hostFields({ hostPID, hostIPC, hostNetwork }: PodSpecView): readonly ForcingField[] {
  return [
    ...forced(hostPID === true, "spec.hostPID", "privileged", "shares the node's processes"),
    ...forced(hostIPC === true, "spec.hostIPC", "privileged", "shares the node's IPC objects"),
    ...forced(hostNetwork === true, "spec.hostNetwork", "privileged", "shares the node's network"),
  ];
}

const RESTRICTED_VOLUMES: ReadonlySet<string> = new Set(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"]);

/** One entry for all of a kind: a chroot has a dozen. */
function volumeFields({ volumes = [] }: PodSpecView): readonly ForcingField[] {
  const paths = volumes.flatMap(({ hostPath }) => (hostPath === undefined ? [] : [(hostPath as { readonly path: string }).path]));
  const others = volumes.flatMap(({ name, ...source }) => Object.keys(source).filter((kind) => kind !== "hostPath" && !RESTRICTED_VOLUMES.has(kind)).map((kind) => `${name} (${kind})`));
  return [
    ...forced(paths.length > 0, "spec.volumes[].hostPath", "privileged", `mounts ${paths.join(", ")} of the node`),
    ...forced(others.length > 0, "spec.volumes[]", "baseline", `restricted does not allow ${others.join(", ")}`),
  ];
}

const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
]);

function sysctlFields({ securityContext }: PodSpecView): readonly ForcingField[] {
  const unsafe = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !SAFE_SYSCTLS.has(name));
  return forced(unsafe.length > 0, "spec.securityContext.sysctls", "privileged", `sets ${unsafe.join(", ")}`);
}

const SELINUX_TYPES: readonly string[] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

function commonFields({ runAsUser, seccompProfile, appArmorProfile, seLinuxOptions = {} }: CommonContext, at: string): readonly ForcingField[] {
  const { type = "", user = "", role = "" } = seLinuxOptions;
  return [
    ...forced(runAsUser === 0, `${at}.runAsUser`, "baseline", "starts as root"),
    ...forced(seccompProfile?.type === "Unconfined", `${at}.seccompProfile`, "privileged", "switches seccomp off"),
    ...forced(appArmorProfile?.type === "Unconfined", `${at}.appArmorProfile`, "privileged", "switches AppArmor off"),
    ...forced(!SELINUX_TYPES.includes(type) || user !== "" || role !== "", `${at}.seLinuxOptions`, "privileged", "sets an SELinux context of its own"),
  ];
}

function containerFields({ ports = [], securityContext = {} }: ContainerView, at: string, spec: PodSpecView): readonly ForcingField[] {
  const context = `${at}.securityContext`;
  const pod = spec.securityContext ?? {};
  const hostPorts = ports.map(({ hostPort = 0 }) => hostPort).filter((port) => port !== 0);
  return [
    ...forced(hostPorts.length > 0, `${at}.ports[].hostPort`, "privileged", `takes port ${hostPorts.join(", ")} of the node`),
    ...forced(securityContext.privileged === true, `${context}.privileged`, "privileged", "has no isolation"),
    ...forced((securityContext.procMount ?? "Default") !== "Default", `${context}.procMount`, "privileged", "unmasks /proc"),
    ...commonFields(securityContext, context),
    ...capabilityFields(securityContext, context),
    ...forced(securityContext.allowPrivilegeEscalation !== false, `${context}.allowPrivilegeEscalation`, "baseline", "is not false: setuid programs work, as on Nomad"),
    ...forced((securityContext.runAsNonRoot ?? pod.runAsNonRoot) !== true, `${context}.runAsNonRoot`, "baseline", "is not true"),
    ...forced((securityContext.seccompProfile ?? pod.seccompProfile)?.type === undefined, `${context}.seccompProfile`, "baseline", "is not set"),
  ];
}

/** Baseline allows exactly Nomad's thirteen. */
const BASELINE_CAPABILITIES: ReadonlySet<string> = new Set(NOMAD_DEFAULT_CAPABILITIES.map((name) => name.toUpperCase()));

function capabilityFields({ capabilities: { add = [], drop = [] } = {} }: ContainerContext, at: string): readonly ForcingField[] {
  const beyond = add.filter((name) => !BASELINE_CAPABILITIES.has(name));
  const within = add.filter((name) => BASELINE_CAPABILITIES.has(name) && name !== "NET_BIND_SERVICE");
  return [
    ...forced(beyond.length > 0, `${at}.capabilities.add`, "privileged", `adds ${beyond.join(", ")}`),
    ...forced(within.length > 0, `${at}.capabilities.add`, "baseline", `adds ${within.join(", ")}`),
    ...forced(!drop.includes("ALL"), `${at}.capabilities.drop`, "baseline", "does not drop ALL"),
  ];
}
