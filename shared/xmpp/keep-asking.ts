import type { Clock } from "../clock.ts";
import type { XmppSession } from "./session.ts";
import { selfPing } from "./wire/say.ts";
import { readSelfPing, type SelfPingVerdict } from "./wire/self-ping.ts";

/** A room that was silent for so long is asked whether we are still in it, in milliseconds (XEP-0410). */
const SILENCE = 60_000;

/** What we said and did not hear back for so long makes us ask, too. */
const OVERDUE = 10_000;

/** How long a room may take to answer. */
const ANSWER_TIMEOUT = 15_000;

/** After so many questions in a row that nobody answers we join again: whoever is inside loses nothing by it. */
const MOST_UNDECIDED = 3;

/** From one sign of life of a room to the next: silence, up to one look around, and the answer. */
export const PROOF_EVERY = SILENCE + OVERDUE + ANSWER_TIMEOUT;

/** What is known of our being in the room. Times are monotonic milliseconds. */
export interface Standing {
  readonly nick: string;
  /** When the room last gave a sign. */
  readonly provedAt: number;
  /** Since when the room has kept to itself what we said; undefined when it keeps nothing. */
  readonly owesSince: number | undefined;
}

export interface KeepAskingOptions {
  readonly session: XmppSession;
  readonly room: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Undefined while we are not inside. */
  readonly standing: () => Standing | undefined;
  /** Called when the room is asked; what it returns is told the verdict. */
  readonly onAsk: () => (verdict: SelfPingVerdict) => void;
}

/**
 * Asks a room that is silent, or owes us something, whether we are still in it (XEP-0410), until the
 * signal aborts.
 */
export async function keepAsking(options: KeepAskingOptions): Promise<void> {
  const { session, room, clock, signal, standing, onAsk } = options;
  const since = clock.now();
  let undecided = 0;
  while (!signal.aborted) {
    await clock.sleep(OVERDUE, signal);
    const us = standing();
    if (us === undefined || !isInDoubt(us, since, clock.now())) continue;
    const tell = onAsk();
    const ping = selfPing({ room, nick: us.nick, id: "" });
    const verdict = readSelfPing(await session.request(ping, ANSWER_TIMEOUT));
    undecided = verdict === "undecided" ? undecided + 1 : 0;
    // XEP-0410 section 3.2: one question without an answer proves nothing.
    const isOut = undecided === MOST_UNDECIDED;
    if (isOut) undecided = 0;
    tell(isOut ? "outside" : verdict);
  }
}

function isInDoubt({ provedAt, owesSince }: Standing, since: number, now: number): boolean {
  const isSilent = now - Math.max(provedAt, since) >= SILENCE;
  return isSilent || (owesSince !== undefined && now - owesSince >= OVERDUE);
}
