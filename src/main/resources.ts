/** @module The kinds we read and write, as the Kubernetes room wants them named. */
import type { Resource } from "../kubernetes/types.ts";

const ours = (kind: string, plural: string, namespaced: boolean): Resource => ({ group: "nomad-bridge.dev", version: "v1alpha1", plural, kind, namespaced });
const core = (kind: string, plural: string, namespaced: boolean): Resource => ({ group: "", version: "v1", plural, kind, namespaced });

export const RESOURCES = {
  execTasks: ours("ExecTask", "exectasks", true),
  nomadJobs: ours("NomadJob", "nomadjobs", true),
  jobSubmissions: ours("JobSubmission", "jobsubmissions", true),
  dispatchPayloads: ours("DispatchPayload", "dispatchpayloads", true),
  bridgeConfigs: ours("BridgeConfig", "bridgeconfigs", false),
  aclPolicies: ours("ACLPolicy", "aclpolicies", false),
  aclTokens: ours("ACLToken", "acltokens", false),
  aclRoles: ours("ACLRole", "aclroles", false),
  aclAuthMethods: ours("ACLAuthMethod", "aclauthmethods", false),
  aclBindingRules: ours("ACLBindingRule", "aclbindingrules", false),
  pods: core("Pod", "pods", true),
  nodes: core("Node", "nodes", false),
  namespaces: core("Namespace", "namespaces", false),
  services: core("Service", "services", true),
  endpointSlices: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice", namespaced: true },
  secrets: core("Secret", "secrets", true),
  controllerRevisions: { group: "apps", version: "v1", plural: "controllerrevisions", kind: "ControllerRevision", namespaced: true },
  configMaps: core("ConfigMap", "configmaps", true),
} as const;
