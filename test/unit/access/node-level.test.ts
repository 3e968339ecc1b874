import { describe, expect, it } from "vitest";
import { isNodeLevel, type PodSpecView } from "../../../src/access/node-level.ts";

const plain = { containers: [{}] };
const privileged = { securityContext: { privileged: true } };
const hostPath = (path: string): PodSpecView => ({ ...plain, volumes: [{}, { hostPath: { path } }] });

describe("isNodeLevel", () => {
  it.each<[string, PodSpecView, boolean]>([
    ["a plain pod", plain, false],
    ["the node's processes", { ...plain, hostPID: true }, true],
    ["the node's network", { ...plain, hostNetwork: true }, true],
    ["hostNetwork false", { ...plain, hostNetwork: false }, false],
    ["what raw_exec has", { containers: [{ securityContext: { capabilities: { add: ["ALL"] } } }], hostPID: true, hostNetwork: true, volumes: [{ hostPath: { path: "/" } }] }, true],
    ["every capability", { containers: [{ securityContext: { capabilities: { add: ["ALL"] } } }] }, true],
    ["a capability as container runtimes read it, too", { containers: [{ securityContext: { capabilities: { add: ["cap_sys_admin"] } } }] }, true],
    ["a capability of a sidecar", { ...plain, initContainers: [{ securityContext: { capabilities: { add: ["SYS_MODULE"] } } }] }, true],
    ["hostPID false", { ...plain, hostPID: false }, false],
    ["a privileged container", { containers: [{}, privileged] }, true],
    ["a capability that mounts", { containers: [{ securityContext: { capabilities: { add: ["CHOWN", "SYS_ADMIN"] } } }] }, true],
    ["a capability that opens files by handle", { containers: [{ securityContext: { capabilities: { add: ["DAC_READ_SEARCH"] } } }] }, true],
    ["Nomad's default capabilities", { containers: [{ securityContext: { capabilities: { add: ["CHOWN", "DAC_OVERRIDE", "MKNOD", "SYS_CHROOT"] } } }] }, false],
    ["privileged false", { containers: [{ securityContext: { privileged: false } }] }, false],
    ["a privileged init container", { ...plain, initContainers: [privileged] }, true],
    ["a privileged ephemeral container", { ...plain, ephemeralContainers: [privileged] }, true],
    ["the node's root", hostPath("/"), true],
    ["the node's root, spelled //", hostPath("//"), true],
    ["the node's root, spelled /./", hostPath("/./"), true],
    ["the node's root, spelled /usr/..", hostPath("/usr/.."), true],
    ["the node's root, spelled with too many ..", hostPath("/../../usr/../.."), true],
    ["a part of the node's root, as a chroot has", hostPath("/usr"), false],
    ["a path that goes up and down again", hostPath("/../usr"), false],
    ["an annotation that says otherwise", { ...plain, metadata: { annotations: { raw_exec: "true" } } } as PodSpecView, false],
  ])("%s", (_name, spec, answer) => {
    expect(isNodeLevel(spec)).toBe(answer);
  });
});
