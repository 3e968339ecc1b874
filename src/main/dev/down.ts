/** @module `npm run down`: removes what `npm run up` made. */
import { DEFAULT_HOME } from "./home.ts";
import { progress, refuseArguments } from "./progress.ts";
import { takeDown } from "./take-down.ts";

refuseArguments("down");
const down = await takeDown({ home: DEFAULT_HOME, log: progress() });
process.stdout.write(down.ok ? "Nothing is left.\n" : "");
if (!down.ok) process.stderr.write(`\ndown is not finished: ${down.error}\nRun it again when that is cleared.\n`);
process.exit(down.ok ? 0 : 1);
