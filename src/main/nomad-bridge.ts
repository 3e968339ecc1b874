#!/usr/bin/env node
/** @module The program: checks its Node, finds the command in the first words and loads only that one. */

// Nothing is imported above this check: an old Node would fail on the import and not say why.
const OLDEST_NODE = [22, 19] as const;

const HELP = `Usage: nomad-bridge <command> [options] [<args>...]

Commands:

  alloc exec    Run a command in a running task
  exec          The same, shorter
  assess        Say how well the jobs of a live Nomad would run here
  convert       Turn Nomad job files into Kubernetes objects
  explain       Show what would become of an ExecTask
  import        Bring the jobs of a live Nomad here
  server        Run the controller and Nomad's HTTP API

Each command explains its options with --help.
`;

type Command = (argv: readonly string[]) => Promise<number>;

/** The longest name that fits the words wins. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["alloc exec", runAllocExec],
  ["assess", runAssess],
  ["convert", runConvert],
  ["exec", runAllocExec],
  ["explain", runExplain],
  ["import", runImport],
  ["server", runServer],
]);

/** How long the last words may take to leave when nobody reads them. A session has flushed its own output before. */
const LAST_WORDS_MS = 1000;

try {
  await exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`nomad-bridge: ${error instanceof Error ? error.message : String(error)}\n`);
  await exit(1);
}

async function main(argv: readonly string[]): Promise<number> {
  const complaint = nodeComplaint(process.versions.node);
  if (complaint !== undefined) return fail(complaint);
  const [first = "", second = ""] = argv;
  const pair = COMMANDS.get(`${first} ${second}`);
  if (pair !== undefined) return await pair(argv.slice(2));
  const single = COMMANDS.get(first);
  if (single !== undefined) return await single(argv.slice(1));
  if (["-h", "-help", "--help", "help"].includes(first)) {
    process.stdout.write(HELP);
    return 0;
  }
  return fail(first === "" ? HELP : `nomad-bridge: unknown command "${first}"\n\n${HELP}`);
}

function fail(message: string): number {
  process.stderr.write(message);
  return 1;
}

/** Ends the process even if a read of the terminal is still waiting. */
async function exit(code: number): Promise<never> {
  const flushed = [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.on("error", resolve).write("", resolve)));
  await Promise.race([Promise.all(flushed), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
  return process.exit(code);
}

function nodeComplaint(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  return `nomad-bridge needs Node ${OLDEST_NODE.join(".")} or newer, and this is ${version}. Install Node 24, or run it with node_modules/.bin/node of the checkout.\n`;
}

async function runAllocExec(argv: readonly string[]): Promise<number> {
  const [{ allocExec }, { processIo }] = await Promise.all([import("../cli/alloc-exec.ts"), import("./process-io.ts")]);
  return await allocExec(processIo(), argv);
}

async function runAssess(argv: readonly string[]): Promise<number> {
  const [{ assess }, { migrateDeps }] = await Promise.all([import("../cli/migrate/assess.ts"), import("./migrate.ts")]);
  return await assess(migrateDeps(), argv);
}

async function runImport(argv: readonly string[]): Promise<number> {
  const [{ importJobs }, { migrateDeps }] = await Promise.all([import("../cli/migrate/import.ts"), import("./migrate.ts")]);
  return await importJobs(migrateDeps(), argv);
}

async function runConvert(argv: readonly string[]): Promise<number> {
  const [{ convert }, { convertDeps }] = await Promise.all([import("../cli/convert/convert.ts"), import("./convert.ts")]);
  return await convert(convertDeps(), argv);
}

async function runExplain(argv: readonly string[]): Promise<number> {
  const [{ explain }, { explainDeps }] = await Promise.all([import("../cli/explain.ts"), import("./explain.ts")]);
  return await explain(explainDeps(), argv);
}

async function runServer(argv: readonly string[]): Promise<number> {
  const { server } = await import("./server.ts");
  return await server(argv);
}
