/** @module Volumes, plugins and variables: there are none of Nomad's own here, which lists say and commands get told. Used by http-app.ts. */
import { empty, json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";

const none = (): Reply => json([]);
const KINDS_OF_VOLUMES: readonly (string | null)[] = [null, "", "csi", "host"];
const volumes = ({ search }: RequestContext): Reply => (KINDS_OF_VOLUMES.includes(search.get("type")) ? none() : text(404, "resource not found"));
/** Another kind of plugin has no list at all, not even an empty one. */
const plugins = ({ search }: RequestContext): Reply => ([null, "", "csi"].includes(search.get("type")) ? none() : empty);
const noVariable = (): Reply => text(404, "variable not found");
const noVolume = (): Reply => text(404, "volume not found");
const noPlugin = (): Reply => text(404, "plugin not found");

export const VOLUME_ROUTES: Routes = {
  "GET /v1/volumes": volumes,
  "GET /v1/plugins": plugins,
  "GET /v1/vars": none,
  "GET /v1/var/:path*": noVariable,
  "GET /v1/plugin/csi/:plugin": noPlugin,
  "GET /v1/volume/csi/:volumeId": noVolume,
};
