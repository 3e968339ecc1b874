/** @module SHA-256, for the hashes of secrets, and for the pure rooms, which get it as a parameter. The one of controller, bridge and commands. */
import { createHash } from "node:crypto";

/** In hexadecimal. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
