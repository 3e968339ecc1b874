/** @module The words after `explain` as options, and its help. */
import { parseArgs } from "node:util";
import { err, messageOf, ok, type Result } from "../lib/result.ts";

export const EXPLAIN_HELP = `Usage: nomad-bridge explain [options] <file>
       nomad-bridge explain [options] exectask/<name>

  Shows what would become of an ExecTask or of each group of a Nomad job, and
  changes nothing: whether it is accepted, what running here changes for it
  compared with Nomad, its Linux capabilities there and here, the Pod Security
  level that it needs, and the pod.

  <file> is a Nomad job in HCL or Nomad's JSON, or YAML or JSON with ExecTasks and
  NomadJobs, and may then hold a BridgeConfig; "-" is standard input.
  exectask/<name> is read from the cluster.

  Values that look like secrets are shown as (hidden). What only the API server
  checks is not repeated here: kubectl apply --dry-run=server does that.

Options:

  -n, --namespace=<name>    Namespace of tasks that name none. Default: the
                            kubeconfig's, or "default".
  --config=<file>           BridgeConfig to judge by. Default: the one in <file>,
                            the cluster's with --kubeconfig, or a built-in one:
                            Nomad's own defaults, for every namespace.
  --kubeconfig=<file>       Cluster to read from. exectask/<name> also takes
                            KUBECONFIG, and then ~/.kube/config.
  --var=<name>=<value>      Value of a variable of a job file. Several times.
  --var-file=<file>         File of such values. Several times. NOMAD_VAR_<name>
                            too.
  --format=<format>         text, json or markdown. Default: text
  -h, --help                Show this.

Exit codes: 0, every task and group is accepted; 1, one is refused; 2, nothing could be said.

Examples:

  What running here would change for a task, by the built-in profile:

    $ nomad-bridge explain manifests/samples/hello.yaml

  The same for a Nomad job, before nomad job run:

    $ nomad-bridge explain --var=image=web:2 web.nomad.hcl

  By the profiles of a cluster, for a namespace:

    $ nomad-bridge explain -n team-a --kubeconfig=cluster.yaml web.yaml

  A task that is there, as a page for a review:

    $ nomad-bridge explain exectask/hello --format=markdown > hello.md

  Everything that is lost for the tasks of a file, for a script:

    $ nomad-bridge explain --format=json web.yaml |
        jq '.tasks[] | {name, lost: [.findings[] | select(.level == "lost")]}'
`;

const FORMATS = ["text", "json", "markdown"] as const;
export type ExplainFormat = (typeof FORMATS)[number];

/** A file's path, "-" for standard input, or the name of a task in the cluster. */
export type ExplainSubject = { readonly kind: "file"; readonly path: string } | { readonly kind: "task"; readonly name: string };

export type ExplainOptions = {
  readonly subject: ExplainSubject;
  readonly namespace: string | undefined;
  readonly config: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly format: ExplainFormat;
  /** `name=value` each. */
  readonly variables: readonly string[];
  readonly variableFiles: readonly string[];
};

export const EXPLAIN_OPTIONS = {
  namespace: { type: "string", short: "n" },
  config: { type: "string" },
  kubeconfig: { type: "string" },
  format: { type: "string", default: "text" },
  var: { type: "string", multiple: true },
  "var-file": { type: "string", multiple: true },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Undefined: the help is wanted. The error says what is wrong with the words. */
export function readExplainOptions(argv: readonly string[]): Result<ExplainOptions | undefined, string> {
  if (argv.includes("-help")) return ok(undefined);
  const parsed = parse(argv);
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  if (values.help) return ok(undefined);
  const format = FORMATS.find((each) => each === values.format);
  if (format === undefined) return err(`--format is "${values.format}"; it must be one of ${FORMATS.join(", ")}`);
  const empty = (["namespace", "config", "kubeconfig"] as const).find((name) => values[name] === "");
  if (empty !== undefined) return err(`--${empty} is empty; leave it out or give it a value`);
  const [word, ...more] = positionals;
  if (word === undefined || word === "") return err("what is to be explained? Name a file, or exectask/<name>");
  if (more.length > 0) return err(`one file or task at a time, and not ${more.map((each) => `"${each}"`).join(", ")} as well; a file may hold several tasks`);
  const badVariable = values.var?.find((each) => !each.includes("="));
  if (badVariable !== undefined) return err(`--var "${badVariable}" has no value; write --var ${badVariable || "name"}=value`);
  const subject = subjectOf(word);
  if (!subject.ok) return subject;
  return ok({ subject: subject.value, namespace: values.namespace, config: values.config, kubeconfig: values.kubeconfig, format, variables: values.var ?? [], variableFiles: values["var-file"] ?? [] });
}

function parse(argv: readonly string[]) {
  try {
    return ok(parseArgs({ args: [...argv], options: EXPLAIN_OPTIONS, strict: true, allowPositionals: true }));
  } catch (error) {
    return err(messageOf(error).split(". ")[0] ?? "");
  }
}

const TASK_KINDS: readonly string[] = ["exectask", "exectasks", "nbtask", "exectask.nomad-bridge.dev", "exectasks.nomad-bridge.dev"];
const JOB_KIND = /^nomadjobs?(\.nomad-bridge\.dev)?$/;
/** Kubernetes kinds that a person may try; anything else with a slash is a path. */
const OTHER_KIND = /^(pod|po|deploy|deployment|job|statefulset|daemonset|bridgeconfig|aclpolicy|acltoken|node|namespace|ns)s?(\.[a-z0-9.-]+)?$/;

function subjectOf(word: string): Result<ExplainSubject, string> {
  const [kind = "", name, ...deeper] = word.split("/");
  if (name === undefined || deeper.length > 0 || word.startsWith(".") || /\.(ya?ml|json|hcl|nomad)$/.test(word)) return ok({ kind: "file", path: word });
  if (TASK_KINDS.includes(kind.toLowerCase())) return name === "" ? err(`"${word}" names no task; write exectask/<name>`) : ok({ kind: "task", name });
  if (JOB_KIND.test(kind.toLowerCase())) return err(`"${word}": a job of the cluster is explained from its object; run: kubectl get ${word} -o yaml | nomad-bridge explain -`);
  if (OTHER_KIND.test(kind.toLowerCase())) return err(`"${word}": of a cluster's objects only ExecTasks can be explained; write exectask/<name>, or ./${word} if it is a file`);
  return ok({ kind: "file", path: word });
}
