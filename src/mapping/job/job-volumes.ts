/** @module A group's volume requests in the words of an ExecTask. Used by job-groups.ts. */
import type { ExecTask } from "../../api/exec-task.ts";
import type { Result } from "../../lib/result.ts";
import type { TaskGroup, VolumeRequest } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import { findingIf, type Mapped, mapAll, mapped, refusedAt } from "./mapped.ts";

type VolumeInput = NonNullable<ExecTask["spec"]["volumes"]>[number];

export function groupVolumes({ Volumes: volumes }: TaskGroup, path: string): Result<Mapped<readonly VolumeInput[]>, Refusal> {
  const sorted = Object.entries(volumes).sort(([a], [b]) => (a < b ? -1 : 1));
  return mapAll(sorted, ([name, request]) => volumeOf(name, request, `${path}.Volumes.${name}`));
}

function volumeOf(name: string, request: VolumeRequest, path: string): Result<Mapped<VolumeInput>, Refusal> {
  const { Type: type, Source: source, ReadOnly: readOnly } = request;
  if (type !== "host" && type !== "csi") return refusedAt(`${path}.Type`, `volume type "${type}" does not exist here; use host, a directory that the profile offers, or csi, a PersistentVolumeClaim`);
  if (request.PerAlloc) return refusedAt(`${path}.PerAlloc`, "there is one claim for all allocations here; make a group for each volume, or use a claim whose access mode lets all allocations use it");
  return mapped({ name, type, source, readOnly }, [
    ...findingIf(request.Sticky, "lost", `${path}.Sticky`, "an allocation that is placed anew takes the volume of the node that it comes to"),
    ...findingIf(
      type === "csi" && (request.AccessMode !== "" || request.AttachmentMode !== "" || request.MountOptions !== null),
      "equivalent",
      path,
      "access mode, attachment mode and mount options are those of the PersistentVolumeClaim and its StorageClass, whatever the job says",
    ),
  ]);
}
