import { describe, expect, it } from "vitest";
import { ENDPOINTS, findEndpoint } from "../../../src/access/endpoints.ts";
import { isSameRoute, NOMAD_ROUTES, refusalOf } from "../../../src/access/nomad-routes.ts";

const nameOf = ({ method, pattern }: { readonly method: string; readonly pattern: string }) => `${method} ${pattern}`;

describe("NOMAD_ROUTES", () => {
  it("has every endpoint that is served", () => {
    expect(ENDPOINTS.filter((endpoint) => !NOMAD_ROUTES.some((route) => isSameRoute(route, endpoint))).map(nameOf)).toEqual([]);
  });

  it("refuses none that is served", () => {
    const refused = NOMAD_ROUTES.filter((route) => route.refused !== undefined);
    expect(refused.filter((route) => ENDPOINTS.some((endpoint) => isSameRoute(endpoint, route))).map(nameOf)).toEqual([]);
  });

  it("says each route once", () => {
    expect(NOMAD_ROUTES.filter((route, at) => NOMAD_ROUTES.findIndex((other) => isSameRoute(other, route)) !== at).map(nameOf)).toEqual([]);
  });
});

describe("refusalOf", () => {
  it.each([
    { method: "PUT", path: "/v1/var/nomad/jobs/web" },
    { method: "GET", path: "/v1/quota/a/b" },
    { method: "POST", path: "/v1/operator/snapshot" },
    { method: "HEAD", path: "/.well-known/jwks.json" },
    { method: "PUT", path: "/v1/volume/csi/vol-1/detach" },
  ])("gives a reason for $method $path", ({ method, path }) => {
    expect(refusalOf(method, path)).toMatch(/^\w.{20,}/);
  });

  it.each([
    { method: "GET", path: "/v1/jobs" },
    { method: "GET", path: "/v1/nothing" },
    { method: "GET", path: "/xwell-known/jwks.json" },
    { method: "DELETE", path: "/v1/vars" },
  ])("gives none for $method $path", ({ method, path }) => {
    expect(refusalOf(method, path)).toBeUndefined();
  });

  it("has no reason for a path that an endpoint takes", () => {
    const both = NOMAD_ROUTES.filter(({ refused }) => refused !== undefined).map(({ method, pattern }) => ({ method, path: pattern.replaceAll(/:\w+\*?/g, "x") }));
    // A job may be called "x/actions": what reads it is asked first, and does not know it.
    expect(both.filter(({ method, path }) => findEndpoint(method, path).kind === "found").map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
});
