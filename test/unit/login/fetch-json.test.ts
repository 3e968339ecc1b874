import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ensureBridgeCertificate } from "../../../local-cluster/pki.ts";
import { fetchJson } from "../../../src/main/login/fetch-json.ts";

it("asks an issuer over HTTP/1.1, also one that speaks HTTP/2: there a form that is given up could hang the server", async () => {
  const dir = mkdtempSync(join(tmpdir(), "nb-issuer-"));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1"], new Date());
  const pem = readFileSync(leaf, "utf8");
  const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: true }, (request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ version: request.httpVersion }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address() as AddressInfo;
    expect(await fetchJson(`https://127.0.0.1:${port}/token`, { ca: [readFileSync(ca, "utf8")], form: { code: "c" } })).toEqual({ ok: true, value: { version: "1.1" } });
  } finally {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
