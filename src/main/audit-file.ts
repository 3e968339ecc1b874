/** @module The audit log as a file: each line is on disk before the session that it speaks of is opened. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { AuditSink } from "../access/audit.ts";
import { err, messageOf, ok } from "../lib/result.ts";

export type AuditFile = { readonly append: AuditSink; readonly close: () => void };

/** Throws when the file cannot be opened for appending. "-" is standard output. */
export function openAuditFile(path: string): AuditFile {
  const descriptor = path === "-" ? process.stdout.fd : openSync(path, "a", 0o600);
  return {
    append: (line) => {
      try {
        writeSync(descriptor, line);
        return ok(undefined);
      } catch (error) {
        return err(messageOf(error));
      }
    },
    close: () => {
      if (path !== "-") closeSync(descriptor);
    },
  };
}
