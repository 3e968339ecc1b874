/** @module The exec sessions that are open: how many there may be, and which of them have lost their right. Used by the exec route and main. */
import { err, ok, type Result } from "../lib/result.ts";
import { STDIN_QUEUE_HIGH_BYTES } from "./exec-session.ts";
import { PERMISSION_DENIED } from "../nomad/texts.ts";

/** Why a session is ended from outside: the reason of its abort signal. */
export type SessionVerdict = { readonly kind: "revoked" | "shutdown"; readonly reason: string };

export type SessionSlot = { readonly revoked: AbortSignal; readonly close: () => void };

export type SessionRegistry = {
  /** The error says that the limit is reached. */
  readonly open: (accessorId: string, stillAllowed: () => boolean) => Result<SessionSlot, string>;
  /** Ends every session whose caller may no longer have it. To be called when tokens or policies change, and now and then for what expires. */
  readonly recheck: () => void;
  /** Ends every session. */
  readonly endAll: (reason: string) => void;
  /** How many bytes of stdin may wait for one session, so that all of them together stay bounded. */
  readonly stdinQueueBytes: () => number;
};

/** The API server exempts execs from its own limits, so this is the one that holds. */
export const SESSION_LIMITS = { all: 1000, perAccessor: 250 } as const;

/** For all sessions together, as long as each has its least. */
const STDIN_BUDGET_BYTES = 256 * 1024 * 1024;
const LEAST_QUEUE_BYTES = 1024 * 1024;

type Entry = { readonly accessorId: string; readonly stillAllowed: () => boolean };

/** @param what names what is counted, for whoever has too many */
export function createSessionRegistry(limits: { readonly all: number; readonly perAccessor: number } = SESSION_LIMITS, what = "exec sessions"): SessionRegistry {
  const sessions = new Map<AbortController, Entry>();
  return {
    open: (accessorId, stillAllowed) => {
      if (sessions.size >= limits.all) return err(`too many ${what}: ${sessions.size} are open; try again when some have ended`);
      const own = [...sessions.values()].filter((entry) => entry.accessorId === accessorId).length;
      if (own >= limits.perAccessor) return err(`too many ${what}: this token has ${own} open; try again when some have ended`);
      const controller = new AbortController();
      sessions.set(controller, { accessorId, stillAllowed });
      return ok({ revoked: controller.signal, close: () => sessions.delete(controller) });
    },
    recheck: () => {
      for (const [controller, entry] of sessions) {
        if (!entry.stillAllowed()) controller.abort({ kind: "revoked", reason: PERMISSION_DENIED } satisfies SessionVerdict);
      }
    },
    endAll: (reason) => {
      for (const controller of sessions.keys()) controller.abort({ kind: "shutdown", reason } satisfies SessionVerdict);
    },
    stdinQueueBytes: () => Math.min(STDIN_QUEUE_HIGH_BYTES, Math.max(LEAST_QUEUE_BYTES, STDIN_BUDGET_BYTES / Math.max(1, sessions.size))),
  };
}
