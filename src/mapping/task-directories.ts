/** @module The directories that Nomad gives a task, and what its launcher needs, as volumes and mounts. Used by podForTask. */
import { DOCUMENT_PATH, GROUP_DIR, NODES_DIR, PAYLOAD_DIR, STATE_DIR } from "../contract/launcher-document.ts";
import { NODE_RECORDS_NAME } from "../contract/node-record.ts";
import { documentAnnotation } from "../contract/pod-metadata.ts";
import { type MappedTask, ofTask } from "./group-tasks.ts";
import { join, type Mounts, NO_MOUNTS } from "./pod-parts.ts";

const ROOT_ONLY = 0o400;

/** A volume each, /alloc alone is shared; /secrets lives in memory, as on Nomad. */
export function taskDirectories(task: MappedTask): Mounts {
  const own = { local: ofTask("local", task), tmp: ofTask("tmp", task), secrets: ofTask("secrets", task) };
  return {
    volumes: [
      ...["alloc", own.local, own.tmp].map((name) => ({ name, emptyDir: {} })),
      { name: own.secrets, emptyDir: { medium: "Memory", sizeLimit: `${task.spec.resources.secrets}Mi` } },
    ],
    volumeMounts: [
      { name: "alloc", mountPath: "/alloc" },
      { name: own.local, mountPath: "/local" },
      { name: own.tmp, mountPath: "/tmp" },
      { name: own.secrets, mountPath: "/secrets" },
    ],
  };
}

/** The document and the state, for the task's launcher and its `fetch`; the node's record where the task's texts ask for it. */
export function launcherMounts(task: MappedTask, tasks: readonly MappedTask[], nodeValues: boolean): Mounts {
  return join([documentMount(task, tasks), stateMount(task), nodeValues ? NODES : NO_MOUNTS]);
}

/** By subPath the document does not change under a running container; between two, the admission policies keep the annotation. */
function documentMount(task: MappedTask, tasks: readonly MappedTask[]): Mounts {
  const items = tasks.map(({ container, position }) => ({
    path: documentFile({ position }),
    fieldRef: { fieldPath: `metadata.annotations['${documentAnnotation(container, position)}']` },
  }));
  return {
    volumes: [{ name: "document", downwardAPI: { defaultMode: ROOT_ONLY, items } }],
    volumeMounts: [{ name: "document", mountPath: DOCUMENT_PATH, subPath: documentFile(task), readOnly: true }],
  };
}

const documentFile = ({ position }: Pick<MappedTask, "position">): string => (position === 0 ? "task.json" : `task-${position}.json`);

function stateMount(task: MappedTask): Mounts {
  const name = ofTask("state", task);
  return { volumes: [{ name, emptyDir: {} }], volumeMounts: [{ name, mountPath: STATE_DIR }] };
}

/** Optional: the launcher waits for a record that is not there yet, a pod would not even say why it does not start. */
const NODES: Mounts = {
  volumes: [{ name: "nodes", configMap: { name: NODE_RECORDS_NAME, defaultMode: ROOT_ONLY, optional: true } }],
  volumeMounts: [{ name: "nodes", mountPath: NODES_DIR, readOnly: true }],
};

/** Where the launchers of a group meet. */
export const groupMounts = (tasks: readonly MappedTask[]): Mounts =>
  tasks.length === 1 ? NO_MOUNTS : { volumes: [{ name: "group", emptyDir: {} }], volumeMounts: [{ name: "group", mountPath: GROUP_DIR }] };

/** The payload of a dispatched job, for the launcher to copy below /local. */
export function payloadMounts(task: MappedTask): Mounts {
  const { dispatchPayload } = task.spec;
  if (dispatchPayload === undefined) return NO_MOUNTS;
  const name = ofTask("payload", task);
  const { secretName, secretKey } = dispatchPayload;
  return {
    volumes: [{ name, secret: { secretName, defaultMode: ROOT_ONLY, items: [{ key: secretKey, path: "payload" }] } }],
    volumeMounts: [{ name, mountPath: PAYLOAD_DIR, readOnly: true }],
  };
}
