/** @module `npm run up`: a Kubernetes, nomad-bridge on it, and an environment to source. */
import { bringUp } from "./bring-up.ts";
import { DEFAULT_HOME } from "./home.ts";
import { interrupted, progress, refuseArguments } from "./progress.ts";

refuseArguments("up");
const running = await bringUp({ home: DEFAULT_HOME, namespaces: ["default"], env: process.env, log: progress(), signal: interrupted() });
if (running.ok) {
  process.stdout.write(`\nNomad's API is served at ${running.value.address}\n\n`);
  process.stdout.write(`  source ${running.value.envFile}      # KUBECONFIG, NOMAD_ADDR, NOMAD_TOKEN, NOMAD_CACERT and PATH\n`);
  process.stdout.write("  kubectl apply -f manifests/samples/hello.yaml\n  nomad-bridge alloc exec -job hello id\n  npm run down          # removes it all\n");
} else {
  process.stderr.write(`\nup failed: ${running.error}\nNothing is lost: run it again to go on, or "npm run down" to clear up.\n`);
}
process.exit(running.ok ? 0 : 1);
