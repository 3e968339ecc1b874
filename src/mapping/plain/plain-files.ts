/** @module A task's directories, volumes and templates as mounts of its container, and the ConfigMap and Secret that hold the templates' texts. */
import type { Finding } from "../../api/exec-task.ts";
import type { Template } from "../../nomad/job.ts";
import { judgeFields } from "../job/field-fates.ts";
import { PLAIN_TEMPLATE_FATES } from "./plain-fates.ts";
import { type Plain, type PlainGroup, type PlainTask, slug } from "./plain-group.ts";

/** A text that becomes a file of a ConfigMap, or of a Secret. */
export type PlainFile = { readonly key: string; readonly text: string; readonly mode: number; readonly secret: boolean; readonly mountPath: string };

export type TaskFiles = { readonly files: readonly PlainFile[]; readonly env: Readonly<Record<string, string>> };

export const filesName = ({ name }: PlainGroup, secret: boolean): string => `${name}-${secret ? "secret-files" : "files"}`;

export function taskFiles({ task, path, position }: PlainTask): Plain<TaskFiles> {
  const findings: Finding[] = [];
  const files: PlainFile[] = [];
  const env: Record<string, string> = {};
  for (const [i, template] of task.Templates.entries()) {
    const at = `${path}.Templates[${i}]`;
    const problem = problemOf(template, task.Driver);
    if (problem !== undefined) {
      findings.push({ level: "lost", path: at, message: problem });
      continue;
    }
    findings.push(...judgeFields(template, PLAIN_TEMPLATE_FATES, `${at}.`).findings);
    const mountPath = destinationOf(template.DestPath, task.Driver) ?? "";
    files.push({ key: `${position}-${i}-${slug(mountPath.split("/").at(-1) ?? "")}`, text: template.EmbeddedTmpl, mode: Number.parseInt(template.Perms || "0644", 8), secret: mountPath.startsWith("/secrets/"), mountPath });
    if (template.Envvars) Object.assign(env, variablesOf(template.EmbeddedTmpl));
  }
  return { value: { files, env }, findings };
}

function problemOf({ SourcePath, EmbeddedTmpl, LeftDelim, DestPath, Envvars }: Template, driver: string): string | undefined {
  if (SourcePath !== "") return "a template of a file that is fetched has no twin here: write its text into a ConfigMap";
  if (EmbeddedTmpl.includes(LeftDelim || "{{")) return "a template with functions has no twin here: render it in the image's own start, or write what it would render into a ConfigMap";
  if (destinationOf(DestPath, driver) === undefined) return `"${DestPath.slice(0, 100)}" is no place in this container: write a path below local/, secrets/ or ../alloc/`;
  return Envvars && variablesOf(EmbeddedTmpl) === undefined ? "has lines that are no NAME=value: write them into env" : undefined;
}

/** As the container sees it. An exec task's own directory is its root. */
function destinationOf(path: string, driver: string): string | undefined {
  const known = path.replace(/^\$\{NOMAD_TASK_DIR\}\//, "local/").replace(/^\$\{NOMAD_SECRETS_DIR\}\//, "secrets/").replace(/^(\$\{NOMAD_ALLOC_DIR\}|\.\.\/alloc)\//, "alloc/");
  const parts = known.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length < 2 || parts.includes("..") || known.includes("${")) return undefined;
  return driver === "exec" || ["local", "secrets", "alloc"].includes(parts[0] ?? "") ? `/${parts.join("/")}` : undefined;
}

