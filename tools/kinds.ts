/** @module The kinds of nomad-bridge.dev/v1alpha1 with what their CRDs need beside the spec's schema. Used by the generators. */
import * as z from "zod";
import { aclAuthMethodSpec, aclBindingRuleSpec, aclPolicySpec, aclRoleSpec, aclTokenSpec } from "../src/api/acl.ts";
import { bridgeConfigSpec } from "../src/api/bridge-config.ts";
import { execTaskSpec } from "../src/api/exec-task.ts";
import { dispatchPayloadSpec, jobSubmissionSpec } from "../src/api/job-texts.ts";
import { nomadJobSpec } from "../src/api/nomad-job.ts";

export type KindDefinition = {
  readonly kind: string;
  readonly plural: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly shortNames?: readonly string[];
  readonly spec: z.ZodType;
  readonly status?: z.ZodType;
  readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath: string };
  readonly columns: readonly { readonly name: string; readonly type: string; readonly jsonPath: string; readonly priority?: number; readonly description?: string }[];
  /** CEL over the whole object. */
  readonly rules?: readonly { readonly rule: string; readonly message: string }[];
  readonly about: string;
};

const condition = z.object({
  type: z.string().max(316),
  status: z.enum(["True", "False", "Unknown"]),
  observedGeneration: z.int().min(0).optional(),
  lastTransitionTime: z.string().meta({ format: "date-time" }),
  reason: z.string().max(1024),
  message: z.string().max(32_768),
});

const conditions = z
  .array(condition)
  .max(16)
  .optional()
  .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] });

const execTaskStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec that this status speaks of."),
  summary: z.string().max(32).optional().describe("Ready and desired allocations, for kubectl's table."),
  desired: z.int().min(0).max(100_000).optional().describe("Allocations asked for."),
  ready: z.int().min(0).max(100_000).optional().describe("Allocations that are ready."),
  running: z.int().min(0).max(100_000).optional().describe("Allocations that exist and have not ended."),
  failed: z.int().min(0).max(100_000).optional().describe("Failed allocations that are still kept."),
  allocations: z.array(z.string().max(64)).max(10).optional().describe("IDs of live allocations, ten at most."),
  selector: z.string().max(256).optional().describe("Label selector of the pods, for the scale sub-resource."),
  conditions,
  findings: z
    .array(z.object({ level: z.enum(["same", "equivalent", "weaker", "lost", "decision"]), path: z.string().max(253), message: z.string().max(1024) }))
    .max(20)
    .optional()
    .describe("What running here changes for this task."),
});

const findings = z
  .array(z.object({ level: z.enum(["same", "equivalent", "weaker", "lost", "decision"]), path: z.string().max(253), message: z.string().max(1024) }))
  .max(20)
  .optional();

/** Atomic: of a map whose last member goes, server-side apply would leave null, which the schema refuses. */
const opaque = z.record(z.string(), z.unknown()).meta({ "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic" }).optional();
const count = z.int().min(0).max(1_000_000);

const nomadJobStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec that this status speaks of."),
  jobModifyIndex: z.string().max(32).optional().describe("Resource version of the object when its spec was last changed."),
  createIndex: z.string().max(32).optional().describe("Resource version of the object when its first version was seen."),
  state: z.enum(["pending", "running", "dead"]).optional().describe("Nomad's status of the job."),
  description: z.string().max(1024).optional().describe("Why, where there is more to say."),
  summary: z.string().max(32).optional().describe("Ready and desired allocations, for kubectl's table."),
  groups: z
    .record(z.string(), z.object({ queued: count, starting: count, running: count, complete: count, failed: count, lost: count, unknown: count }))
    .meta({ maxProperties: 1000 })
    .optional()
    .describe("Allocations of each group."),
  deployment: opaque.describe("The job's newest deployment."),
  memory: opaque.describe("What the controller must remember of groups beyond the pods that exist."),
  stableVersion: z.int().min(0).optional().describe("The newest version that was deployed with success."),
  children: z.object({ pending: count, running: count, dead: count }).optional().describe("Children of a periodic or parameterized job."),
  lastLaunch: z.string().max(64).optional().describe("When a periodic job was launched last."),
  allocations: z.array(z.string().max(64)).max(10).optional().describe("IDs of live allocations, ten at most."),
  conditions,
  findings: findings.describe("What running here changes for this job."),
});

