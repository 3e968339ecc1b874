/** @module A client that stops asking a server that has gone away: 2,000 jobs would each wait for a minute. Used by assess and import. */
import { err, type Result } from "../../lib/result.ts";
import type { WritingClient } from "../client.ts";

/** As many calls may be under way together when a server goes; more in a row mean that it stays away. */
const MOST_FAILURES = 16;

export function patientClient(client: WritingClient): WritingClient {
  let failures = 0;
  const watched = async (call: () => Promise<Result<unknown, string>>): Promise<Result<unknown, string>> => {
    if (failures >= MOST_FAILURES) return err(`not asked: the server has not answered ${MOST_FAILURES} times in a row`);
    const answer = await call();
    failures = answer.ok || isAnswer(answer.error) ? 0 : failures + 1;
    return answer;
  };
  return {
    getJson: (path, query) => watched(() => client.getJson(path, query)),
    putJson: (path, query, body) => watched(() => client.putJson(path, query, body)),
    openSocket: client.openSocket,
  };
}

/** Whether the error is a word of the server's own. */
export const isAnswer = (error: string): boolean => error.startsWith("Unexpected response code: ");
