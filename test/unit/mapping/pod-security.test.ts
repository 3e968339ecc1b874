import { describe, expect, it } from "vitest";
import { podForTask } from "../../../src/mapping/pod-for-task.ts";
import { podSecurity, type PodSpecView } from "../../../src/mapping/pod-security.ts";
import { LINUX_CAPABILITIES, NOMAD_DEFAULT_CAPABILITIES } from "../../../src/nomad/driver/capabilities.ts";
import { acceptedOf, configOf, taskOf } from "./mapping-fixtures.ts";

const STRICT = { runAsNonRoot: true, allowPrivilegeEscalation: false, seccompProfile: { type: "RuntimeDefault" }, capabilities: { drop: ["ALL"] } };
const strictPod = (more: object = {}): PodSpecView => ({ containers: [{ name: "a", securityContext: STRICT }], ...more });
const contextPod = (more: object): PodSpecView => ({ containers: [{ name: "a", securityContext: { ...STRICT, ...more } }] });
const judged = (spec: PodSpecView) => {
  const { level, forcedBy } = podSecurity(spec);
  return [level, ...forcedBy.map(({ field, needs }) => `${field} ${needs}`)];
};
const CONTEXT = "spec.containers[0].securityContext";

describe("podSecurity", () => {
  it.each<[string, PodSpecView, readonly string[]]>([
    ["a pod that gives everything up", strictPod(), ["restricted"]],
    ["allowed volumes", strictPod({ volumes: [{ name: "a", emptyDir: {} }, { name: "b", image: {} }, { name: "c", persistentVolumeClaim: {} }] }), ["restricted"]],
    ["the only capability that restricted allows", contextPod({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }), ["restricted"]],
    ["the pod's own answers", { securityContext: { runAsNonRoot: true, seccompProfile: { type: "Localhost" } }, containers: [{ name: "a", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } }] }, ["restricted"]],
    ["safe sysctls", strictPod({ securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start" }] } }), ["restricted"]],
    ["nothing said", { containers: [{ name: "a" }] }, ["baseline", `${CONTEXT}.capabilities.drop baseline`, `${CONTEXT}.allowPrivilegeEscalation baseline`, `${CONTEXT}.runAsNonRoot baseline`, `${CONTEXT}.seccompProfile baseline`]],
    ["root", contextPod({ runAsUser: 0 }), ["baseline", `${CONTEXT}.runAsUser baseline`]],
    ["an NFS volume", strictPod({ volumes: [{ name: "a", nfs: {} }] }), ["baseline", "spec.volumes[] baseline"]],
    ["host namespaces", strictPod({ hostPID: true, hostIPC: true, hostNetwork: true }), ["privileged", "spec.hostPID privileged", "spec.hostIPC privileged", "spec.hostNetwork privileged"]],
    ["directories of the node", strictPod({ volumes: [{ name: "a", hostPath: { path: "/bin" } }, { name: "b", hostPath: { path: "/usr" } }] }), ["privileged", "spec.volumes[].hostPath privileged"]],
    ["a port of the node", { containers: [{ name: "a", securityContext: STRICT, ports: [{ hostPort: 80 }] }] }, ["privileged", "spec.containers[0].ports[].hostPort privileged"]],
    ["a privileged init container", strictPod({ initContainers: [{ name: "b", securityContext: { ...STRICT, privileged: true } }] }), ["privileged", "spec.initContainers[0].securityContext.privileged privileged"]],
    ["no seccomp", contextPod({ seccompProfile: { type: "Unconfined" } }), ["privileged", `${CONTEXT}.seccompProfile privileged`]],
    ["no AppArmor", contextPod({ appArmorProfile: { type: "Unconfined" } }), ["privileged", `${CONTEXT}.appArmorProfile privileged`]],
    ["an SELinux role", contextPod({ seLinuxOptions: { type: "container_t", role: "r" } }), ["privileged", `${CONTEXT}.seLinuxOptions privileged`]],
    ["an SELinux type of containers", contextPod({ seLinuxOptions: { type: "container_init_t" } }), ["restricted"]],
    ["an open /proc", contextPod({ procMount: "Unmasked" }), ["privileged", `${CONTEXT}.procMount privileged`]],
    ["a sysctl of the node", strictPod({ securityContext: { sysctls: [{ name: "kernel.msgmax" }] } }), ["privileged", "spec.securityContext.sysctls privileged"]],
    ["the most serious first", contextPod({ runAsUser: 0, seccompProfile: { type: "Unconfined" } }), ["privileged", `${CONTEXT}.seccompProfile privileged`, `${CONTEXT}.runAsUser baseline`]],
  ])("judges %s", (_name, spec, expected) => expect(judged(spec)).toEqual(expected));

  it("lets baseline have exactly Nomad's default capabilities", () => {
    const levels = LINUX_CAPABILITIES.map((name) => podSecurity(contextPod({ capabilities: { drop: ["ALL"], add: [name.toUpperCase()] } })).level);
    const allowed = LINUX_CAPABILITIES.filter((_name, i) => levels[i] !== "privileged");
    expect([...allowed].sort()).toEqual([...NOMAD_DEFAULT_CAPABILITIES]);
  });

  it("names what of a task's own pod needs a privileged namespace", () => {
    const pod = podForTask(acceptedOf(taskOf({ capAdd: ["net_raw"] }), configOf({ allowCaps: ["all"] })), { index: 0, serial: 1, reschedules: 0 }, { launcher: "l", fetch: "f" });
    const { level, forcedBy } = podSecurity((pod as unknown as { value: { spec: PodSpecView } }).value.spec);
    expect(level).toBe("privileged");
    expect(forcedBy).toContainEqual({ field: "spec.containers[0].securityContext.capabilities.add", needs: "privileged", why: "adds NET_RAW" });
    expect(forcedBy[0]).toMatchObject({ field: "spec.volumes[].hostPath", why: expect.stringMatching(/^mounts \/bin, .*\/usr of the node$/) as string });
  });
});
