/** @module The local cluster's front door: everything `up`, `down`, the demo and the tests may use. */
export { bootCluster, type BootOptions, type Cluster } from "./boot.ts";
export { buildBinaries } from "./build-binaries.ts";
export { downCluster } from "./down.ts";
export { importImage } from "./import-image.ts";
export { buildLauncher, buildLauncherImage } from "./launcher-image.ts";
export { bootKind, downKind, kindAvailable } from "./kind.ts";
export { DEFAULT_CLUSTER_DIR } from "./layout.ts";
export { leftovers } from "./leftovers.ts";
export { preflight } from "./preflight.ts";
