/** @module A certificate for 127.0.0.1 that is its own CA, for the tests of logins. */
// The certificate library fails at import without it.
// oxlint-disable-next-line no-unassigned-import
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

export async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=issuer",
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2100-01-01"),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString("pem") };
}
