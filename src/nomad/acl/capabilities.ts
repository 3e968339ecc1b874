/**
 * @module The capabilities of Nomad's ACL, and what each `policy` word stands for. Used by parse-policy.ts and access.
 * Source: developer.hashicorp.com/nomad/docs/other-specifications/acl-policy
 */

export const NAMESPACE_CAPABILITIES = [
  "deny", "list-jobs", "parse-job", "read-job", "submit-job", "dispatch-job", "read-logs", "read-fs", "alloc-exec", "alloc-node-exec",
  "alloc-lifecycle", "sentinel-override", "csi-register-plugin", "csi-write-volume", "csi-read-volume", "csi-list-volume", "csi-mount-volume",
  "host-volume-create", "host-volume-register", "host-volume-read", "host-volume-write", "host-volume-delete", "list-scaling-policies",
  "read-scaling-policy", "read-job-scaling", "scale-job", "submit-recommendation", "register-job", "revert-job", "deregister-job", "purge-job",
  "evaluate-job", "plan-job", "tag-job-version", "stable-job", "fail-deployment", "pause-deployment", "promote-deployment",
  "unblock-deployment", "cancel-deployment", "set-alloc-health-deployment", "gc-allocation", "pause-allocation", "force-periodic-job",
  "delete-service-registration",
] as const;
export const VARIABLE_CAPABILITIES = ["deny", "list", "read", "write", "destroy"] as const;
export const NODE_POOL_CAPABILITIES = ["deny", "delete", "read", "write"] as const;
export const HOST_VOLUME_CAPABILITIES = ["deny", "mount-readonly", "mount-readwrite"] as const;
export const OPERATOR_CAPABILITIES = ["deny", "license-read", "snapshot-save", "keyring-read", "keyring-rotate", "keyring-delete"] as const;

export type NamespaceCapability = (typeof NAMESPACE_CAPABILITIES)[number];
export type VariableCapability = (typeof VARIABLE_CAPABILITIES)[number];
export type NodePoolCapability = (typeof NODE_POOL_CAPABILITIES)[number];
export type HostVolumeCapability = (typeof HOST_VOLUME_CAPABILITIES)[number];
export type OperatorCapability = (typeof OPERATOR_CAPABILITIES)[number];

/** What a `policy` word, or a capability, brings with it. */
type Expansion<C extends string> = Readonly<Record<string, readonly C[]>>;

/** The capabilities one kind of rule may name, the `policy` words it may use, and what both stand for. */
export type Vocabulary<C extends string> = {
  readonly capabilities: readonly C[];
  readonly policies: Expansion<C>;
  readonly implies: Expansion<C>;
};

const NAMESPACE_READ = [
  "list-jobs", "parse-job", "read-job", "csi-list-volume", "csi-read-volume", "read-job-scaling", "list-scaling-policies",
  "read-scaling-policy", "host-volume-read",
] as const;

export const NAMESPACE_VOCABULARY: Vocabulary<NamespaceCapability> = {
  capabilities: NAMESPACE_CAPABILITIES,
  policies: {
    deny: ["deny"],
    read: NAMESPACE_READ,
    scale: ["list-scaling-policies", "read-scaling-policy", "read-job-scaling", "scale-job", "read-job", "submit-recommendation"],
    write: [
      ...NAMESPACE_READ, "scale-job", "submit-job", "dispatch-job", "read-logs", "read-fs", "alloc-exec", "alloc-lifecycle",
      "csi-mount-volume", "csi-write-volume", "submit-recommendation", "host-volume-create",
    ],
  },
  implies: {
    "host-volume-write": ["host-volume-register", "host-volume-create", "host-volume-delete", "host-volume-read"],
    "host-volume-register": ["host-volume-create", "host-volume-read"],
    "host-volume-create": ["host-volume-read"],
  },
};

/** A namespace's `policy` word says nothing about variables, so there is no word here. */
export const VARIABLE_VOCABULARY: Vocabulary<VariableCapability> = {
  capabilities: VARIABLE_CAPABILITIES,
  policies: {},
  implies: { read: ["list"] },
};

export const NODE_POOL_VOCABULARY: Vocabulary<NodePoolCapability> = {
  capabilities: NODE_POOL_CAPABILITIES,
  policies: { deny: ["deny"], read: ["read"], write: ["delete", "read", "write"] },
  implies: {},
};

export const HOST_VOLUME_VOCABULARY: Vocabulary<HostVolumeCapability> = {
  capabilities: HOST_VOLUME_CAPABILITIES,
  policies: { deny: ["deny"], read: ["mount-readonly"], write: ["mount-readonly", "mount-readwrite"] },
  implies: {},
};

export const OPERATOR_VOCABULARY: Vocabulary<OperatorCapability> = {
  capabilities: OPERATOR_CAPABILITIES,
  policies: {
    deny: ["deny"],
    read: ["license-read", "keyring-read"],
    write: ["license-read", "keyring-read", "snapshot-save", "keyring-rotate", "keyring-delete"],
  },
  implies: {},
};

/** Everything a rule grants, each once, in the order first named. `deny` leaves nothing but itself. */
export function expandCapabilities<C extends string>(vocabulary: Vocabulary<C>, policy: string, named: readonly C[]): readonly C[] {
  const granted = new Set<C>([...(vocabulary.policies[policy] ?? []), ...named]);
  for (const capability of granted) for (const implied of vocabulary.implies[capability] ?? []) granted.add(implied);
  const denied = [...granted].filter((capability) => capability === "deny");
  return denied.length > 0 ? denied : [...granted];
}
