/** @module Which server, token and TLS files the options and variables lead to. */
import { describe, expect, it } from "vitest";
import { settingsFrom, wantsColor, type Env, type GeneralFlags } from "../../../src/cli/settings.ts";

const NOTHING = {
  origin: "http://127.0.0.1:4646",
  socketPath: undefined,
  region: "",
  namespace: "",
  token: "",
  basicAuth: "",
  tls: { caCert: "", caPath: "", clientCert: "", clientKey: "", serverName: "", skipVerify: false },
};

describe("settingsFrom", () => {
  it("reaches the local agent when nothing is said", () => {
    expect(settingsFrom({}, {})).toEqual({ ok: true, value: NOTHING });
  });

  it.each([
    { flag: "region", variable: "NOMAD_REGION", at: "region" },
    { flag: "namespace", variable: "NOMAD_NAMESPACE", at: "namespace" },
    { flag: "token", variable: "NOMAD_TOKEN", at: "token" },
    { flag: "ca-cert", variable: "NOMAD_CACERT", at: "tls.caCert" },
    { flag: "ca-path", variable: "NOMAD_CAPATH", at: "tls.caPath" },
    { flag: "client-cert", variable: "NOMAD_CLIENT_CERT", at: "tls.clientCert" },
    { flag: "client-key", variable: "NOMAD_CLIENT_KEY", at: "tls.clientKey" },
    { flag: "tls-server-name", variable: "NOMAD_TLS_SERVER_NAME", at: "tls.serverName" },
  ])("takes -$flag before $variable, and an empty flag as none", ({ flag, variable, at }) => {
    const env = { [variable]: "from-env" };
    expect(settingsFrom({}, env)).toHaveProperty(`value.${at}`, "from-env");
    expect(settingsFrom({ [flag]: "from-flag" }, env)).toHaveProperty(`value.${at}`, "from-flag");
    expect(settingsFrom({ [flag]: "" }, env)).toHaveProperty(`value.${at}`, "from-env");
  });

  it.each([
    { address: "https://nomad.example:4646", origin: "https://nomad.example:4646", socketPath: undefined, basicAuth: "" },
    { address: "http://[::1]:80/ui", origin: "http://[::1]", socketPath: undefined, basicAuth: "" },
    { address: "https://ann:p%40ss@nomad.example", origin: "https://nomad.example", socketPath: undefined, basicAuth: "ann:p@ss" },
    { address: "https://ann@nomad.example", origin: "https://nomad.example", socketPath: undefined, basicAuth: "ann" },
    { address: "unix:///run/nomad.sock", origin: "http://localhost", socketPath: "/run/nomad.sock", basicAuth: "" },
  ])("dials $address", ({ address, ...expected }) => {
    expect(settingsFrom({ address }, { NOMAD_ADDR: "http://unused" })).toEqual({ ok: true, value: { ...NOTHING, ...expected } });
    expect(settingsFrom({}, { NOMAD_ADDR: address })).toEqual({ ok: true, value: { ...NOTHING, ...expected } });
  });

  it.each(["127.0.0.1:4646", "nomad", "ftp://nomad"])("refuses the address %s and says what to write", (address) => {
    expect(settingsFrom({ address }, {})).toEqual({ ok: false, error: expect.stringMatching(`^invalid address '${address}': .*https://`) });
  });

  it("does not repeat the password of an address it refuses", () => {
    const refused = settingsFrom({ address: "https://ann:secret%zz@nomad.example" }, {});
    expect(refused).toEqual({ ok: false, error: expect.stringContaining("https://nomad.example") });
    expect(JSON.stringify(refused)).not.toContain("secret");
  });

  it("takes NOMAD_HTTP_AUTH before the address's own user", () => {
    expect(settingsFrom({ address: "http://a:b@c" }, { NOMAD_HTTP_AUTH: "x:y" })).toHaveProperty("value.basicAuth", "x:y");
  });

  it.each<{ flags: GeneralFlags; env: Env; skip: boolean }>([
    { flags: { "tls-skip-verify": true }, env: {}, skip: true },
    { flags: { "tls-skip-verify": false }, env: { NOMAD_SKIP_VERIFY: "true" }, skip: true },
    { flags: {}, env: { NOMAD_SKIP_VERIFY: "1" }, skip: true },
    { flags: {}, env: { NOMAD_SKIP_VERIFY: "0" }, skip: false },
    { flags: {}, env: { NOMAD_SKIP_VERIFY: "perhaps" }, skip: false },
  ])("skips verification: $skip for $flags and $env", ({ flags, env, skip }) => {
    expect(settingsFrom(flags, env)).toHaveProperty("value.tls.skipVerify", skip);
  });
});

describe("wantsColor", () => {
  it.each<{ flags: GeneralFlags; env: Env; terminal: boolean; color: boolean }>([
    { flags: {}, env: {}, terminal: true, color: true },
    { flags: {}, env: {}, terminal: false, color: false },
    { flags: { "no-color": true }, env: {}, terminal: true, color: false },
    { flags: {}, env: { NOMAD_CLI_NO_COLOR: "1" }, terminal: true, color: false },
    { flags: {}, env: { NO_COLOR: "1" }, terminal: true, color: false },
    { flags: {}, env: { NOMAD_CLI_NO_COLOR: "" }, terminal: true, color: true },
    { flags: { "force-color": true }, env: {}, terminal: false, color: true },
    { flags: {}, env: { NOMAD_CLI_FORCE_COLOR: "1" }, terminal: false, color: true },
    { flags: { "force-color": true, "no-color": true }, env: {}, terminal: true, color: false },
  ])("is $color for $flags, $env, terminal $terminal", ({ flags, env, terminal, color }) => {
    expect(wantsColor(flags, env, terminal)).toBe(color);
  });
});
