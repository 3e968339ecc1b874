/** @module Certificates of one cluster, made once and reused: a CA for Kubernetes, another for etcd, and a leaf for each caller and server. */
// The certificate library fails at import without it.
// oxlint-disable-next-line no-unassigned-import
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
const LEAF_DAYS = 365;
/** A leaf with less than this left is made anew at boot. */
const RENEW_DAYS = 30;

type CaName = "ca" | "etcd-ca" | "bridge-ca";
type Leaf = { readonly name: string; readonly ca: Exclude<CaName, "bridge-ca">; readonly subject: string; readonly hosts: readonly string[] };
type Authority = { readonly certificate: x509.X509Certificate; readonly key: CryptoKey };

/** The PEM files of `dir`/pki. A leaf's file holds both its key and its certificate, so that the two can never disagree. */
export type PkiPaths = ReturnType<typeof pkiPaths>;

export function pkiPaths(dir: string) {
  const file = (name: string): string => join(dir, "pki", name);
  return {
    ca: file("ca.pem"),
    etcdCa: file("etcd-ca.pem"),
    serviceAccountKey: file("service-account.key"),
    serviceAccountPublic: file("service-account.pub"),
    leaf: (name: string): string => file(`${name}.pem`),
  } as const;
}

/** Makes what is missing or about to expire in `dir`/pki; a cluster that lost its CA gets all of it anew. */
export async function ensurePki(dir: string, serviceIp: string, now: Date): Promise<PkiPaths> {
  const paths = pkiPaths(dir);
  mkdirSync(join(dir, "pki"), { recursive: true, mode: 0o700 });
  const authorities = { ca: await ensureAuthority(dir, "ca", now), "etcd-ca": await ensureAuthority(dir, "etcd-ca", now) };
  for (const leaf of leaves(serviceIp)) {
    if (!isFresh(paths.leaf(leaf.name), now)) await makeLeaf(paths.leaf(leaf.name), leaf, authorities[leaf.ca], now);
  }
  await ensureServiceAccountKeys(paths);
  return paths;
}

/** The bridge's own CA and server certificate; paths of PEM files, the leaf's with its key inside. Made once, and anew before it expires. */
export async function ensureBridgeCertificate(dir: string, hosts: readonly string[], now: Date): Promise<{ readonly ca: string; readonly leaf: string }> {
  mkdirSync(join(dir, "pki"), { recursive: true, mode: 0o700 });
  const paths = { ca: join(dir, "pki", "bridge-ca.pem"), leaf: join(dir, "pki", "bridge.pem") };
  const isNew = !existsSync(paths.ca);
  const authority = await ensureAuthority(dir, "bridge-ca", now);
  if (isNew || !isFresh(paths.leaf, now)) await makeLeaf(paths.leaf, { name: "bridge", subject: "CN=nomad-bridge", hosts }, authority, now);
  return paths;
}

function leaves(serviceIp: string): readonly Leaf[] {
  const loopback = ["localhost", "127.0.0.1"];
  const kubernetes = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
  const client = (name: string, subject: string): Leaf => ({ name, ca: "ca", subject, hosts: [] });
  return [
    { name: "etcd", ca: "etcd-ca", subject: "CN=etcd", hosts: loopback },
    { name: "etcd-client", ca: "etcd-ca", subject: "CN=kube-apiserver", hosts: [] },
    { name: "apiserver", ca: "ca", subject: "CN=kube-apiserver", hosts: [...loopback, ...kubernetes, serviceIp] },
    { name: "kubelet-server", ca: "ca", subject: "CN=localhost", hosts: loopback },
    client("admin", "O=system:masters,CN=nomad-bridge-admin"),
    client("apiserver-kubelet-client", "O=system:masters,CN=kube-apiserver-kubelet-client"),
    client("kube-controller-manager", "CN=system:kube-controller-manager"),
    client("kube-scheduler", "CN=system:kube-scheduler"),
    client("kubelet", "O=system:nodes,CN=system:node:localhost"),
  ];
}

async function ensureAuthority(dir: string, name: CaName, now: Date): Promise<Authority> {
  const path = join(dir, "pki", `${name}.pem`);
  const keyPath = join(dir, "pki", `${name}.key`);
  if (existsSync(path) && existsSync(keyPath)) {
    return { certificate: new x509.X509Certificate(readFileSync(path, "utf8")), key: await importKey(readFileSync(keyPath, "utf8")) };
  }
  for (const leaf of leaves("")) if (leaf.ca === name) rmSync(join(dir, "pki", `${leaf.name}.pem`), { force: true });
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=nomad-bridge local ${name}`,
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    ...validity(now, CA_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivate(keyPath, await privatePem(keys.privateKey));
  writePrivate(path, `${certificate.toString("pem")}\n`);
  return { certificate, key: keys.privateKey };
}

async function makeLeaf(path: string, leaf: Omit<Leaf, "ca">, authority: Authority, now: Date): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: leaf.subject,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: KEY_ALGORITHM,
    ...validity(now, LEAF_DAYS),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages(leaf)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate, false),
      ...(leaf.hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(leaf.hosts.map(alternativeName))] : []),
    ],
  });
  writePrivate(path, `${await privatePem(keys.privateKey)}${certificate.toString("pem")}\n`);
}

/** etcd dials itself with its server certificate, so a server leaf may also be a client. */
const usages = ({ hosts }: Omit<Leaf, "ca">): x509.ExtendedKeyUsage[] =>
  hosts.length > 0 ? [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth] : [x509.ExtendedKeyUsage.clientAuth];

const alternativeName = (host: string): x509.GeneralName => new x509.GeneralName(/^[\d.]+$/.test(host) ? "ip" : "dns", host);

/** From an hour ago, because clocks step back. */
const validity = (now: Date, days: number) => ({
  notBefore: new Date(now.getTime() - DAY_MS / 24),
  notAfter: new Date(now.getTime() + days * DAY_MS),
});

function isFresh(path: string, now: Date): boolean {
  if (!existsSync(path)) return false;
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(readFileSync(path, "utf8"))?.[0];
  return pem !== undefined && new x509.X509Certificate(pem).notAfter.getTime() > now.getTime() + RENEW_DAYS * DAY_MS;
}

async function ensureServiceAccountKeys(paths: PkiPaths): Promise<void> {
  if (existsSync(paths.serviceAccountKey) && existsSync(paths.serviceAccountPublic)) return;
  const keys = await newKeys();
  writePrivate(paths.serviceAccountKey, await privatePem(keys.privateKey));
  writePrivate(paths.serviceAccountPublic, `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("spki", keys.publicKey), "PUBLIC KEY")}\n`);
}

/** Node's type of a key knows more usages than the web's, which the certificate library is written against. */
const newKeys = async (): Promise<CryptoKeyPair> => (await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair;

const privatePem = async (key: CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;

const importKey = async (pem: string): Promise<CryptoKey> =>
  (await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), KEY_ALGORITHM, true, ["sign"])) as CryptoKey;

function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
