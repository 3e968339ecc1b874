/** @module The audit log as a file: each line is written whole before the session that it speaks of is opened. A crash of this process loses none. */
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
        writeWhole(descriptor, Buffer.from(line));
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

/** A full disk may take a part of a line and report no error. */
function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
}
