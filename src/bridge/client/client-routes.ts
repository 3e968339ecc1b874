/** @module Which handler answers which path below /v1/client. Used by http-app.ts. */
import type { Reply } from "../reply.ts";
import { readChecks, readStats, restartTasks, signalTasks } from "./allocation-handlers.ts";
import type { ClientContext } from "./client-deps.ts";
import { catFile, listFiles, readFileAt, statFile, streamFile } from "./file-handlers.ts";
import { streamLogs } from "./logs-handler.ts";

export type ClientHandler = (context: ClientContext) => Promise<Reply>;

export const CLIENT_ROUTES: Readonly<Record<string, ClientHandler>> = {
  "GET /v1/client/fs/ls/:allocId": listFiles,
  "GET /v1/client/fs/stat/:allocId": statFile,
  "GET /v1/client/fs/cat/:allocId": catFile,
  "GET /v1/client/fs/readat/:allocId": readFileAt,
  "GET /v1/client/fs/stream/:allocId": streamFile,
  "GET /v1/client/fs/logs/:allocId": streamLogs,
  "GET /v1/client/allocation/:allocId/stats": readStats,
  "GET /v1/client/allocation/:allocId/checks": readChecks,
  "PUT /v1/client/allocation/:allocId/restart": restartTasks,
  "PUT /v1/client/allocation/:allocId/signal": signalTasks,
};
