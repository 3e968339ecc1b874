/** @module A task as it may be shown: values that look like secrets are hidden. Used by explain, whose output ends up in reviews and logs. */
import type { ExecTask } from "../api/exec-task.ts";
import { literalSecrets, SECRET_HEADER, SECRET_OPTION } from "../mapping/task-texts.ts";

export const HIDDEN = "(hidden)";

type Fields = ExecTask["spec"];
type Artifact = NonNullable<Fields["artifacts"]>[number];
type OneTask = Pick<Fields, "env" | "artifacts" | "artifactSource">;

/** The same task, or group of a job, with each such value replaced, and the paths of those values. Nothing of what is given is changed. */
export function withoutSecrets<T extends { readonly spec: Fields }>(task: T): { readonly task: T; readonly hidden: readonly string[] } {
  const hidden: string[] = [];
  const { tasks, ...own } = task.spec;
  const spec: Fields = {
    ...own,
    ...hideIn(own, "", hidden),
    ...(tasks === undefined ? {} : { tasks: tasks.map((each, i) => ({ ...each, ...hideIn(each, `tasks[${i}].`, hidden) })) }),
  };
  return { task: { ...task, spec }, hidden };
}

function hideIn({ env, artifacts, artifactSource }: OneTask, prefix: string, hidden: string[]): OneTask {
  return {
    ...(env === undefined ? {} : { env: hideValues(env, new Set(literalSecrets(env)), `${prefix}env`, hidden) }),
    ...(artifacts === undefined ? {} : { artifacts: artifacts.map((artifact, i) => hideArtifact(artifact, `${prefix}artifacts[${i}]`, hidden)) }),
    ...(artifactSource === undefined ? {} : { artifactSource: hideUrl(artifactSource, `${prefix}artifactSource`, hidden) }),
  };
}

function hideArtifact(artifact: Artifact, path: string, hidden: string[]): Artifact {
  const { source, headers, options } = artifact;
  const named = (values: object, pattern: RegExp) => new Set(Object.keys(values).filter((name) => pattern.test(name)));
  return {
    ...artifact,
    source: hideUrl(source, `${path}.source`, hidden),
    ...(headers === undefined ? {} : { headers: hideValues(headers, named(headers, SECRET_HEADER), `${path}.headers`, hidden) }),
    ...(options === undefined ? {} : { options: hideValues(options, named(options, SECRET_OPTION), `${path}.options`, hidden) }),
  };
}

function hideValues(values: Readonly<Record<string, string>>, names: ReadonlySet<string>, path: string, hidden: string[]): Record<string, string> {
  for (const name of names) hidden.push(`${path}.${name}`);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, names.has(name) ? HIDDEN : value]));
}

function hideUrl(url: string, path: string, hidden: string[]): string {
  const shown = url
    .replace(/(:\/\/[^/\s@:]*:)[^/\s@]+@/, `$1${HIDDEN}@`)
    .replace(/([?&](?:aws_access_key_secret|aws_access_token|sshkey|token|password)=)[^&]+/gi, `$1${HIDDEN}`);
  if (shown !== url) hidden.push(path);
  return shown;
}
