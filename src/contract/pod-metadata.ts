/** @module Labels, annotations and the name prefix of the pods we make. Used by mapping, controller, bridge and the admission policies. */

export const GROUP = "nomad-bridge.dev";

export const LABEL = {
  /** On namespaces: "true" lets us manage pods there. On pods: marks ours. */
  managed: `${GROUP}/managed`,
  /** Ties a pod to its group, for selectors; the owner reference is the truth. */
  task: `${GROUP}/exec-task`,
  index: `${GROUP}/alloc-index`,
} as const;

export const ANNOTATION = {
  namespace: `${GROUP}/namespace`,
  jobId: `${GROUP}/job-id`,
  group: `${GROUP}/group`,
  task: `${GROUP}/task`,
  /** The BridgeConfig profile that the pod was made under. */
  profile: `${GROUP}/profile`,
  /** Zero-based job version the pod was made for. */
  jobVersion: `${GROUP}/job-version`,
  /** SHA-256 over everything in the spec that changes what runs: count is not part of it. */
  specHash: `${GROUP}/spec-hash`,
  /** The pod's tasks in the group's order, JSON: PodTask[]. Absent: one task, of the name in `task`. */
  tasks: `${GROUP}/tasks`,
  /** The allocation's ports in the job's order, JSON: PodPort[]. Absent: it has none. */
  ports: `${GROUP}/ports`,
  /** How many nodes a job's constraints left out when the pod was made, by Nomad's reason, JSON. Absent: none. */
  leftOut: `${GROUP}/left-out`,
  /** The launcher's document of the pod's first task, JSON; those of others are under documentAnnotation. */
  launcher: `${GROUP}/launcher`,
  /** The protocol that the pod's launcher speaks. */
  launcherProtocol: `${GROUP}/launcher-protocol`,
  /** Whether the pod was made as a canary of its deployment: "true". Its deployment may promote it later; the annotation stays. */
  canary: `${GROUP}/canary`,
  /** UID of the pod that this one replaces. */
  previousAllocation: `${GROUP}/previous-allocation`,
  /** Resource version of the job when the pod was made: Nomad's CreateIndex of the allocation, which the pod's own versions leave behind. */
  createIndex: `${GROUP}/create-index`,
  /** On a pod that was stopped and is kept to be read: why, in Nomad's words. Its allocation is complete, whatever Kubernetes calls its phase. */
  stopped: `${GROUP}/stopped`,
  /** What users have done to the pod's tasks: TaskMarks, JSON. */
  taskMarks: `${GROUP}/task-marks`,
  /** On a Service of ours: the name that the job gives it. */
  service: `${GROUP}/service`,
  /** On a NomadJob or an ExecTask: JobRequests, JSON. */
  requests: `${GROUP}/requests`,
  /** On a child of a periodic or parameterized NomadJob: the ID of its parent. */
  parent: `${GROUP}/parent`,
  /** On a NomadJob: accessor ID of the token that submitted it. */
  submitter: `${GROUP}/submitted-by`,
  /** How often this index was replaced after a failure: feeds the reschedule delay. */
  reschedules: `${GROUP}/reschedules`,
  /** When this allocation and those before it were placed after a failure: epoch ms, separated by commas. */
  rescheduleTimes: `${GROUP}/reschedule-times`,
  /** On a pod of a system or sysbatch job: the node that it is for, known before Kubernetes has placed it. */
  node: `${GROUP}/node`,
} as const;

/** Every pod of ours begins with this, and no other pod does: the admission policies hold both ways. */
export const POD_NAME_PREFIX = "nb-";

/** One task of a pod, as the annotation `tasks` lists it. */
export type PodTask = { readonly task: string; readonly container: string; readonly hook: "" | "prestart" | "poststart" | "poststop"; readonly sidecar: boolean };

/**
 * One labelled port of an allocation, as the annotation `ports` lists it. The task listens on `port`, at the pod's address; `hostPort` is where
 * the node passes it on, 0: nowhere. `task`: of a task's own network block.
 */
export type PodPort = { readonly label: string; readonly port: number; readonly hostPort: number; readonly task?: string };

/** Where a container's document is; the first task's has the plain name. */
export const documentAnnotation = (container: string, position: number): string =>
  position === 0 ? ANNOTATION.launcher : `${ANNOTATION.launcher}-${container}`;
