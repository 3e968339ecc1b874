/**
 * @module What a task of a test has seen, and that it has begun. A task is running before its first command has run, on a busy machine long
 * before: so both are files that are there only when they are whole, and whoever reads them waits.
 */
import { inTask } from "./nomad.ts";

const DATA = '"$NOMAD_ALLOC_DIR"/data';

/** For the task's script: keeps what `look` prints. */
export const seeing = (look: string): string => `{ ${look}; } > ${DATA}/seen.new 2>&1; mv ${DATA}/seen.new ${DATA}/seen`;

/** For the script of a session: the text of a file that is written in one go. */
export const textOf = (file: string): string => `until [ -s ${file} ]; do sleep 0.1; done; cat ${file}`;

export const seenBy = async (alloc: string, task: string): Promise<string> => await inTask(alloc, task, textOf(`${DATA}/seen`));

/** For the task's script, behind its traps. */
export const BEGUN = `echo begun > ${DATA}/begun`;

/** That one task of the allocation has begun: it hears signals from now on. */
export async function hasBegun(alloc: string, task: string): Promise<void> {
  await inTask(alloc, task, textOf(`${DATA}/begun`));
}
