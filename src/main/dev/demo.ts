/** @module `npm run demo`: the main job on real input: a task as it is on Nomad, applied, Ready, and entered through Nomad's API. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bringUp, type Running } from "./bring-up.ts";
import { CHECKOUT, DEFAULT_HOME } from "./home.ts";
import { interrupted, progress, refuseArguments } from "./progress.ts";

const SAMPLE = join(CHECKOUT, "manifests", "samples", "hello.yaml");

/** Read from inside the task: what Nomad's exec driver would have given it. */
const LOOK_AROUND = 'id; echo "working directory: $(pwd)"; echo "allocation: $NOMAD_ALLOC_NAME $NOMAD_ALLOC_ID"; grep -E "Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status';

refuseArguments("demo");
const running = await bringUp({ home: DEFAULT_HOME, namespaces: ["default"], env: process.env, log: progress(), signal: interrupted() });
if (!running.ok) {
  process.stderr.write(`\nthe demo could not be brought up: ${running.error}\nRun it again to go on, or "npm run down" to clear up.\n`);
  process.exit(1);
}
process.exit(show(running.value) ? 0 : 1);

function show(up: Running): boolean {
  const kubectl = ["--kubeconfig", up.kubeconfig];
  const steps: readonly (readonly [string, readonly string[], string])[] = [
    [up.bin.kubectl, [...kubectl, "apply", "-f", SAMPLE], "kubectl apply -f manifests/samples/hello.yaml"],
    [up.bin.kubectl, [...kubectl, "wait", "--for=condition=Ready", "exectask/hello", "--timeout=60s"], "kubectl wait --for=condition=Ready exectask/hello"],
    [up.bin.kubectl, [...kubectl, "get", "exectask", "hello", "-o", "wide"], "kubectl get exectask hello -o wide"],
    [up.bin.nomadBridge, ["alloc", "exec", "-job", "hello", "/bin/sh", "-c", LOOK_AROUND], "nomad-bridge alloc exec -job hello /bin/sh -c '…'"],
  ];
  if (!steps.every(([program, args, shown]) => run(up, { program, args, shown }))) return false;
  process.stdout.write(NEXT(up.envFile));
  return true;
}

function run(up: Running, step: { readonly program: string; readonly args: readonly string[]; readonly shown: string }): boolean {
  process.stdout.write(`\n$ ${step.shown}\n`);
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], NOMAD_ADDR: up.address, NOMAD_TOKEN: up.token, NOMAD_CACERT: up.ca };
  const done = spawnSync(step.program, step.args, { env, stdio: ["ignore", "inherit", "inherit"] });
  if (done.status !== 0) process.stderr.write(`\nthat ended with ${done.status ?? done.signal ?? String(done.error)}; the server's log is ${join(DEFAULT_HOME, "server", "server.log")}\n`);
  return done.status === 0;
}

function NEXT(envFile: string): string {
  return `
The task runs as "nobody" with exactly Nomad's capabilities, in a pod that nobody else can enter. It goes on running; try:

  source ${envFile}
  nomad-bridge alloc exec -job hello /bin/sh       # a shell in the task
  kubectl get exectasks,pods
  npm run down                                      # removes it all
`;
}
