/** @module The environment that a person of Nomad would have for a bridge, and nothing of the machine's own NOMAD_* settings. Used by the tests here. */
import type { BridgeUnderTest } from "../integration/provided.ts";
import type { TasksUnderTest } from "./tasks-under-test.ts";

/** The machine's own NOMAD_* settings would lead a client elsewhere. */
export const withoutNomadSettings = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined || name.startsWith("NOMAD_") ? [] : [[name, value]])));

/** NB_JOB and NB_HOST_JOB are the jobs to look at. */
export function clientEnvironment(bridge: BridgeUnderTest, tasks: TasksUnderTest): Record<string, string> {
  return {
    ...withoutNomadSettings(process.env),
    NOMAD_ADDR: bridge.addr,
    NOMAD_TOKEN: bridge.token,
    NOMAD_CACERT: bridge.caFile,
    NB_JOB: tasks.job,
    NB_HOST_JOB: tasks.hostJob,
  };
}
