/** @module Volumes and plugins: there are none of Nomad's own here, which lists say and commands get told. Used by http-app.ts. */
import { json, type Reply, text } from "../reply.ts";
import type { Routes } from "../request-context.ts";

const none = (): Reply => json([]);
const noVolume = (): Reply => text(404, "volume not found");
const noPlugin = (): Reply => text(404, "plugin not found");

export const VOLUME_ROUTES: Routes = {
  "GET /v1/volumes": none,
  "GET /v1/plugins": none,
  "GET /v1/plugin/csi/:plugin": noPlugin,
  "GET /v1/volume/csi/:volumeId": noVolume,
};
