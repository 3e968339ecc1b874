/** @module The shape of a row of the exec driver's table, and the tests that rows refer to. Used by the sections and the generator. */
import type { ExecTaskSpec, FindingLevel } from "../../api/exec-task.ts";

/** Tests by a short name: a file, or a file and the name of a test in it, as it is written there. That each exists is a test of its own. */
export const PROOFS = {
  allocExec: "test/clients/nomad-api/exec_streaming_test.go",
  allocationLives: "test/integration/controller.test.ts#for a moment is the same allocation afterwards, with its files and its index",
  artifactApiServer: "test/integration/driver/artifacts.test.ts#is no place that an artifact comes from, although the job names it: $name",
  artifactChecksums: "fetch/http_test.go#TestChecksums",
  artifactDownloadLimits: "fetch/http_test.go#TestDownloadLimits",
  artifactFindings: "test/unit/mapping/findings.test.ts#findingsFor, of artifacts and templates",
  artifactInside: "test/integration/driver/artifacts.test.ts#is unpacked where the job says, shared directory included, with the source interpolated",
  artifactLimitsInside: "test/integration/driver/artifact-sources.test.ts#are kept: $name",
  artifactModes: "fetch/http_test.go#TestAFileArrivesWhereTheBlockSays",
  artifactOptions: "fetch/http_test.go#TestOptionsGoIntoTheQueryAndOursDoNot",
  artifactOwner: "test/integration/driver/artifacts.test.ts#belong to the user whom the task names: $name",
  artifactParts: "fetch/archive_test.go#TestModesAndPartsOfArchives",
  artifactRepositories: "fetch/git_test.go#TestRepositories",
  artifactSource: "test/golden/pod-for-task/artifact-source-of-nomad-0.2.in.yaml",
  artifactTime: "fetch/supervise_test.go#TestTheTimeOfAnArtifactIsLimited",
  artifactTLS: "fetch/http_test.go#TestTLSIsVerifiedUnlessTheBlockIsInsecure",
  artifactUnpackingLimits: "fetch/archive_test.go#TestLimitsOfUnpackingAtTheirBoundary",
  artifactsGolden: "test/golden/pod-for-task/artifacts.in.yaml",
  mountsBelow: "test/golden/pod-for-task/refused-mount-below-what-the-task-writes.in.yaml",
  parentCgroup: "launcher/environment_test.go#TestParentCgroup",
  cpus: "launcher/environment_test.go#TestTheCPUsOfThisProcessAreKnown",
  bareNames: "launcher/interpolation/replace_test.go#TestReplaceBareTakesNamesWithoutBraces",
  bidirectional: "test/golden/pod-for-task/refused-mount-bidirectional.in.yaml",
  capabilities: "test/unit/nomad/driver/capabilities.test.ts#effectiveCapabilities",
  capabilitiesInside: "test/integration/task-inside.test.ts#with $name are what Nomad gives, in the task and in a session",
  checksumAlone: "test/golden/pod-for-task/refused-checksum-without-artifact-source.in.yaml",
  chrootGolden: "test/golden/pod-for-task/chroot-of-its-own.in.yaml",
  commandSearch: "launcher/lookup_test.go#TestTaskCommandIsSearchedInNomadsOrder",
  commandTexts: "launcher/run_test.go#TestStartsThatCanNeverSucceed",
  configTexts: "launcher/environment_test.go#TestConfigTexts",
  coresGolden: "test/golden/pod-for-task/reserved-cores.in.yaml",
  disableExec: "test/integration/task-inside.test.ts#is closed to everyone where its profile says disableRemoteExec",
  disk: "test/golden/pod-for-task/secrets-and-disk.in.yaml",
  driverLanguage: "launcher/interpolation/config_test.go#TestEvaluateIsNomadsLanguageForADriversConfig",
  envInterpolated: "launcher/environment_test.go#TestTaskEnvironment",
  environmentGolden: "test/golden/pod-for-task/environment-and-meta.in.yaml",
  environmentInside: "test/integration/task-inside.test.ts#has Nomad's variables, its own, and nothing of Kubernetes, in the task and in a session",
  execOpens: "test/integration/admission.test.ts#let the bridge open what a session needs",
  explainLegacy: "test/unit/cli/explain.test.ts#says what to write for %s",
  findings: "test/unit/mapping/findings.test.ts#announces for %s what it can see",
  groupFindings: "test/unit/mapping/findings.test.ts#findingsFor, of a group",
  groupGolden: "test/golden/pod-for-task/group-with-every-hook.in.yaml",
  hostCommandSearch: "launcher/raw_exec_test.go#TestHostCommandsAreSearchedInNomadsOrder",
  hostIpcRefused: "test/golden/pod-for-task/refused-host-ipc.in.yaml",
  hostNamespaces: "test/golden/pod-for-task/host-namespaces-asked-for.in.yaml",
  hostNamespacesDefault: "test/golden/pod-for-task/host-namespaces-by-the-profile.in.yaml",
  hostPidInside: "test/integration/task-inside.test.ts#sees them, and is entered only with alloc-node-exec",
  idRanges: "launcher/users/users_test.go#TestIDRangesThatAreRefused",
  jobObject: "test/unit/mapping/nomad-objects.test.ts#has its name thrice, its version from 0, and every time and duration in nanoseconds",
  killSignal: "test/integration/controller.test.ts#gets its kill_signal, and its last words are heard",
  killTree: "launcher/run_test.go#TestStopKillsATaskThatIgnoresItAndAllOfItsTree",
  killed: "test/integration/controller.test.ts#is killed when its kill_timeout is over",
  leaderDead: "launcher/run_group_test.go#TestDeadLeaderEndsTheOthers",
  legacy: "test/unit/nomad/driver/legacy-config.test.ts#readLegacyConfig",
  legacyWords: "test/unit/nomad/driver/legacy-config.test.ts#shellWords",
  logRotation: "launcher/logs_test.go#TestLogRotation",
  logsDisabled: "launcher/run_output_test.go#TestDisabledLogsKeepNothing",
  lowPort: "test/golden/pod-for-task/http-server-on-a-low-port.in.yaml",
  maxKillTimeout: "test/golden/pod-for-task/slow-to-stop.in.yaml",
  memoryMax: "test/golden/pod-for-task/memory-above-its-reservation.in.yaml",
  metaVariables: "test/unit/mapping/task-environment.test.ts#gives meta %j as %j",
  modes: "launcher/lookup_test.go#TestTaskDirectoriesGetTheirModes",
  owners: "launcher/lookup_test.go#TestTaskDirectoriesBelongToNobody",
  parity: "test/integration/parity.test.ts#a task finds what it would find on Nomad",
  seccompSetting: "test/golden/pod-for-task/seccomp-off-and-no-new-privileges.in.yaml",
  escalationFindings: "test/unit/mapping/findings.test.ts#says of a profile's seccomp and allowPrivilegeEscalation what a task can see",
  namespaceManaged: "test/integration/controller.test.ts#because its namespace is not managed says how to manage it, and runs when that is done",
  nodeObject: "test/unit/mapping/nomad-objects.test.ts#has the node's UID, labels as metadata, and the exec driver",
  nodeResources: "test/unit/mapping/nomad-objects.test.ts#of cpu %j and memory %j has %i MHz, %i whole cores and %i MiB",
  oneAtATime: "test/integration/controller.test.ts#is updated one allocation at a time, and never misses more than one",
  oomEvent: "test/unit/mapping/nomad-objects.test.ts#tells the exit code and an end by memory in the event's details",
  pathsLacking: "test/golden/pod-for-task/chroot-paths-that-the-nodes-lack.in.yaml",
  payload: "launcher/template_files_test.go#TestThePayloadIsAFileOfTheTask",
  payloadGolden: "test/golden/pod-for-task/dispatch-payload.in.yaml",
  plan: "test/unit/controller/plan.test.ts",
  poststart: "launcher/run_group_test.go#TestPoststartWaitsForAllMainTasks",
  poststop: "launcher/run_group_test.go#TestPoststopRunsAfterTheStopOfThePod",
  profileChosen: "test/unit/mapping/pod-for-task.test.ts#chooses the first profile that lists the namespace, and never one that does not",
  profileNode: "test/golden/pod-for-task/second-profile-by-name.in.yaml",
  rawExec: "test/golden/pod-for-task/raw-exec.in.yaml",
  rawExecDirectory: "launcher/raw_exec_test.go#TestRawExecStartsWhereTheTaskAsks",
  rawExecRefused: "test/golden/pod-for-task/refused-raw-exec.in.yaml",
  readOnlyRoot: "test/integration/task-inside.test.ts#cannot be written in %s",
  rescheduled: "test/integration/controller.test.ts#by $name keeps Nomad's text to be read, and is replaced after 30 s",
  reservedRestart: "launcher/restart_test.go#TestRestartDecisions",
  resources: "test/unit/mapping/resources.test.ts#containerResources",
  restartFinding: "test/unit/mapping/findings.test.ts#counts kubelet's own back-off for %s",
  restartInside: "test/integration/controller.test.ts#by its own exit is restarted in place, and fails when its attempts are spent",
  rootGolden: "test/golden/pod-for-task/root-where-the-profile-allows-it.in.yaml",
  rootProfile: "test/integration/task-inside.test.ts#are root's only where the profile says so",
  rootRefused: "test/golden/pod-for-task/refused-root.in.yaml",
  runRoot: "test/unit/mapping/findings.test.ts#tells of a root that is %s",
  scaled: "test/integration/controller.test.ts#is scaled up and down by kubectl without an index being taken twice or a survivor being touched",
  secretFindings: "test/unit/mapping/findings.test.ts#findingsFor, of secrets",
  sessionRuns: "launcher/exec_faults_test.go#TestSessionRunsAsTheTask",
  shadowUnread: "test/integration/task-inside.test.ts#do not hold what is nobody's business in %s",
  shutdownDelay: "launcher/run_output_test.go#TestShutdownDelayComesBeforeTheKillSignal",
  signalNote: "test/unit/mapping/findings.test.ts#names the signal that has no process 1 to be ignored by, where the task would be process 1 on Nomad",
  signalsForwarded: "launcher/run_test.go#TestOtherSignalsAreForwarded",
  stopAlone: "launcher/run_test.go#TestStopSendsTheKillSignalToTheTaskAlone",
  taskIdentity: "launcher/run_test.go#TestTaskIdentity",
  templateAdvice: "launcher/template/bounds_test.go#TestFunctionsOfOtherServersSayWhatToDoInstead",
  templateChanges: "launcher/template_test.go#TestAChangedFileChangesTheTaskAsItsModeSays",
  templateDelimiters: "launcher/template/bounds_test.go#TestDelimitersAndMissingKeys",
  templateEnv: "launcher/template_test.go#TestEnvTemplatesAreVariablesAndFiles",
  templatePerms: "launcher/template_test.go#TestPermsAreThoseOfFilesAlone",
  templatePlaces: "launcher/template_test.go#TestTemplatesAreWrittenWhereNomadWritesThem",
  templatesGolden: "test/golden/pod-for-task/templates.in.yaml",
  templatesRender: "launcher/template/render_test.go#TestTemplatesRenderAsConsulTemplateRendersThem",
  tooLarge: "test/unit/controller/reconcile.test.ts#stalls on a task that is too large, without a pod",
  unknownCapability: "test/golden/pod-for-task/refused-unknown-capability.in.yaml",
  unknownConfig: "test/unit/cli/explain.test.ts#refuses a setting that a profile does not have: %s",
  unknownField: "test/integration/controller.test.ts#with a field that does not exist is refused, not dropped",
  unknownVolume: "test/golden/pod-for-task/refused-unknown-host-volume.in.yaml",
  userTable: "test/golden/pod-for-task/user-from-the-profile-table.in.yaml",
  users: "launcher/users/users_test.go#TestUsersAreResolved",
  volumes: "test/golden/pod-for-task/volumes.in.yaml",
  writable: "test/integration/task-inside.test.ts#can be written in %s",
  zombies: "launcher/run_test.go#TestZombiesAreReaped",
} as const satisfies Readonly<Record<string, string>>;

/** Tests that show it, or why no test does yet. */
export type Proof = readonly (keyof typeof PROOFS)[] | { readonly none: string };

/** A key whose field of ExecTask has a rule: level and words are the rule's, unless they are given. */
export type FieldRow = {
  readonly key: string;
  readonly field: keyof ExecTaskSpec;
  readonly level?: FindingLevel;
  readonly how?: string;
  readonly proof: Proof;
};

/** Any other key. */
export type PlainRow = {
  readonly key: string;
  /** What it becomes; empty: nothing. */
  readonly here: string;
  readonly level: FindingLevel;
  readonly how: string;
  readonly proof: Proof;
};

export type KeyRow = FieldRow | PlainRow;

export type KeySection = { readonly title: string; readonly about: string; readonly rows: readonly KeyRow[] };