export const KINDS: readonly KindDefinition[] = [
  {
    kind: "ExecTask",
    plural: "exectasks",
    scope: "Namespaced",
    shortNames: ["nbtask"],
    about: "One Nomad exec-driver task. Its job ID, group and task name are the object's name.",
    spec: execTaskSpec,
    status: execTaskStatus,
    scale: { specReplicasPath: ".spec.count", statusReplicasPath: ".status.running", labelSelectorPath: ".status.selector" },
    columns: [
      { name: "Ready", type: "string", jsonPath: ".status.summary", description: "Ready and desired allocations" },
      { name: "Accepted", type: "string", jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      { name: "Command", type: "string", jsonPath: ".spec.command", priority: 1 },
      { name: "Allocations", type: "string", jsonPath: ".status.allocations", priority: 1 },
    ],
  },
  {
    kind: "NomadJob",
    plural: "nomadjobs",
    scope: "Namespaced",
    shortNames: ["nbjob"],
    about: "A whole Nomad job, lossless: what `nomad job run` writes. Its version is the object's generation, less one.",
    spec: nomadJobSpec,
    status: nomadJobStatus,
    columns: [
      { name: "Job", type: "string", jsonPath: ".spec.id" },
      { name: "Type", type: "string", jsonPath: ".spec.type" },
      { name: "Priority", type: "integer", jsonPath: ".spec.priority" },
      { name: "Status", type: "string", jsonPath: ".status.state" },
      { name: "Ready", type: "string", jsonPath: ".status.summary", description: "Ready and desired allocations" },
      { name: "Accepted", type: "string", jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
  {
    kind: "JobSubmission",
    plural: "jobsubmissions",
    scope: "Namespaced",
    about: "The source of one version of a NomadJob, as its submitter sent it: values of variables may stand in it. Written by the bridge.",
    spec: jobSubmissionSpec,
    columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
  },
  {
    kind: "DispatchPayload",
    plural: "dispatchpayloads",
    scope: "Namespaced",
    about: "The payload of a dispatched NomadJob. Written by the bridge.",
    spec: dispatchPayloadSpec,
    columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
  },
  {
    kind: "BridgeConfig",
    plural: "bridgeconfigs",
    scope: "Cluster",
    about: 'What Nomad keeps in client and plugin configuration. One object, named "default".',
    spec: bridgeConfigSpec,
    columns: [
      { name: "Region", type: "string", jsonPath: ".spec.region" },
      { name: "Profiles", type: "string", jsonPath: ".spec.profiles[*].name" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
    rules: [{ rule: "self.metadata.name == 'default'", message: 'there is one BridgeConfig, and its name is "default"' }],
  },
  {
    kind: "ACLPolicy",
    plural: "aclpolicies",
    scope: "Cluster",
    about: "A Nomad ACL policy. Written by the bridge for `nomad acl policy apply`.",
    spec: aclPolicySpec,
    columns: [
      { name: "Policy", type: "string", jsonPath: ".spec.name" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
  {
    kind: "ACLToken",
    plural: "acltokens",
    scope: "Cluster",
    about: "A Nomad ACL token: the hash of its secret, never the secret.",
    spec: aclTokenSpec,
    columns: [
      { name: "Type", type: "string", jsonPath: ".spec.type" },
      { name: "Name", type: "string", jsonPath: ".spec.name" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
  {
    kind: "ACLRole",
    plural: "aclroles",
    scope: "Cluster",
    about: "A Nomad ACL role: a set of policies that tokens can have by one name.",
    spec: aclRoleSpec,
    columns: [
      { name: "Role", type: "string", jsonPath: ".spec.name" },
      { name: "Policies", type: "string", jsonPath: ".spec.policies" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
  {
    kind: "ACLAuthMethod",
    plural: "aclauthmethods",
    scope: "Cluster",
    about: "How people and machines get a token of Nomad's ACLs by another proof: a JWT, or an OIDC provider.",
    spec: aclAuthMethodSpec,
    columns: [
      { name: "Type", type: "string", jsonPath: ".spec.type" },
      { name: "Default", type: "boolean", jsonPath: ".spec.default" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
  {
    kind: "ACLBindingRule",
    plural: "aclbindingrules",
    scope: "Cluster",
    about: "What someone who has come by an ACLAuthMethod gets.",
    spec: aclBindingRuleSpec,
    columns: [
      { name: "Method", type: "string", jsonPath: ".spec.authMethod" },
      { name: "Bind", type: "string", jsonPath: ".spec.bindType" },
      { name: "Name", type: "string", jsonPath: ".spec.bindName" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  },
];
