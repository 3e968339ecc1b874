/** @module The least that a reply can cost in Node: the same bytes from node:https, for whoever asks; of /held, when the parent says so. Arguments: a PEM file, a file of the body, "gzip" where it is compressed. */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

const [leaf = "", file = "", encoding = ""] = process.argv.slice(2);
const pem = readFileSync(leaf, "utf8");
const body = readFileSync(file);
const headers = { "Content-Type": "application/json", "Content-Length": body.length, ...(encoding === "gzip" ? { "Content-Encoding": "gzip" } : {}) };

process.once("disconnect", () => process.exit(0));
const held: ServerResponse[] = [];
process.on("message", () => {
  for (const response of held.splice(0)) answer(response);
});

function answer(response: ServerResponse): void {
  response.writeHead(200, headers);
  response.end(body);
}

const server = createServer({ cert: pem, key: pem, noDelay: true }, ({ url }, response) => {
  if (url === "/held") held.push(response);
  else answer(response);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
