/** @module What the global setup of the integration tests gives to every test file, through vitest's inject("bridge"). */

/** A bridge that serves a real cluster, and the means to change that cluster. All paths are absolute. */
export type BridgeUnderTest = {
  /** URL of the bridge, as in NOMAD_ADDR. */
  readonly addr: string;
  /** PEM of the CA that signed the bridge's certificate, as in NOMAD_CACERT. */
  readonly caFile: string;
  /** Secret of a management token. */
  readonly token: string;
  /** An administrator's. */
  readonly kubeconfig: string;
  /** The program. */
  readonly kubectl: string;
  readonly checkout: string;
  /** Where this run of the tests keeps its state and logs. */
  readonly dir: string;
};

declare module "vitest" {
  interface ProvidedContext {
    bridge: BridgeUnderTest;
  }
}
