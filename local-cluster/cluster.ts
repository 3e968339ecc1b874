/** @module What a local cluster offers to `up`, `down`, the demo and the tests. */
export { bootCluster } from "./boot.ts";
export { downCluster } from "./down.ts";
export { bootKind, downKind, kindAvailable } from "./kind.ts";
export { preflight } from "./preflight.ts";
export type { ProgramImages } from "./program-image.ts";
