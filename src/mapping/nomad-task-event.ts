/**
 * @module One event of a task in Nomad's shape. Beside type, text and details each has the members that older clients read, which say the same once
 * more. Used by task-events.ts. Source: what a Nomad 1.11 agent answers.
 */
import { durationMs } from "../lib/duration.ts";
import type { NomadTaskEvent } from "../nomad/api-types.ts";

/** `time` is Unix ns. */
export type EventContent = { readonly time: number; readonly text: string; readonly details: Readonly<Record<string, string>> };

const NS_PER_MS = 1_000_000;

export function taskEvent(type: string, { time, text, details }: EventContent): NomadTaskEvent {
  const said = (name: string): string => details[name] ?? "";
  // A signal that was sent stands there by its name, which is no number.
  const number = (name: string): number => Number(details[name] ?? 0) || 0;
  return {
    Type: type, Time: time, DisplayMessage: text, Details: details,
    Message: said("message"),
    FailsTask: said("fails_task") === "true",
    RestartReason: said("restart_reason"),
    SetupError: "",
    DriverError: said("driver_error"),
    ExitCode: number("exit_code"),
    Signal: number("signal"),
    KillReason: "",
    KillTimeout: Math.round(durationMs(said("kill_timeout")) * NS_PER_MS),
    KillError: "",
    StartDelay: number("start_delay"),
    DownloadError: said("download_error"),
    ValidationError: said("validation_error"),
    DiskLimit: 0,
    FailedSibling: said("failed_sibling"),
    VaultError: "",
    TaskSignalReason: "",
    TaskSignal: "",
    DriverMessage: "",
    GenericSource: "",
  };
}
