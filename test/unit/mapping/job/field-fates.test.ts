import { describe, expect, it } from "vitest";
import { jobGroups } from "../../../../src/mapping/job/job-groups.ts";
import { configOf } from "../mapping-fixtures.ts";
import { acceptedGroups, jobOf, type LooseGroup, type LooseJob, type LooseTask, objectOf, refusedText } from "./job-fixtures.ts";

const withTask = (task: LooseTask): LooseJob => ({ TaskGroups: [{ Tasks: [task] }] });
const withGroup = (group: LooseGroup): LooseJob => ({ TaskGroups: [group] });

function findingsOf(loose: LooseJob): readonly string[] {
  const job = jobOf(loose);
  const { groups, findings } = jobGroups(objectOf(job), job, configOf());
  return [...findings, ...groups.flatMap((group) => group.findings)].map(({ level, path }) => `${level} ${path}`);
}

describe("what has no twin", () => {
  it("says nothing of a job that sets nothing of it", () => expect(findingsOf({})).toEqual([]));

  it.each<[LooseJob, string]>([
    [{ Priority: 80 }, "lost Priority"],
    [{ AllAtOnce: true }, "lost AllAtOnce"],
    [{ ConsulNamespace: "x" }, "lost ConsulNamespace"],
    [withGroup({ Consul: { Cluster: "default" } }), "lost TaskGroups[0].Consul"],
    [withGroup({ StopAfterClientDisconnect: 1 }), "weaker TaskGroups[0].StopAfterClientDisconnect"],
    [withGroup({ Scaling: { Min: 1, Max: 2 } }), "equivalent TaskGroups[0].Scaling"],
    [withGroup({ Volumes: { a: { Type: "host", Source: "a", Sticky: true } } }), "lost TaskGroups[0].Volumes.a.Sticky"],
    [withTask({ Consul: { Cluster: "default" } }), "lost TaskGroups[0].Tasks[0].Consul"],
    [withTask({ Identities: [{ Name: "a" }] }), "lost TaskGroups[0].Tasks[0].Identities"],
    [withTask({ Identity: { Name: "default", Env: true } }), "lost TaskGroups[0].Tasks[0].Identity"],
    [withTask({ Resources: { NUMA: { Affinity: "require", Devices: [] } } }), "lost TaskGroups[0].Tasks[0].Resources.NUMA"],
    [withTask({ Templates: [{ EmbeddedTmpl: "a", DestPath: "local/a", Wait: { Min: 1, Max: 2 } }] }), "weaker TaskGroups[0].Tasks[0].Templates[0].Wait"],
    [withTask({ Templates: [{ EmbeddedTmpl: "a", DestPath: "local/a", ChangeMode: "script" }] }), "lost TaskGroups[0].Tasks[0].Templates[0].ChangeScript"],
    [withTask({ Driver: "raw_exec", Config: { command: "x", oom_score_adj: 5 } }), "lost TaskGroups[0].Tasks[0].Config.oom_score_adj"],
    [withGroup({ Networks: [{ Mode: "none" }] }), "weaker TaskGroups[0].Networks[0].Mode"],
    [withGroup({ Networks: [{ Mode: "cni/x" }] }), "lost TaskGroups[0].Networks[0].Mode"],
    [withGroup({ Services: [{ Name: "a", Provider: "consul" }] }), "weaker TaskGroups[0].Services[0].Provider"],
    [withGroup({ Services: [{ Name: "a", Weights: { Passing: 1, Warning: 1 } }] }), "lost TaskGroups[0].Services[0]"],
    [withGroup({ Services: [{ Name: "a", Checks: [{ Type: "script" }] }] }), "lost TaskGroups[0].Services[0].Checks[0]"],
    [withGroup({ Services: [{ Name: "a", Checks: [{ Type: "tcp" }] }] }), "lost TaskGroups[0].Services[0].Checks[0]"],
  ])("is told in a finding: %j", (job, finding) => expect(findingsOf(job)).toEqual([finding]));

  it.each<[LooseJob, RegExp]>([
    [{ Multiregion: { Regions: [] } }, /^Multiregion: /],
    [withTask({ Vault: { Role: "x" } }), /^TaskGroups\[0\]\.Tasks\[0\]\.Vault: there is no Vault here/],
    [withTask({ Secrets: [{ Name: "x" }] }), /^TaskGroups\[0\]\.Tasks\[0\]\.Secrets: /],
    [withTask({ CSIPluginConfig: { ID: "x" } }), /^TaskGroups\[0\]\.Tasks\[0\]\.CSIPluginConfig: /],
    [withTask({ Kind: "connect-proxy:x" }), /^TaskGroups\[0\]\.Tasks\[0\]\.Kind: /],
    [withTask({ Schedule: { Cron: {} } }), /^TaskGroups\[0\]\.Tasks\[0\]\.Schedule: /],
    [withTask({ Resources: { Devices: [{ Name: "nvidia/gpu", Count: 1, Constraints: [], Affinities: [] }] } }), /^TaskGroups\[0\]\.Tasks\[0\]\.Resources\.Devices: /],
    [withGroup({ Services: [{ Name: "a", Connect: { Native: true } }] }), /^TaskGroups\[0\]\.Services\[0\]\.Connect: /],
    [withGroup({ Services: [{ Name: "a", PortLabel: "nope" }] }), /^TaskGroups\[0\]\.Services\[0\]\.PortLabel: port label "nope" referenced by services does not exist/],
    [withGroup({ Constraints: [{ LTarget: "${meta.a}", Operand: "regexp", RTarget: "(" }] }), /^TaskGroups\[0\]\.Constraints\[0\]: Regular expression failed to compile/],
    [withTask({ Affinities: [{ LTarget: "${meta.a}", Operand: "near", RTarget: "x", Weight: 50 }] }), /^TaskGroups\[0\]\.Tasks\[0\]\.Affinities\[0\]: Unknown constraint type "near"/],
  ])("is refused: %j", (job, text) => expect(refusedText(jobOf(job))).toMatch(text));
});

describe("findings of a group", () => {
  it("stand under the job's own paths, and know the variables of its ports", () => {
    const job = jobOf({
      ParentID: "parent",
      TaskGroups: [
        {
          Networks: [{ Mode: "bridge", DynamicPorts: [{ Label: "http" }] }],
          Tasks: [
            { Name: "init", Lifecycle: { Hook: "prestart", Sidecar: false }, Config: { command: "x", args: ["${NOMAD_PORT_nope}"] } },
            { Name: "web", Config: { command: "x", args: ["${NOMAD_PORT_http}", "${NOMAD_JOB_PARENT_ID}"] }, Env: { SECRET_TOKEN: "x" }, Templates: [{ EmbeddedTmpl: "a", DestPath: "/etc/a" }], Artifacts: [{ GetterSource: "hg::https://x.example" }] },
          ],
        },
      ],
    });
    const paths = acceptedGroups(job)[0]?.findings.filter(({ level }) => level === "lost" || level === "weaker").map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["TaskGroups[0].Tasks[0].Config.args", "TaskGroups[0].Tasks[1].Templates[0].DestPath", "TaskGroups[0].Tasks[1].Artifacts[0].GetterSource", "TaskGroups[0].Tasks[1].Env.SECRET_TOKEN"]));
    expect(paths).not.toContain("TaskGroups[0].Tasks[1].Config.args");
  });
});
