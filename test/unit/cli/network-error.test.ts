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
    { what: "anything else", error: new Error("getaddrinfo ENOTFOUND nomad.example"), text: "getaddrinfo ENOTFOUND nomad.example" },
    { what: "something thrown that is no error", error: "odd", text: "odd" },
  ])("tells $what", ({ error, text }) => {
    expect(networkError(error)).toBe(text);
  });
});
