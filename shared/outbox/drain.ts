import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Entry, Outbox } from "./outbox.ts";

/**
 * What became of one attempt to say an entry.
 * - `delivered`: the far side confirmed it.
 * - `uncertain`: the connection ended before anybody could tell.
 * - `unsent`: the connection ended before it was written.
 * - `later`: the far side asked to wait.
 * - `refused`: the far side will not have it, now or ever.
 */
export type Fate = "delivered" | "uncertain" | "unsent" | "later" | { readonly refused: string };

/** A time during which things can be said in a place. */
export interface Stay {
  /** Aborts when nothing can be said any more. */
  readonly over: AbortSignal;
}

/** Where entries are said: a room, a channel. */
export interface Place<T> {
  /** Resolves when things can be said; with undefined when the signal aborted before. */
  stay(signal: AbortSignal): Promise<Stay | undefined>;
  /**
   * Says an entry and resolves with its fate; is never pending for longer than the stay. Entries are
   * said in the order of the calls. One that makes it throw or reject is refused as a `bug`.
   */
  say(entry: Entry<T>): Promise<Fate>;
}

export interface DrainOptions<T> {
  readonly outbox: Outbox<T>;
  readonly place: Place<T>;
  /** How many entries may be on their way unconfirmed. */
  readonly window: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of each entry that is settled. */
  readonly onSettled?: (entry: Entry<T>, fate: "delivered" | { readonly refused: string }) => void;
}

/** How long the far side gets when it asks to wait, in milliseconds; doubles while it goes on asking. */
const SHORTEST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** An entry that was the oldest on its way when so many stays ended is taken for what ended them. */
const MOST_STAYS_ENDED = 3;

/**
 * Says every entry of the outbox in order and settles it when it is confirmed, until the signal
 * aborts. What is uncertain at the end of a stay is said again in the next one, before all that came
 * after it; the place knows by the entry's id what it has heard already.
 *
 * After the far side has asked to wait, entries are said one by one until one is delivered: of many at
 * once some may be let in before those that were not. What was on its way with the one that has to wait
 * may overtake it.
 *
 * An entry with which three stays in a row ended is refused as `poison`: a text for which a server
 * closes the stream must not keep all that comes after it from being said.
 */
export async function drain<T>(options: DrainOptions<T>): Promise<void> {
  const { place, clock, signal } = options;
  let pauses = 0;
  let suspect: { readonly seq: number; readonly stays: number } | undefined;
  while (!signal.aborted) {
    const stay = await place.stay(signal);
    if (stay === undefined) return;
    const wanted = AbortSignal.any([stay.over, signal]);
    const { hasDelivered, mustWait, oldest } = await drainStay(options, wanted, pauses > 0);
    if (hasDelivered) pauses = 0;
    if (oldest !== undefined && !signal.aborted) {
      const stays = oldest.seq === suspect?.seq ? suspect.stays + 1 : 1;
      suspect = { seq: oldest.seq, stays };
      if (stays === MOST_STAYS_ENDED) letGo(options, oldest, { refused: "poison" });
    }
    if (mustWait) {
      const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** pauses);
      pauses += 1;
      await clock.sleep(pause, wanted);
    }
  }
}

/** What one stay brought. */
interface StayOutcome<T> {
  /** Something was delivered, and before the far side asked to wait. */
  readonly hasDelivered: boolean;
  readonly mustWait: boolean;
  /** The oldest of the entries that were on their way when the stay ended. */
  readonly oldest: Entry<T> | undefined;
}

/** Ends when the stay is over, or as soon as nothing is on its way after the far side asked to wait. */
function drainStay<T>(
  options: DrainOptions<T>,
  over: AbortSignal,
  isCautious: boolean,
): Promise<StayOutcome<T>> {
  const { outbox, place, log } = options;
  return new Promise((resolve) => {
    let window = isCautious ? 1 : options.window;
    let lastSaid = 0;
    let underway = 0;
    let mustWait = false;
    let hasDelivered = false;
    let oldest: Entry<T> | undefined;

    const finish = () => {
      if (underway > 0) return;
      outbox.onChange(() => 0);
      over.removeEventListener("abort", finish);
      resolve({ hasDelivered, mustWait, oldest });
    };
    const settle = (entry: Entry<T>, fate: Fate) => {
      underway -= 1;
      if (fate === "later") mustWait = true;
      else if (fate === "delivered" || typeof fate === "object") letGo(options, entry, fate);
      // What was never written cannot have ended anything.
      else if (fate === "uncertain" && (oldest === undefined || entry.seq < oldest.seq))
        oldest = entry;
      if (fate === "delivered" && !mustWait) {
        hasDelivered = true;
        window = options.window;
      }
      if (over.aborted || mustWait) finish();
      else pump();
    };
    const giveUp = (entry: Entry<T>, error: unknown) => {
      log.error("message cannot be said", { id: entry.id, error });
      settle(entry, { refused: "bug" });
    };
    const pump = (): number => {
      // All that is not settled is on its way.
      if (outbox.pending <= underway) return lastSaid;
      if (over.aborted || mustWait || underway >= window) return lastSaid;
      for (const entry of outbox.readyAfter(lastSaid)) {
        lastSaid = entry.seq;
        underway += 1;
        void say(place, entry).then(
          (fate) => settle(entry, fate),
          (error: unknown) => giveUp(entry, error),
        );
        if (underway >= window) break;
      }
      return lastSaid;
    };

    over.addEventListener("abort", finish);
    outbox.onChange(pump);
    if (over.aborted) finish();
    else pump();
  });
}

/** What the place throws, it rejects with: entries are settled one after another, never one in another. */
function say<T>(place: Place<T>, entry: Entry<T>): Promise<Fate> {
  try {
    return place.say(entry);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Nothing more will become of it. */
function letGo<T>(
  { outbox, log, onSettled }: DrainOptions<T>,
  entry: Entry<T>,
  fate: "delivered" | { readonly refused: string },
): void {
  outbox.settle(entry);
  if (fate !== "delivered") log.warn("message refused", { id: entry.id, why: fate.refused });
  onSettled?.(entry, fate);
}
