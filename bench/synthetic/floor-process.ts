/** @module The least that a reply can cost in Node: the same bytes from node:https, for whoever asks. Arguments: a PEM file, a file of the body, "gzip" where it is compressed. */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

const [leaf = "", file = "", encoding = ""] = process.argv.slice(2);
const pem = readFileSync(leaf, "utf8");
const body = readFileSync(file);
const headers = { "Content-Type": "application/json", "Content-Length": body.length, ...(encoding === "gzip" ? { "Content-Encoding": "gzip" } : {}) };

process.once("disconnect", () => process.exit(0));
const server = createServer({ cert: pem, key: pem, noDelay: true }, (_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
