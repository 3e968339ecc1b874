/** @module The options of `nomad-bridge server`, and its help. */

export const SERVER_HELP = `Usage: nomad-bridge server [options]

  Runs the controller and Nomad's HTTP API against one Kubernetes cluster, until SIGINT or SIGTERM.

Options:

  --kubeconfig=<path>         Where the API server is, and its CA. Required.
  --controller-token=<path>   File with a token of service account nomad-bridge/controller. Required.
  --bridge-token=<path>       File with a token of service account nomad-bridge/bridge. Required.
                              Each is needed to start; the server then renews it by itself.
  --launcher-image=<name>     Image that tasks run in. Required.
  --fetch-image=<name>        Image that brings their artifacts. Required.
  --listen=<host:port>        Where to serve Nomad's API. Default: 127.0.0.1:4646
  --tls-cert=<path>           Certificate, PEM. Required.
  --tls-key=<path>            Its key, PEM. Required.
  --tls-client-ca=<path>      Ask every client for a certificate that this CA signed.
  --audit-log=<path>          Where exec sessions are recorded; "-" is standard output. Default: -
  --no-acl                    Let everyone do everything. Never outside a test.

Example:

  nomad-bridge server --kubeconfig=cluster.yaml --controller-token=controller.token --bridge-token=bridge.token \\
    --launcher-image=registry.example/launcher:1 --fetch-image=registry.example/fetch:1 --tls-cert=bridge.pem --tls-key=bridge-key.pem
`;

export const SERVER_OPTIONS = {
  kubeconfig: { type: "string" },
  "controller-token": { type: "string" },
  "bridge-token": { type: "string" },
  "launcher-image": { type: "string" },
  "fetch-image": { type: "string" },
  listen: { type: "string", default: "127.0.0.1:4646" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-client-ca": { type: "string" },
  "audit-log": { type: "string", default: "-" },
  "no-acl": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;
