/**
 * @module What Nomad reads a request's body as, by the row of access's table: Go's decoder names the type where the body is of another kind.
 * A write without a row here reads no body. Used by http-app.ts. Source: behaviour of a Nomad 1.11 agent.
 */
import { goKind } from "../nomad/go-json.ts";

export type RequestType = {
  readonly type: string;
  /** No body at all is as good as `{}`. */
  readonly optional?: true;
  /** Before what is wrong with the body. */
  readonly prefix?: string;
  /** 400 unless given. */
  readonly status?: 500;
  /** The Go types of members that must not be of another kind. What is not named is looked at by whoever reads it. */
  readonly fields?: Readonly<Record<string, FieldType>>;
};

type FieldType = "string" | "bool" | "int" | "int64" | "uint64";

const JOB_ID = { JobID: "string" } as const;
const DEPLOYMENT_ID = { DeploymentID: "string" } as const;

const TOKEN = "struct { ExpirationTTL interface {}; Hash string; *structs.Alias }";
const AUTH_METHOD = "struct { MaxTokenTTL interface {}; *structs.Alias }";

export const REQUEST_TYPES: Readonly<Record<string, RequestType>> = {
  "PUT /v1/jobs": { type: "api.JobRegisterRequest" },
  "PUT /v1/job/:jobId*": { type: "api.JobRegisterRequest" },
  "PUT /v1/job/:jobId*/plan": { type: "api.JobPlanRequest" },
  "PUT /v1/validate/job": { type: "api.JobValidateRequest" },
  "PUT /v1/jobs/parse": { type: "api.JobsParseRequest" },
  "PUT /v1/jobs/statuses": { type: "structs.JobStatusesRequest" },
  "PUT /v1/job/:jobId*/dispatch": { type: "structs.JobDispatchRequest", fields: { ...JOB_ID, IdPrefixTemplate: "string", Priority: "int" } },
  "PUT /v1/job/:jobId*/evaluate": { type: "structs.JobEvaluateRequest", optional: true, fields: { ...JOB_ID } },
  "PUT /v1/job/:jobId*/revert": { type: "structs.JobRevertRequest", fields: { ...JOB_ID, JobVersion: "uint64", EnforcePriorVersion: "uint64" } },
  "PUT /v1/job/:jobId*/stable": { type: "structs.JobStabilityRequest", fields: { ...JOB_ID, JobVersion: "uint64", Stable: "bool" } },
  "PUT /v1/job/:jobId*/scale": { type: "api.ScalingRequest", fields: { Count: "int64", Message: "string", Error: "bool", JobModifyIndex: "uint64" } },
  "PUT /v1/job/:jobId*/versions/:tag/tag": { type: "api.TagVersionRequest", fields: { Name: "string", Description: "string", Version: "uint64" } },
  "PUT /v1/client/allocation/:allocId/restart": { type: "struct { TaskName string; AllTasks bool }", optional: true, status: 500, fields: { TaskName: "string", AllTasks: "bool" } },
  "PUT /v1/client/allocation/:allocId/signal": { type: "structs.AllocSignalRequest", prefix: "Failed to decode body: ", fields: { Signal: "string", Task: "string" } },
  "PUT /v1/deployment/pause/:deploymentId": { type: "structs.DeploymentPauseRequest", fields: { ...DEPLOYMENT_ID, Pause: "bool" } },
  "PUT /v1/deployment/promote/:deploymentId": { type: "structs.DeploymentPromoteRequest", fields: { ...DEPLOYMENT_ID, All: "bool" } },
  "PUT /v1/deployment/unblock/:deploymentId": { type: "structs.DeploymentUnblockRequest", fields: { ...DEPLOYMENT_ID } },
  "PUT /v1/deployment/allocation-health/:deploymentId": { type: "structs.DeploymentAllocHealthRequest", fields: { ...DEPLOYMENT_ID } },
  "PUT /v1/node/:nodeId/drain": { type: "api.NodeUpdateDrainRequest" },
  "PUT /v1/node/:nodeId/eligibility": { type: "structs.NodeUpdateEligibilityRequest", fields: { NodeID: "string", Eligibility: "string" } },
  "PUT /v1/search": { type: "structs.SearchRequest", fields: { Prefix: "string" } },
  "PUT /v1/search/fuzzy": { type: "structs.FuzzySearchRequest", fields: { Text: "string" } },
  // What is refused whatever the body says is told which namespace it is about.
  "PUT /v1/namespace": { type: "structs.Namespace", optional: true },
  "PUT /v1/namespace/:namespace": { type: "structs.Namespace", optional: true },
  "PUT /v1/acl/bootstrap": { type: "structs.ACLTokenBootstrapRequest", optional: true, prefix: "failed to decode request body: " },
  "PUT /v1/acl/policy/:policy": { type: "structs.ACLPolicy", fields: { Name: "string", Description: "string", Rules: "string" } },
  "PUT /v1/acl/token": { type: TOKEN },
  "PUT /v1/acl/token/:accessorId": { type: TOKEN },
  "PUT /v1/acl/role": { type: "structs.ACLRole", fields: { ID: "string", Name: "string", Description: "string" } },
  "PUT /v1/acl/role/:roleId": { type: "structs.ACLRole", fields: { ID: "string", Name: "string", Description: "string" } },
  "PUT /v1/acl/auth-method": { type: AUTH_METHOD },
  "PUT /v1/acl/auth-method/:method": { type: AUTH_METHOD },
  "PUT /v1/acl/binding-rule": { type: "structs.ACLBindingRule" },
  "PUT /v1/acl/binding-rule/:ruleId": { type: "structs.ACLBindingRule" },
  "PUT /v1/acl/login": { type: "structs.ACLLoginRequest", fields: { AuthMethodName: "string", LoginToken: "string" } },
  "PUT /v1/acl/oidc/auth-url": { type: "structs.ACLOIDCAuthURLRequest" },
  "PUT /v1/acl/oidc/complete-auth": { type: "structs.ACLOIDCCompleteAuthRequest" },
};

/** What Go's decoder says of a member that is of another kind than its field; undefined where all are as they must be. */
export function fieldProblem({ type, fields = {} }: RequestType, body: Readonly<Record<string, unknown>>): string | undefined {
  const struct = type.startsWith("struct ") ? "" : type.slice(type.lastIndexOf(".") + 1);
  for (const [name, wanted] of Object.entries(fields)) {
    const value = body[name.toLowerCase()];
    if (value === undefined || value === null || isOf(value, wanted)) continue;
    const what = typeof value === "number" && wanted !== "string" && wanted !== "bool" ? `number ${value}` : goKind(value);
    return `json: cannot unmarshal ${what} into Go struct field ${struct}.${name} of type ${wanted}`;
  }
  return undefined;
}

function isOf(value: unknown, wanted: FieldType): boolean {
  if (wanted === "string") return typeof value === "string";
  if (wanted === "bool") return typeof value === "boolean";
  return Number.isSafeInteger(value) && (wanted !== "uint64" || (value as number) >= 0);
}
