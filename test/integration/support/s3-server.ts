/** @module What speaks S3 well enough to give objects to those whose signature is right, for the tests of artifacts. */
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Answerer } from "./file-server.ts";

export type S3Keys = { readonly id: string; readonly secret: string; readonly region: string };

/** Objects by their path, bucket included. A signature that is wrong or missing is a 403, as on Amazon. */
export function s3Bucket(keys: S3Keys, objects: Readonly<Record<string, string>>): Answerer {
  return (request, response) => {
    if (!isSigned(request, keys)) return void response.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
    const object = objects[new URL(request.url ?? "/", "http://x").pathname];
    if (object === undefined) return void response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    response.writeHead(200).end(object);
  };
}

/** Signature version 4, computed anew from what came. */
function isSigned(request: IncomingMessage, { id, secret, region }: S3Keys): boolean {
  const given = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? "");
  if (given === null) return false;
  const [, givenId = "", day = "", givenRegion = "", names = "", signature = ""] = given;
  const url = new URL(request.url ?? "/", "http://x");
  const headers = names.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim()}\n`).join("");
  const query = [...url.searchParams].map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).sort().join("&");
  const canonical = [request.method, url.pathname, query, headers, names, request.headers["x-amz-content-sha256"]].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>((before, part) => hmac(before, part), Buffer.from(`AWS4${secret}`));
  return givenId === id && givenRegion === region && hmac(key, toSign).toString("hex") === signature;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
