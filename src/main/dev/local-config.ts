/** @module The BridgeConfig for a cluster whose node is this machine: the default chroot, as far as this machine has it. */
import { existsSync, statSync } from "node:fs";
import { API_VERSION } from "../../api/exec-task.ts";
import { DEFAULT_CHROOT_DIRECTORIES, DEFAULT_CHROOT_FILES } from "../../api/bridge-config.ts";
import type { KubeObject } from "../../api/meta.ts";

/** Nice to have where a node has them; not part of the default, as a pod waits for ever for a path that its node lacks. */
const COMMON_DIRECTORIES = ["/etc/ca-certificates", "/etc/ld.so.conf.d"];
const COMMON_FILES = ["/etc/ssl/openssl.cnf", "/etc/ld.so.conf", "/etc/localtime", "/etc/protocols", "/etc/services"];

export function localBridgeConfig(namespaces: readonly string[]): KubeObject {
  const chroot = {
    type: "host",
    directories: present([...DEFAULT_CHROOT_DIRECTORIES, ...COMMON_DIRECTORIES], (path) => statSync(path).isDirectory()),
    files: present([...DEFAULT_CHROOT_FILES, ...COMMON_FILES], (path) => statSync(path).isFile()),
  };
  const profile = { name: "default", namespaces, chroot };
  return { apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default" }, spec: { region: "global", datacenter: "dc1", profiles: [profile] } } as KubeObject;
}

const present = (paths: readonly string[], isRightKind: (path: string) => boolean) =>
  paths.filter((path) => existsSync(path) && isRightKind(path)).map((host) => ({ host }));
