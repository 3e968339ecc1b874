/** @module The exec sessions that are open: how many there may be, and which of them have lost their right. Used by the exec route and main. */
import { err, ok, type Result } from "../lib/result.ts";
import { PERMISSION_DENIED } from "../nomad/texts.ts";

/** Why a session is ended from outside: the reason of its abort signal. */
export type SessionVerdict = { readonly kind: "revoked" | "shutdown"; readonly reason: string };

export type SessionSlot = { readonly revoked: AbortSignal; readonly close: () => void };

export type SessionRegistry = {
  /** The error says that the limit is reached. */
  readonly open: (stillAllowed: () => boolean) => Result<SessionSlot, string>;
  /** Ends every session whose caller may no longer have it. To be called when tokens or policies change, and now and then for what expires. */
  readonly recheck: () => void;
  /** Ends every session. */
  readonly endAll: (reason: string) => void;
  readonly count: () => number;
};

/** The API server exempts execs from its own limits, so this is the one that holds. */
export const MAX_SESSIONS = 1000;

export function createSessionRegistry(maxSessions = MAX_SESSIONS): SessionRegistry {
  const sessions = new Map<AbortController, () => boolean>();
  return {
    open: (stillAllowed) => {
      if (sessions.size >= maxSessions) return err(`too many exec sessions: ${sessions.size} are open; try again when some have ended`);
      const controller = new AbortController();
      sessions.set(controller, stillAllowed);
      return ok({ revoked: controller.signal, close: () => sessions.delete(controller) });
    },
    recheck: () => {
      for (const [controller, stillAllowed] of sessions) {
        if (!stillAllowed()) controller.abort({ kind: "revoked", reason: PERMISSION_DENIED } satisfies SessionVerdict);
      }
    },
    endAll: (reason) => {
      for (const controller of sessions.keys()) controller.abort({ kind: "shutdown", reason } satisfies SessionVerdict);
    },
    count: () => sessions.size,
  };
}
