import { describe, expect, it } from "vitest";
import { remedyFor } from "../../../../src/cli/convert/remedies.ts";

describe("what to do about a refusal", () => {
  it.each([
    ["", 'volume "journal": profile "default" has no host volume "var-log-journal"; it has: none', /^add it to hostVolumes of the profile/],
    ["TaskGroups[0].Tasks[0].CSIPluginConfig", "a CSI driver is installed in the cluster, and not run as a task", /leave this job out/],
    ["TaskGroups[0].Tasks[0].Config.port_map", 'failed to parse config: Invalid label; No argument or block type is named "port_map". The driver has: image', /^name the ports in the group's network block/],
    ["TaskGroups[0].Networks[0]", "host_network does not exist here: a port of the node is open at all of its addresses", /^take it out of the job, or place the job/],
    ["", "something that nobody has met", /^change the job as the message says$/],
  ])("at %j fits its words: %s", (path, message, remedy) => expect(remedyFor("refused", path, message)).toMatch(remedy));
});
