/** @module SHA-256 for the pure rooms, which get it as a parameter. Used by the controller and by `explain`; and for names of ACL objects. */
import { createHash } from "node:crypto";

/** In hexadecimal. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
