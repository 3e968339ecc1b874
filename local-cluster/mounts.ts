/** @module The kernel's mount table, and taking down what lies below one directory. Used by cgroups, down and leftovers. */
import { readFileSync } from "node:fs";
import { runCommand } from "./run-command.ts";

export type Mount = { readonly point: string; readonly type: string; readonly shared: boolean };

export const mounts = (): readonly Mount[] => parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));

/** Mount points and file system types in the order of mounting. Blanks and backslashes come as octal escapes. */
export function parseMountInfo(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const point = fields[4];
    const type = fields[fields.indexOf("-") + 1];
    const shared = fields.slice(6, fields.indexOf("-")).some((field) => field.startsWith("shared:"));
    return point === undefined || type === undefined ? [] : [{ point: unescapeOctal(point), type, shared }];
  });
}

/** Mount points strictly below `dir`, the last mounted first, which is the order to take them down in. */
export function mountsBelow(dir: string, table: readonly Mount[] = mounts()): readonly string[] {
  return table.map(({ point }) => point).filter((point) => point.startsWith(`${dir}/`)).toReversed();
}

/** Detaches every mount below `dir`, lazily: a file somebody still holds open must not keep a cluster alive. */
export async function unmountBelow(dir: string, log: (line: string) => void): Promise<void> {
  for (const point of mountsBelow(dir)) {
    const done = await runCommand("umount", ["--lazy", "--no-canonicalize", point]);
    if (!done.ok) log(done.error);
  }
}

/**
 * Makes / a shared mount, as systemd does: without it the kubelet refuses mounts of the node that are to show what is mounted later. It stays
 * so, as another cluster may need it, and nothing on the machine changes by it.
 */
export async function shareRoot(log: (line: string) => void): Promise<void> {
  if (mounts().some(({ point, shared }) => point === "/" && shared)) return;
  const done = await runCommand("mount", ["--make-shared", "/"]);
  log(done.ok ? "made / a shared mount, as raw_exec and host-to-task volumes need it" : `/ stays a private mount, so raw_exec will not start: ${done.error}`);
}

const unescapeOctal = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
