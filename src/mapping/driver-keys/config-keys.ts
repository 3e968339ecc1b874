/** @module The keys of the exec driver's own config, of today and of Nomad 0.1 to 0.4. */
import type { KeySection } from "./key-row.ts";

export const CONFIG_KEYS: KeySection = {
  title: "config of the driver",
  about: "What stands in `config { … }` of a task with `driver = \"exec\"`, in Nomad 0.3.1 and later.",
  rows: [
    { key: "command", field: "command", proof: ["commandSearch", "commandTexts", "commandInside", "commandTextsInside"] },
    { key: "args", field: "args", proof: ["configTexts", "driverLanguage"] },
    { key: "pid_mode", field: "pidMode", proof: ["hostNamespaces", "hostPidInside"] },
    { key: "ipc_mode", field: "ipcMode", proof: ["hostNamespaces", "hostIpcRefused"] },
    { key: "cap_add", field: "capAdd", proof: ["capabilities", "capabilitiesInside", "lowPort"] },
    { key: "cap_drop", field: "capDrop", proof: ["capabilities", "capabilitiesInside"] },
    { key: "work_dir", field: "workDir", proof: ["taskIdentity", "sessionRuns"] },
  ],
};

export const OLD_KEYS: KeySection = {
  title: "config and task in older job files",
  about: "Keys of Nomad 0.1 to 0.4, and spellings that later versions retired.",
  rows: [
    { key: "command with words (0.1)", here: "`command`, `args`", level: "equivalent", how: "Command and args were one line, split like shell words. An ExecTask takes them split: `explain` says how.", proof: ["legacy", "legacyWords"] },
    { key: "args as one string (0.1)", here: "`args`", level: "equivalent", how: "Split like shell words, with quotes. `explain` of a scalar says which list to write.", proof: ["legacy", "explainLegacy"] },
    { key: "args as one value (0.2)", here: "`args`", level: "equivalent", how: "`args = 1` was a list of one. `explain` of a scalar says which list to write.", proof: ["legacy", "explainLegacy"] },
    { key: "artifact_source (0.2)", field: "artifactSource", proof: ["artifactSource"] },
    { key: "checksum (0.2)", field: "checksum", proof: ["artifactSource", "checksumAlone"] },
    { key: "artifact_source (0.3.0)", field: "artifactSource", level: "equivalent", how: "0.3.0 put the file into the task's root, which is read-only here: it goes to local/<name>, where the command is searched first.", proof: ["artifactSource"] },
    { key: "$NAME (0.1, 0.2)", here: "`args`, `command`", level: "same", how: "Interpolated in command and args of a task with artifactSource; elsewhere write ${NAME}.", proof: ["bareNames", "artifactSource"] },
    { key: "${NAME} (0.3 and later)", here: "`args`, `command`", level: "same", how: "Interpolated as today; from 0.3 on a bare $NAME is left alone.", proof: ["configTexts", "driverLanguage"] },
    { key: "chroot without /sbin and most of /usr (0.2)", here: "`profiles[].chroot`", level: "equivalent", how: "The profile's list says what there is, whatever the job file's age.", proof: ["chrootGolden"] },
    { key: "NOMAD_IP, NOMAD_PORT_<label> (0.2)", here: "", level: "lost", how: "There are no network blocks here, so there is no port with a label.", proof: ["findings"] },
    { key: "resources.iops", here: "", level: "lost", how: "Nomad itself has dropped it.", proof: ["unknownField"] },
    { key: "resources.disk", here: "`ephemeralDisk.size`", level: "equivalent", how: "Nomad moved it to the group's ephemeral_disk: write it there.", proof: ["explainLegacy"] },
    { key: "resources.network.mbits", here: "", level: "lost", how: "Kubernetes schedules no bandwidth, and Nomad no longer does.", proof: ["unknownField"] },
    { key: "resources.network.port", here: "", level: "lost", how: "As network.port of the group: a task listens in the pod's network, on any port it likes.", proof: ["unknownField", "findings"] },
    { key: "durations as whole numbers", here: "durations as text", level: "equivalent", how: "`kill_timeout = 5` counted seconds. Write `5s`: `explain` of a number says so.", proof: ["explainLegacy"] },
    { key: "vault.policies", here: "", level: "lost", how: "There is no Vault here.", proof: ["unknownField"] },
    { key: "constraint distinct_hosts = true", here: "", level: "lost", how: "As constraint of the group.", proof: ["unknownField"] },
  ],
};

export const RAW_EXEC_KEYS: KeySection = {
  title: "raw_exec",
  about: "`plugin \"raw_exec\"` and the config of its tasks.",
  rows: [
    { key: "plugin raw_exec: enabled", here: "`profiles[].allowRawExec`", level: "same", how: "Off unless a profile switches it on; a task that asks for it elsewhere is refused.", proof: ["rawExec", "rawExecRefused", "rawExecInside"] },
    { key: "plugin raw_exec: denied_host_uids, denied_host_gids", here: "`profiles[].deniedHostUids`, `profiles[].deniedHostGids`", level: "same", how: "The profile's lists hold for both drivers.", proof: ["idRanges"] },
    { key: "plugin raw_exec: denied_envvars", here: "", level: "lost", how: "No environment of an agent is passed on, so there is nothing to take out of it; a task's own env is not filtered.", proof: ["environmentInside"] },
    { key: "command", here: "`command`", level: "same", how: "Searched in local/, the task's directory, on the node, and in its PATH.", proof: ["hostCommandSearch"] },
    { key: "args", here: "`args`", level: "same", how: "Interpolated as for exec.", proof: ["configTexts", "driverLanguage"] },
    { key: "work_dir", here: "`workDir`", level: "same", how: "A directory of the node.", proof: ["rawExecDirectory"] },
    { key: "cgroup_v1_override, cgroup_v2_override", here: "", level: "lost", how: "The container's cgroup is the kubelet's; there is no field, so an ExecTask with it is refused.", proof: ["unknownField"] },
    { key: "oom_score_adj", here: "", level: "lost", how: "The kubelet sets it by the pod's quality of service.", proof: ["unknownField"] },
    { key: "denied_envvars", here: "", level: "lost", how: "As for the plugin.", proof: ["unknownField"] },
  ],
};