function variablesOf(text: string): Readonly<Record<string, string>> | undefined {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const pairs = lines.map((line) => /^(?:export )?([A-Za-z_][\w.-]*)=(.*)$/.exec(line));
  if (pairs.includes(null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", (pair?.[2] ?? "").replace(/^(["'])(.*)\1$/, "$2")]));
}

/** Of one container. */
export function taskMounts({ task, position, group, path }: PlainTask, files: readonly PlainFile[]): Plain<readonly object[]> {
  const findings: Finding[] = [];
  const own = task.VolumeMounts.flatMap((mount, i) => {
    const request = group.group.Volumes[mount.Volume];
    if (request?.Type !== "csi") return [];
    if (mount.PropagationMode !== "" && mount.PropagationMode !== "private") findings.push({ level: "lost", path: `${path}.VolumeMounts[${i}].PropagationMode`, message: "needs a privileged container: write mountPropagation by hand" });
    return [{ name: volumeName(mount.Volume), mountPath: mount.Destination, ...(mount.ReadOnly || request.ReadOnly ? { readOnly: true } : {}) }];
  });
  return {
    value: [
      { name: "alloc", mountPath: "/alloc" },
      { name: `local-${position}`, mountPath: "/local" },
      { name: `secrets-${position}`, mountPath: "/secrets" },
      ...own,
      ...files.map(({ key, mountPath, secret }) => ({ name: secret ? "secret-files" : "files", mountPath, subPath: key, readOnly: true })),
    ],
    findings,
  };
}

const volumeName = (name: string): string => `volume-${slug(name)}`;

/** Of the pod. @param positions of the tasks that become containers */
export function podVolumes(group: PlainGroup, positions: readonly number[], files: readonly PlainFile[]): Plain<readonly object[]> {
  const findings: Finding[] = [];
  const claims = Object.entries(group.group.Volumes).toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, request]) => {
    const path = `${group.path}.Volumes.${name}`;
    if (request.Type !== "csi") {
      findings.push({ level: "lost", path, message: `a volume of type "${request.Type}" has no twin here: make a PersistentVolumeClaim, or write hostPath by hand where the namespace allows it` });
      return [];
    }
    if (request.PerAlloc) findings.push({ level: "lost", path: `${path}.PerAlloc`, message: "all pods share one claim: use a StatefulSet with volumeClaimTemplates" });
    findings.push({ level: "decision", path, message: `make a PersistentVolumeClaim "${slug(request.Source, 63)}": its access mode must let all pods use it` });
    return [{ name: volumeName(name), persistentVolumeClaim: { claimName: slug(request.Source, 63), ...(request.ReadOnly ? { readOnly: true } : {}) } }];
  });
  const shown = (secret: boolean) => files.filter((file) => file.secret === secret).map(({ key, mode }) => ({ key, path: key, mode }));
  return {
    value: [
      { name: "alloc", emptyDir: {} },
      ...positions.flatMap((position) => [{ name: `local-${position}`, emptyDir: {} }, { name: `secrets-${position}`, emptyDir: { medium: "Memory", sizeLimit: `${Math.max(1, group.group.Tasks[position]?.Resources.SecretsMB ?? 1)}Mi` } }]),
      ...claims,
      ...(shown(false).length === 0 ? [] : [{ name: "files", configMap: { name: filesName(group, false), items: shown(false) } }]),
      ...(shown(true).length === 0 ? [] : [{ name: "secret-files", secret: { secretName: filesName(group, true), items: shown(true) } }]),
    ],
    findings,
  };
}

export function fileObjects(group: PlainGroup, files: readonly PlainFile[]): readonly object[] {
  const metadata = (secret: boolean) => ({ name: filesName(group, secret), namespace: group.job.Namespace, labels: group.labels });
  const texts = (secret: boolean) => Object.fromEntries(files.filter((file) => file.secret === secret).map(({ key, text }) => [key, text]));
  return [
    ...(files.some(({ secret }) => !secret) ? [{ apiVersion: "v1", kind: "ConfigMap", metadata: metadata(false), data: texts(false) }] : []),
    ...(files.some(({ secret }) => secret) ? [{ apiVersion: "v1", kind: "Secret", metadata: metadata(true), type: "Opaque", stringData: texts(true) }] : []),
  ];
}
