/** @module Which handler answers which path below /v1/client. Used by http-app.ts. */
import { permissionDenied, httpStatusOf } from "../../access/access-error.ts";
import { type Reply, text } from "../reply.ts";
import type { Handler, Routes } from "../request-context.ts";
import { collectGarbage, readChecks, readStats, restartTasks, signalTasks } from "./allocation-handlers.ts";
import type { ClientContext } from "./client-deps.ts";
import { catFile, listFiles, readFileAt, statFile, streamFile } from "./file-handlers.ts";
import { streamLogs } from "./logs-handler.ts";

type ClientHandler = (context: ClientContext) => Promise<Reply>;

/** Rights are looked at per allocation, so there must be someone to have them. */
function withIdentity(handler: ClientHandler): Handler {
  return async (context) => {
    const { identity, params } = context;
    if (identity === undefined) return text(httpStatusOf(permissionDenied()), permissionDenied().message);
    return await handler({ ...context, identity, allocId: (params["allocId"] ?? "").toLowerCase() });
  };
}

export const CLIENT_ROUTES: Routes = {
  "GET /v1/client/fs/ls/:allocId": withIdentity(listFiles),
  "GET /v1/client/fs/stat/:allocId": withIdentity(statFile),
  "GET /v1/client/fs/cat/:allocId": withIdentity(catFile),
  "GET /v1/client/fs/readat/:allocId": withIdentity(readFileAt),
  "GET /v1/client/fs/stream/:allocId": withIdentity(streamFile),
  "GET /v1/client/fs/logs/:allocId": withIdentity(streamLogs),
  "GET /v1/client/allocation/:allocId/stats": withIdentity(readStats),
  "GET /v1/client/allocation/:allocId/checks": withIdentity(readChecks),
  "PUT /v1/client/allocation/:allocId/restart": withIdentity(restartTasks),
  "PUT /v1/client/allocation/:allocId/signal": withIdentity(signalTasks),
  "GET /v1/client/allocation/:allocId/gc": withIdentity(collectGarbage),
  "PUT /v1/client/allocation/:allocId/gc": withIdentity(collectGarbage),
};
