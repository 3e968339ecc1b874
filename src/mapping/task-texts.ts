/**
 * @module What a task's texts give away of it: variables and template functions that do not exist here, and secrets written out.
 * Used by the rules of findings. Sources: developer.hashicorp.com/nomad/docs/reference/runtime-variable-interpolation,
 * github.com/hashicorp/consul-template/blob/main/docs/templating-language.md
 */
import type { TaskSpec } from "../api/task-fields.ts";

/** Variables that come from what is not here, by the beginning of their name. */
const MISSING_VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/^(node\.)?attr\.(unique\.)?(consul|vault|platform|nomad\.advertise|plugins|numa)\./, "Consul, Vault, clouds and plugins are not fingerprinted here"],
  [/^secret\./, "there are no secret blocks here"],
  [/^NOMAD_(HOST_|ALLOC_)?(PORT|IP|ADDR|INTERFACE)_/, "there are no network blocks here, so a port has no label"],
  [/^NOMAD_(IPv4|IPv6|UPSTREAM_(PORT|IP|ADDR))_/, "there are no network blocks and no Consul Connect here"],
  [/^(NOMAD_TOKEN|NOMAD_UNIX_ADDR)/, "tasks have no workload identity here"],
  [/^(VAULT_(TOKEN|NAMESPACE|ADDR)|CONSUL_(HTTP_)?TOKEN)$/, "there is no Vault and no Consul here"],
  [/^NOMAD_JOB_PARENT_ID$/, "no job has a parent here"],
];

export type MissingVariable = { readonly name: string; readonly why: string };

/** The first variable of these texts that has no value here, unless the task's own env gives it one. */
export function missingVariable(texts: readonly string[], env: Readonly<Record<string, string>>): MissingVariable | undefined {
  for (const text of texts) {
    for (const [, name = ""] of text.matchAll(/\$\{\s*(?:env\["([^"]*)"\]|([\w.-]+))\s*\}/g).map(([all, quoted, bare]) => [all, quoted ?? bare])) {
      const why = MISSING_VARIABLES.find(([pattern]) => pattern.test(name))?.[1];
      if (why !== undefined && !Object.hasOwn(env, name)) return { name, why };
    }
  }
  return undefined;
}

/** By why they do not exist; the launcher's template functions know the same names. */
const MISSING_FUNCTION_NAMES: Readonly<Record<string, string>> = {
  "it reads Consul":
    "byKey byMeta byPort byTag caLeaf caRoots connect datacenters explode exportedServices key keyExists keyExistsGet keyOrDefault ls node nodes partitions peerings safeLs safeTree service services tree",
  "it reads Vault": "pkiCert secret secrets",
  "it reads Nomad's variables or services": "nomadService nomadServices nomadVar nomadVarExists nomadVarList nomadVarListSafe",
  "no template runs programs or writes other files": "plugin writeToFile",
  "write JSON, which is YAML too": "parseYAML toYAML toTOML",
  "leave it out": "sockaddr spew_dump spew_printf spew_sdump spew_sprintf",
};

const MISSING_FUNCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(MISSING_FUNCTION_NAMES).flatMap(([why, names]) => names.split(" ").map((name) => [name, why] as const)),
);

export type MissingFunction = { readonly name: string; readonly why: string };

/** Functions of a template that do not exist here, each once, in the order of the text. Names in strings and comments are none. */
export function missingFunctions(template: Pick<TaskSpec["templates"][number], "data" | "leftDelimiter" | "rightDelimiter">): readonly MissingFunction[] {
  const found = new Map<string, string>();
  for (const action of actionsOf(template.data ?? "", template.leftDelimiter, template.rightDelimiter)) {
    for (const [, name = ""] of withoutLiterals(action).matchAll(/(?<![\w.$])([A-Za-z]\w*)(?![\w.])/g)) {
      const why = MISSING_FUNCTIONS.get(name);
      if (why !== undefined) found.set(name, why);
    }
  }
  return [...found].map(([name, why]) => ({ name, why }));
}

/** What stands between the delimiters. The last action may lack its end: it is looked at all the same. */
function actionsOf(text: string, left: string, right: string): readonly string[] {
  return text.split(left).slice(1).map((part) => part.split(right, 1)[0] ?? "");
}

/**
 * A comment or a string; one without an end goes to the end of the text. Like all expressions for a user's texts it must never look at a
 * text twice: a task may hold a MiB of them, and everyone else waits meanwhile.
 */
const LITERAL = /\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]?|[^"\\])*(?:"|$)|`[^`]*(?:`|$)|'(?:\\[\s\S]?|[^'\\])*(?:'|$)/g;

const withoutLiterals = (action: string) => action.replace(LITERAL, '""');

const SECRET_NAME = /(^|_)(TOKEN|SECRET(_KEY|_ACCESS_KEY|_ID)?|PRIVATE_KEY|API_?KEY|ACCESS_KEY|PASSPHRASE|CREDENTIALS?)$|PASSWORD|PASSWD|SECRET/i;
/** Names of what surrounds a secret: where it lies, how long it lasts. */
const ABOUT_A_SECRET = /_(FILE|PATH|DIR|NAME|URL|ADDR|HOST|TTL|LENGTH|POLICY|ENABLED|REQUIRED)$/i;
const NO_SECRET = /^(|true|false|yes|no|on|off|none|\d{1,4})$/i;

/** Names of variables that look like secrets and have a literal value; never a value. */
export function literalSecrets(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env)
    .filter(([name, value]) => SECRET_NAME.test(name) && !ABOUT_A_SECRET.test(name) && !NO_SECRET.test(value.trim()) && !isOnlyVariables(value))
    .map(([name]) => name);
}

const isOnlyVariables = (value: string) => value.replace(/\$\{[^${}]*\}/g, "").trim() === "";

/** Names of HTTP headers and of an artifact's options whose values are secrets. */
export const SECRET_HEADER = /^(proxy-)?authorization$|token|secret|cookie|api-?key/i;
export const SECRET_OPTION = /^(aws_access_key_secret|aws_access_token|sshkey)$/;

/** Whether a source's URL carries a user's password, or a key in its query. */
export function hasUrlSecret(source: string): boolean {
  return /:\/\/[^/\s@:]*:[^/\s@]+@/.test(source) || /[?&](aws_access_key_secret|aws_access_token|sshkey|token|password)=[^&]/i.test(source);
}

/** Where a path of a template or artifact ends up, as Nomad resolves it: "/local/a" for "local/a", "/alloc/b" for "../alloc/b". */
export function taskPath(destination: string): string {
  const named = destination
    .replace(/\$\{NOMAD_TASK_DIR\}/g, "/local")
    .replace(/\$\{NOMAD_SECRETS_DIR\}/g, "/secrets")
    .replace(/\$\{NOMAD_ALLOC_DIR\}/g, "/alloc");
  const parts: string[] = [];
  for (const part of named.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Whether one path is another or lies below it. */
export const isBeneath = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);
