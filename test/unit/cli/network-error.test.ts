/** @module What is said about a connection that failed. */
import { describe, expect, it } from "vitest";
import { networkError } from "../../../src/cli/network-error.ts";

const refused = (fields: object): Error => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", ...fields });
const v4 = refused({ address: "127.0.0.1", port: 4646 });
const v6 = refused({ address: "::1", port: 4646 });

describe("networkError", () => {
  it.each([
    { what: "a refused connection", error: v4, text: "dial tcp 127.0.0.1:4646: connect: connection refused" },
    { what: "a refused IPv6 connection", error: v6, text: "dial tcp [::1]:4646: connect: connection refused" },
    { what: "a refused unix socket", error: refused({ address: "/run/nomad.sock" }), text: "dial unix /run/nomad.sock: connect: connection refused" },
    {
      what: "all addresses of a name",
      error: new AggregateError([v6, v4]),
      text: "dial tcp [::1]:4646: connect: connection refused; dial tcp 127.0.0.1:4646: connect: connection refused",
    },
    { what: "a name that nobody knows", error: Object.assign(new Error("getaddrinfo ENOTFOUND nomad.example"), { code: "ENOTFOUND", hostname: "nomad.example" }), text: "dial tcp: lookup nomad.example: no such host" },
    { what: "an unknown authority", error: Object.assign(new Error("unable to verify the first certificate"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }), text: "tls: failed to verify certificate: x509: certificate signed by unknown authority" },
    { what: "plain HTTP in answer to TLS", error: new Error("write EPROTO 40ED:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:x.c:77:\n"), text: "http: server gave HTTP response to HTTPS client" },
    { what: "a connection that was closed", error: new Error("socket hang up"), text: "EOF" },
    { what: "anything else", error: new Error("write EPIPE"), text: "write EPIPE" },
    { what: "something thrown that is no error", error: "odd", text: "odd" },
  ])("tells $what", ({ error, text }) => {
    expect(networkError(error)).toBe(text);
  });
});
